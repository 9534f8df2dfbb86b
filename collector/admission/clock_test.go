package admission

import (
	"fmt"
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	at := func(d time.Duration) string {
		return received.Add(d).In(time.FixedZone("", 5400)).Format(`"2006-01-02T15:04:05.000Z07:00"`)
	}
	const none = "null"
	for _, c := range []struct {
		name            string
		timestamp, sent string
		batch           time.Duration // sent_at of the batch, before receipt; 0 absent
		want            time.Duration
	}{
		{"nothing", none, none, 0, 0},
		{"timestamp only", at(-time.Hour), none, 0, -time.Hour},
		{"sent only", none, at(-time.Hour), 0, 0},
		{"clock right, sent at once", at(0), at(0), 0, 0},
		{"clock right, sent late", at(-time.Hour), at(0), 0, -time.Hour},
		{"clock a day fast", at(24 * time.Hour), at(24*time.Hour + time.Minute), 0, -time.Minute},
		{"clock a year slow", at(-8760*time.Hour - time.Minute), at(-8760 * time.Hour), 0, -time.Minute},
		{"timestamp in the future", at(time.Hour), none, 0, 0},
		{"timestamp behind sent", at(time.Hour), at(0), 0, 0},
		{"too old", at(-1000 * time.Hour), none, 0, -720 * time.Hour},
		{"too old by difference", at(-1000 * time.Hour), at(0), 0, -720 * time.Hour},
		{"exactly the limit", at(-720 * time.Hour), none, 0, -720 * time.Hour},
		{"the first year", `"0001-01-01T00:00:00Z"`, none, 0, -720 * time.Hour},
		{"the last year", `"9999-12-31T23:59:59Z"`, `"0001-01-01T00:00:00Z"`, 0, 0},
		{"the batch was sent", at(24 * time.Hour), none, -24*time.Hour - time.Minute, -time.Minute},
		{"the event's own goes first", at(24 * time.Hour), at(24*time.Hour + 2*time.Minute), -24*time.Hour - time.Minute, -2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := request()
			if c.batch != 0 {
				req.SentAt = received.Add(-c.batch)
			}
			got := accepted(t, req, fmt.Sprintf(`{"event":"E","user_id":"u","timestamp":%s,"sent_at":%s}`, c.timestamp, c.sent))
			if d := time.Duration(got.OccurredAt-received.UnixMilli()) * time.Millisecond; d != c.want {
				t.Errorf("occurred %v from receipt, want %v", d, c.want)
			}
			if got.ReceivedAt != received.UnixMicro() {
				t.Errorf("received at %d", got.ReceivedAt)
			}
		})
	}
}

func TestSiteMaxAge(t *testing.T) {
	req := request()
	site := *req.Site
	site.MaxAge, req.Site = time.Hour, &site
	for want, age := range map[time.Duration]time.Duration{time.Hour: time.Hour, 720 * time.Hour: 0} {
		site.MaxAge = age
		got := accepted(t, req, `{"event":"E","user_id":"u","timestamp":"2001-01-01T00:00:00Z"}`)
		if d := time.Duration(received.UnixMilli()-got.OccurredAt) * time.Millisecond; d != want {
			t.Errorf("maximum age %v: clamped to %v", age, d)
		}
	}
}

func TestImportedTimes(t *testing.T) {
	req := request()
	req.Import = true
	for timestamp, want := range map[string]Reason{
		`null`:                   ReasonMissing,
		`""`:                     ReasonMissing,
		`"1989-12-31T23:59:59Z"`: ReasonInvalidValue,
		`"1990-01-01T00:00:00Z"`: "",
		`"2026-03-02T12:00:01Z"`: "",
		`"2026-03-02T12:00:02Z"`: ReasonInvalidValue,
		`"1970-01-01T00:00:00Z"`: ReasonInvalidValue,
	} {
		_, p := admit(t, req, `{"event":"E","user_id":"u","timestamp":`+timestamp+`}`)
		if (want == "") != (p == nil) || (p != nil && (p.Reason != want || p.Field != "timestamp")) {
			t.Errorf("%s gives %v, want %q", timestamp, p, want)
		}
	}
}
