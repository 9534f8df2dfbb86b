package admission

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/throughline/throughline/schemas/stages"
)

// Events of pages and screens that name none.
const (
	PageViewed   = "Page Viewed"
	ScreenViewed = "Screen Viewed"
)

// settle checks what was read, field by field, and fills in what follows from it.
func (d *draft) settle(req *Request) bool {
	d.t.Site = req.Site.ID
	d.t.Source = SourceHTTP
	if req.Import {
		d.t.Source = SourceImport
	}
	if d.passive = d.passive || (req.Import && !d.passiveGiven); d.passive {
		d.t.Passive = true
	}
	return d.kind() && d.name() && d.person() && d.step() && d.times(req) &&
		d.money(req.Site.Currency) && d.answers() && d.channel() && d.named()
}

func (d *draft) kind() bool {
	switch d.t.Type {
	case "":
		d.t.Type = "track"
	case "track", "page", "screen", "identify", "alias", "group":
	default:
		return d.refuse(ReasonInvalidValue, "type", "no such type: use track, page, screen, identify, alias or group")
	}
	return true
}

func (d *draft) name() bool {
	if strings.TrimSpace(d.t.Event) != "" {
		return d.label("event", d.t.Event)
	}
	switch d.t.Type {
	case "track":
		return d.refuse(ReasonMissing, "event", "a track event needs a name: send event, such as \"Product Viewed\"")
	case "page":
		d.t.Event = PageViewed
	case "screen":
		d.t.Event = ScreenViewed
	default:
		d.t.Event = ""
	}
	return true
}

// label checks a name that becomes a column with few values.
func (d *draft) label(field, text string) bool {
	if len(text) > MaxName {
		return d.refuse(ReasonTooLong, field, fmt.Sprintf("%d bytes, at most %d: put what varies into properties", len(text), MaxName))
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] == 0x7f {
			return d.refuse(ReasonInvalidValue, field, "holds control characters: remove line breaks, tabs and zero bytes")
		}
	}
	return true
}

func (d *draft) step() bool {
	if d.stage == "" {
		return true
	}
	stage, err := stages.ParseStage(d.stage)
	if err != nil {
		return d.refuse(ReasonInvalidValue, "stage", "no such stage: use awareness, consideration, intent, purchase or loyalty")
	}
	d.t.Stage = uint32(stage)
	return true
}

func (d *draft) channel() bool {
	if !d.label("channel", d.t.Channel) {
		return false
	}
	d.t.Channel = strings.ToLower(d.t.Channel)
	return true
}

// named checks the message id, and gives one to an event without.
func (d *draft) named() bool {
	if d.t.MessageId != "" {
		return d.id("message_id", d.t.MessageId)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return d.refuse(ReasonMissing, "message_id", "no id could be made here: send one")
	}
	d.t.MessageId = id.String()
	return true
}
