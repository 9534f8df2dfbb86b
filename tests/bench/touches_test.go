package main

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// TestTraffic holds the generator to what it says: every touch is admitted, ids are their own, visitors have ten touches.
func TestTraffic(t *testing.T) {
	site, _ := sites.Default().ByID("main")
	for _, history := range []bool{false, true} {
		traffic, admitter := newTraffic(20, 7<<40, history), admission.New()
		ids, touches, size := map[string]bool{}, map[string]int{}, 0
		const events = 20 * touchesPerVisitor * 3
		for n := range uint64(events) {
			raw := traffic.append(nil, n)
			size += len(raw)
			request := admission.Request{Site: site, ReceivedAt: time.Now(), UserAgent: userAgent, IP: netip.MustParseAddr("127.0.0.1")}
			var tp touchpoint.Touchpoint
			if p := admitter.Admit(&request, raw, &tp); p != nil {
				t.Fatalf("touch %d is refused: %+v\n%s", n, p, raw)
			}
			ids[tp.MessageId] = true
			touches[tp.AnonymousId]++
		}
		if len(ids) != events {
			t.Errorf("%d ids of %d touches", len(ids), events)
		}
		whole := 0
		for _, n := range touches {
			if n > touchesPerVisitor {
				t.Errorf("a visitor with %d touches", n)
			}
			if n == touchesPerVisitor {
				whole++
			}
		}
		if whole < 20 {
			t.Errorf("%d visitors with all their touches", whole)
		}
		t.Logf("%d bytes an event", size/events)
	}
}

func TestRequest(t *testing.T) {
	traffic := newTraffic(20, 1<<40, false)
	for _, events := range []int{1, 3} {
		request := traffic.appendRequest(nil, 0, events)
		head, body, _ := bytes.Cut(request, headEnd)
		if got := contentLength(head); got != len(body) {
			t.Errorf("Content-Length %d, body %d", got, len(body))
		}
	}
}
