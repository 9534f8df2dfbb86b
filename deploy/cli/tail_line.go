package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/throughline/throughline/deploy/terminal"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Verdicts as printed.
const (
	verdictAccepted = "accepted"
	verdictRejected = "rejected"
)

// ruleSent stands where the client named the stage itself.
const ruleSent = "sent"

// seen is what 'tail' shows of one record; its JSON form is one line of --json.
type seen struct {
	Verdict     string          `json:"verdict"`
	ReceivedAt  time.Time       `json:"received_at"`
	OccurredAt  *time.Time      `json:"occurred_at,omitempty"`
	Site        string          `json:"site"`
	MessageID   string          `json:"message_id,omitempty"`
	Type        string          `json:"type,omitempty"`
	Event       string          `json:"event,omitempty"`
	UserID      string          `json:"user_id,omitempty"`
	AnonymousID string          `json:"anonymous_id,omitempty"`
	Stage       string          `json:"stage,omitempty"`
	Rule        string          `json:"rule,omitempty"`
	Channel     string          `json:"channel,omitempty"`
	Campaign    string          `json:"campaign,omitempty"`
	URL         string          `json:"url,omitempty"`
	Bot         bool            `json:"bot,omitempty"`
	Properties  json.RawMessage `json:"properties,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	Field       string          `json:"field,omitempty"`
	Detail      string          `json:"detail,omitempty"`
	Raw         string          `json:"raw,omitempty"`
	Topic       string          `json:"topic"`
	Partition   int             `json:"partition"`
	Offset      int64           `json:"offset"`
}

// tailRules are the stage rules of each site; "" is for a site that is not configured here.
type tailRules map[string]*stages.Rules

func (c *Common) tailRules() (tailRules, error) {
	all, err := c.sites()
	if err != nil {
		return nil, err
	}
	rules := tailRules{"": stages.Builtin()}
	for site := range all.All() {
		if rules[site.ID], err = loadRules(site.Rules); err != nil {
			return nil, fmt.Errorf("site %s: %w", site.ID, err)
		}
	}
	return rules, nil
}

// read decodes an entry; one that cannot be decoded is shown as rejected, as the processor will. Records that are no event
// but say something about ids give nil.
func (r tailRules) read(e entry) *seen {
	s := &seen{Topic: e.topic, Partition: e.partition, Offset: e.record.Offset, ReceivedAt: e.record.Time}
	var record touchpoint.Record
	err := record.UnmarshalVT(e.record.Value)
	switch kind := record.GetKind().(type) {
	case *touchpoint.Record_Touchpoint:
		s.accepted(kind.Touchpoint, r)
	case *touchpoint.Record_Rejection:
		s.rejected(kind.Rejection)
	case *touchpoint.Record_Link, *touchpoint.Record_Contribution, *touchpoint.Record_Unlink:
		return nil
	default:
		s.Verdict, s.Reason, s.Detail = verdictRejected, "undecodable", "the record is not one of "+topics.Touchpoints
		if err != nil {
			s.Detail += ": " + err.Error()
		}
	}
	return s
}

func (s *seen) accepted(t *touchpoint.Touchpoint, rules tailRules) {
	occurred := time.UnixMilli(t.OccurredAt).UTC()
	s.Verdict, s.ReceivedAt, s.OccurredAt = verdictAccepted, time.UnixMicro(t.ReceivedAt).UTC(), &occurred
	s.Site, s.MessageID, s.Type, s.Event, s.UserID, s.AnonymousID = t.Site, t.MessageId, t.Type, t.Event, t.UserId, t.AnonymousId
	s.Channel, s.Campaign, s.URL, s.Bot = t.Channel, t.Campaign, t.Url, t.Bot
	if json.Valid(t.Properties) {
		s.Properties = t.Properties
	}
	stage, rule := stages.Stage(t.Stage), ruleSent
	if stage == stages.None {
		of := rules[t.Site]
		if of == nil {
			of = rules[""]
		}
		stage, rule = of.Match(stages.Input{Event: t.Event, Type: t.Type, Channel: t.Channel, Path: t.Path, Properties: t.Properties})
	}
	if s.Rule = rule; rule != "" {
		s.Stage = stage.String()
	}
}

func (s *seen) rejected(r *touchpoint.Rejection) {
	s.Verdict, s.ReceivedAt = verdictRejected, time.UnixMicro(r.ReceivedAt).UTC()
	s.Site, s.MessageID, s.Reason, s.Field, s.Detail, s.Raw = r.Site, r.MessageId, r.Reason, r.Field, r.Detail, string(r.Raw)
	var told map[string]any
	_ = json.Unmarshal(r.Raw, &told) // it was refused: whatever can be read helps
	s.Type, s.Event, s.UserID, s.AnonymousID = text(told["type"]), text(told["event"]), text(told["user_id"]), text(told["anonymous_id"])
}

// text is v where it is a text.
func text(v any) string {
	s, _ := v.(string)
	return s
}

func (s *seen) line(asJSON bool, style terminal.Style) (string, error) {
	if asJSON {
		return s.json()
	}
	customer := s.UserID
	if customer == "" {
		customer = s.AnonymousID
	}
	return terminal.Tail(terminal.Touch{
		At: s.ReceivedAt.Local(), Site: s.Site, Verdict: s.Verdict, Stage: s.Stage, Rule: s.Rule, Event: s.Event, Customer: customer,
		Channel: s.Channel, Reason: s.Reason, Field: s.Field,
	}, style), nil
}

// json writes one line in which no character steers a terminal: encoding/json escapes only those below U+0020.
func (s *seen) json() (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return "", fmt.Errorf("%s/%d at %d: %w", s.Topic, s.Partition, s.Offset, err)
	}
	return escapeControls(strings.TrimSuffix(out.String(), "\n")), nil
}

// escapeControls writes control and format characters of a JSON text, which can only be inside its strings, as \uXXXX.
func escapeControls(line string) string {
	bad := func(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }
	if strings.IndexFunc(line, bad) < 0 {
		return line
	}
	var out strings.Builder
	for _, r := range line {
		switch high, low := utf16.EncodeRune(r); {
		case !bad(r):
			out.WriteRune(r)
		case high != unicode.ReplacementChar:
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
