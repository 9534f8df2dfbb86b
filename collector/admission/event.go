package admission

import (
	"fmt"
	"strings"

	"github.com/throughline/throughline/collector/admission/scan"
)

// fields are the top-level fields of an event.
var fields = []string{
	"message_id", "type", "event", "user_id", "anonymous_id", "timestamp", "sent_at", "stage", "passive", "channel",
	"properties", "context",
}

// read scans the whole event once.
func (d *draft) read(raw []byte) bool {
	if len(raw) > MaxBytes {
		return d.refuse(ReasonTooLarge, "", fmt.Sprintf("%d bytes, at most %d: send fewer or shorter properties", len(raw), MaxBytes))
	}
	d.scan.Reset(raw, MaxDepth, MaxKeys)
	if kind := d.scan.Peek(); kind != scan.Object && kind != scan.Invalid {
		return d.refuse(ReasonNotJSON, "", fmt.Sprintf("it is %s: send each event as one JSON object", kind))
	}
	m := members{}
	for m.next(d) {
		if !d.field(m.key) {
			return false
		}
	}
	return d.problem == nil && (d.scan.End() || d.fault())
}

func (d *draft) field(key string) bool {
	switch key {
	case "message_id":
		return d.text(key, &d.t.MessageId)
	case "type":
		return d.text(key, &d.t.Type)
	case "event":
		return d.text(key, &d.t.Event)
	case "user_id":
		return d.text(key, &d.t.UserId)
	case "anonymous_id":
		return d.text(key, &d.t.AnonymousId)
	case "timestamp":
		return d.text(key, &d.timestamp)
	case "sent_at":
		return d.text(key, &d.sentAt)
	case "stage":
		return d.text(key, &d.stage)
	case "passive":
		return d.flag(key, &d.passive, &d.passiveGiven)
	case "channel":
		return d.text(key, &d.t.Channel)
	case "properties":
		return d.properties()
	case "context":
		return d.context()
	}
	return d.refuse(ReasonUnknownField, printable(key), "no such field"+suggestion(key))
}

// suggestion says where an unknown top-level field belongs.
func suggestion(key string) string {
	plain := strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(key))
	for _, field := range fields {
		if strings.ReplaceAll(field, "_", "") == plain {
			return ": write " + field
		}
	}
	return ": put it into properties or context, or use one of " + strings.Join(fields, ", ")
}

// findMessageID looks for nothing but the message id in an event that was refused.
func (d *draft) findMessageID(raw []byte) {
	d.scan.Reset(raw, MaxDepth, MaxKeys)
	m := members{}
	for m.next(d) {
		if m.key == "message_id" {
			d.text(m.key, &d.t.MessageId)
			return
		}
		if !d.skip() {
			return
		}
	}
}

// object prepares for an optional object: open is true when one is there, ok false when something else is.
func (d *draft) object(field string) (open, ok bool) {
	switch kind := d.scan.Peek(); kind {
	case scan.Object:
		return true, true
	case scan.Null:
		return false, d.skip()
	default:
		return false, d.wrongType(field, "an object", kind)
	}
}
