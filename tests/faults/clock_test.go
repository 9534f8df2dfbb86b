package faults

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/faults/check"
	"github.com/throughline/throughline/tests/harness"
)

// TestClocksWrong posts events of clients whose clocks are wrong by years, both ways, with and without the time of sending, twice
// each and to two collectors. Each is there once, at a time that can be.
func TestClocksWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{collectors: 2})
	x := r.startTraffic(t)
	random := rand.New(rand.NewPCG(*seed, 500))
	began := time.Now()
	for n := range 150 {
		wrong := time.Duration(random.Int64N(20*365*24)-10*365*24) * time.Hour
		real := time.Now().Add(-time.Duration(random.Int64N(5*24*3600)) * time.Second)
		m := &message{MessageID: fmt.Sprint("clock-", n), Event: "Odd Clock", AnonymousID: fmt.Sprint("odd-", n%30), Timestamp: stamp(real.Add(wrong))}
		r.ledger.Sent(check.Event{Site: "main", MessageID: m.MessageID, CustomerID: m.AnonymousID, Name: m.Event})
		for i := range 2 {
			if n%2 == 0 {
				m.SentAt = stamp(time.Now().Add(wrong))
			}
			must(t, x.post(t.Context(), r.collectors[(n+i)%2].http, []*message{m}))
		}
	}
	x.stop(t)
	r.verdict(t)
	got := (&harness.Pipeline{ClickHouse: r.clickhouse}).Query(t, fmt.Sprintf("SELECT count(), "+
		"countIf(occurred_at > received_at), countIf(occurred_at < received_at - INTERVAL 30 DAY - INTERVAL 1 MILLISECOND), "+
		// The time of sending puts a wrong clock right.
		"countIf(sent_at IS NOT NULL AND occurred_at NOT BETWEEN fromUnixTimestamp64Milli(%d) AND now64(3)) FROM touchpoints WHERE event = 'Odd Clock'",
		began.Add(-6*24*time.Hour).UnixMilli()))
	if want := "150\t0\t0\t0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
