package api

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/throughline/throughline/schemas/touchpoint"
)

func (b *bench) linked() (all []string) {
	for _, l := range b.sink.links {
		all = append(all, fmt.Sprint(l.Site, " ", l.AnonymousId, " ", l.UserId, " ", l.Source))
	}
	return all
}

// history posts to the import route, where times are taken as they are.
func (b *bench) history(t *testing.T, body string) reply {
	t.Helper()
	r := request(body, "Authorization", "Bearer shop-import-secret")
	r.URL.Path = RouteImport
	return b.do(t, r)
}

// TestLinks: a pair of ids goes to the owner of the anonymous id once a window, with each identify, and again after a failure;
// no link is counted as an event.
func TestLinks(t *testing.T) {
	b := newBench(t, nil)
	event := func(kind, anonymous, user, at string) string {
		return fmt.Sprintf(`{"type":%q,"event":"x","anonymous_id":%q,"user_id":%q,"timestamp":%q}`, kind, anonymous, user, at)
	}
	const early, later, next = "2026-01-01T10:01:00Z", "2026-01-01T10:02:00Z", "2026-01-01T10:11:00Z"
	b.sink.touchError = errors.New("away")
	if a := b.history(t, "["+event("track", "a", "u", later)+"]"); a.status != 503 {
		t.Fatalf("status %d, want 503", a.status)
	}
	b.sink.touchError = nil
	for _, step := range []struct {
		body   string
		events int
		want   []string
	}{
		{event("track", "a", "u", later), 1, []string{"shop a u track"}},
		{event("track", "a", "u", later), 1, nil},
		{event("page", "a", "u", early), 1, []string{"shop a u page"}},
		{event("page", "a", "u", next) + "," + event("page", "a", "u", next), 2, []string{"shop a u page"}},
		{event("identify", "a", "u", later) + "," + event("identify", "a", "u", later), 2, []string{"shop a u identify", "shop a u identify"}},
		{event("track", "a", "", next) + "," + event("track", "", "u", next), 2, nil},
	} {
		b.sink.links = nil
		if a := b.history(t, "["+step.body+"]"); a.status != 200 || a.Accepted != step.events {
			t.Fatalf("%s: status %d, %d accepted", step.body, a.status, a.Accepted)
		}
		if got := b.linked(); !reflect.DeepEqual(got, step.want) {
			t.Errorf("%s: links %q, want %q", step.body, got, step.want)
		}
	}
	if got := testutil.ToFloat64(b.metrics.linksSuppressed); got != 2 {
		t.Errorf("%v links suppressed, want 2", got)
	}
}

// TestLinkGoesToTheAnonymousBucket: its owner keeps the touches that the link is about.
func TestLinkGoesToTheAnonymousBucket(t *testing.T) {
	w := newWork()
	w.touch = touchpoint.Touchpoint{Site: "shop", AnonymousId: "a", UserId: "u", Type: "track", OccurredAt: 1, ReceivedAt: 2}
	h := newBench(t, nil)
	if err := errors.Join(w.addTouchpoint(), w.addLink(h.links)); err != nil {
		t.Fatal(err)
	}
	bucket := func(i int) uint16 { return uint16(w.records[i].Key[0])<<8 | uint16(w.records[i].Key[1]) }
	user := touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "u"}
	anonymous := touchpoint.Customer{Site: "shop", Kind: touchpoint.KindAnonymous, ID: "a"}
	if len(w.records) != 2 || bucket(0) != user.Bucket() || bucket(1) != anonymous.Bucket() || w.touchpoints() != 1 {
		t.Errorf("%d records", len(w.records))
	}
	if got := decode(w.records[1]).GetLink(); !got.EqualVT(w.touch.Link()) {
		t.Errorf("%v", got)
	}
}
