package faults

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/harness"
)

// poison is records that no collector writes, by why they cannot be applied.
func poison(r *rand.Rand) (all [][]byte) {
	good := &touchpoint.Touchpoint{Site: "main", MessageId: "poison", AnonymousId: "poison", OccurredAt: 1e12, ReceivedAt: 1e15}
	add := func(change func(*touchpoint.Touchpoint)) {
		tp := good.CloneVT()
		change(tp)
		value, err := (&touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: tp}}).MarshalVT()
		if err != nil {
			panic(err) // a message that we made
		}
		all = append(all, value)
	}
	add(func(tp *touchpoint.Touchpoint) { tp.Site = "" })
	add(func(tp *touchpoint.Touchpoint) { tp.MessageId = "" })
	add(func(tp *touchpoint.Touchpoint) { tp.AnonymousId = "" })
	add(func(tp *touchpoint.Touchpoint) { tp.OccurredAt = -1 })
	add(func(tp *touchpoint.Touchpoint) { tp.ReceivedAt = 0 })
	add(func(tp *touchpoint.Touchpoint) { tp.Stage = 77 })
	add(func(*touchpoint.Touchpoint) {})
	whole := all[len(all)-1]
	all = all[:len(all)-1]
	all = append(all, nil, []byte{}, []byte("GET / HTTP/1.1\r\n\r\n"), []byte(`{"event":"json"}`), whole[:len(whole)/2], append(whole[:len(whole):len(whole)], 0xff))
	for range 20 {
		junk := make([]byte, 1+r.IntN(300))
		for i := range junk {
			junk[i] = byte(r.IntN(256))
		}
		junk[0] = 0xff // an odd record that happens to be a good one would be no poison
		all = append(all, junk)
	}
	return append(all, []byte(strings.Repeat("\x0a", 1<<20)))
}

// TestPoison writes records of every kind that cannot be applied straight into the topics, among good ones.
func TestPoison(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{processors: 2})
	x := r.startTraffic(t)
	records := poison(rand.New(rand.NewPCG(*seed, 400)))
	w := &kafka.Writer{Addr: kafka.TCP(r.link.addr), RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, BatchBytes: 4 << 20}
	defer w.Close()
	for i, value := range records {
		must(t, w.WriteMessages(t.Context(), kafka.Message{Topic: topics.Touchpoints, Value: value}))
		if i%10 == 0 {
			r.processors[i/10%2].kill() // refused and refused again is one row all the same
			r.start(t, r.processors[i/10%2])
			x.more(t, 50)
		}
	}
	must(t, w.WriteMessages(t.Context(), kafka.Message{Topic: topics.Rejected, Value: []byte{0xff}}))
	x.stop(t)
	r.verdict(t)
	// What was refused comes through a topic of its own.
	harness.Eventually(t, time.Minute, "each is in the table of rejections once", func() error {
		got := (&harness.Pipeline{ClickHouse: r.clickhouse}).Query(t, "SELECT count(), uniqExact(topic, kafka_partition, kafka_offset) "+
			"FROM rejected_touchpoints WHERE component = 'processor'")
		if want := fmt.Sprintf("%d\t%[1]d", len(records)+1); got != want {
			return fmt.Errorf("%q, want %q", got, want)
		}
		return nil
	})
}
