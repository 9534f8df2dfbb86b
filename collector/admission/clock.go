package admission

import (
	"fmt"
	"time"
)

const (
	day = 24 * time.Hour
	// defaultMaxAge is how far back a touchpoint may lie where its site does not say.
	defaultMaxAge = 30 * day
	// importAhead is how far an imported touchpoint may lie in the future: a clock or a time zone that is a little wrong.
	importAhead = day
)

// importFrom is the earliest moment of an imported touchpoint; before it, dates are defaults of broken exports.
var importFrom = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// times settles the four times of the touchpoint.
func (d *draft) times(req *Request) bool {
	var sent, given bool
	if d.t.ClientTimestamp, given = d.moment("timestamp", d.timestamp); d.problem != nil {
		return false
	}
	if d.t.SentAt, sent = d.moment("sent_at", d.sentAt); d.problem != nil {
		return false
	}
	if !sent && !req.SentAt.IsZero() {
		d.t.SentAt, sent = req.SentAt.UnixMilli(), true
	}
	if req.Import {
		return d.history(req, given)
	}
	received := req.ReceivedAt.UnixMilli()
	d.t.ReceivedAt = req.ReceivedAt.UnixMicro()
	d.t.OccurredAt = received
	if given && sent {
		d.t.OccurredAt = received - (d.t.SentAt - d.t.ClientTimestamp)
	} else if given {
		d.t.OccurredAt = d.t.ClientTimestamp
	}
	maxAge := req.Site.MaxAge
	if maxAge <= 0 {
		maxAge = defaultMaxAge
	}
	d.t.OccurredAt = min(max(d.t.OccurredAt, received-maxAge.Milliseconds()), received)
	return true
}

// history settles the times of an imported touchpoint: it was received when it occurred.
func (d *draft) history(req *Request, given bool) bool {
	if !given {
		return d.refuse(ReasonMissing, "timestamp", "an imported event needs the time it occurred: send timestamp as RFC 3339")
	}
	at := d.t.ClientTimestamp
	if latest := req.ReceivedAt.Add(importAhead).UnixMilli(); at < importFrom || at > latest {
		return d.refuse(ReasonInvalidValue, "timestamp", fmt.Sprintf("%s does not lie between 1990 and tomorrow: check the column and its time zone",
			time.UnixMilli(at).UTC().Format(time.RFC3339)))
	}
	d.t.OccurredAt, d.t.ReceivedAt = at, at*1000
	return true
}

// moment reads an RFC 3339 time into Unix milliseconds; given is false when the text is empty.
func (d *draft) moment(field, text string) (ms int64, given bool) {
	if text == "" {
		return 0, false
	}
	var t time.Time
	if err := t.UnmarshalText([]byte(text)); err != nil {
		return 0, d.refuse(ReasonInvalidValue, field, "not an RFC 3339 time: send it like 2026-03-01T12:00:00.000Z, with its zone")
	}
	return t.UnixMilli(), true
}
