package processor

import (
	"math/rand/v2"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

func builtin(t *testing.T) *rulebook {
	t.Helper()
	rules, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return stages.Builtin(), nil })
	must(t, err)
	return rules
}

// bridge is three touches of one customer, in the order of their arrival: the second and third take from the first the
// session that it began.
func bridge() (all []*touchpoint.Touchpoint) {
	base := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	for i, minute := range []int64{40, 0, 20} {
		at := base + minute*60_000
		all = append(all, &touchpoint.Touchpoint{
			Site: "main", MessageId: string(rune('a' + i)), AnonymousId: "bridged", Type: "track", Event: "x", Stage: 1,
			OccurredAt: at, ReceivedAt: at * 1000,
		})
	}
	return all
}

// insertOf writes what a processor that saw only these touchpoints would have written.
func insertOf(t *testing.T, m *memory, rules *rulebook, all []*touchpoint.Touchpoint) {
	t.Helper()
	var records []consume.Record
	for i, tp := range all {
		value, err := (&touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: tp}}).MarshalVT()
		must(t, err)
		records = append(records, consume.Record{Offset: int64(i), Value: value})
	}
	p := newPartition(topics.Touchpoints, 0, 0, 0)
	taken := (&owner{rules: rules}).decodeChunk(p, records)
	out, err := newCutter(rules, setsIn(nil)).cut(p, taken)
	must(t, err)
	must(t, m.Write(t.Context(), &out.batch))
}

// startFaultyBroker gives a broker that can be told to answer wrongly.
func startFaultyBroker(t *testing.T) *broker.Broker {
	t.Helper()
	b, err := broker.New(broker.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Partitions: 3}, quiet())
	must(t, err)
	must(t, b.Start(t.Context()))
	t.Cleanup(func() { _ = b.Stop() })
	return b
}

// TestCommitFailsOnce: the group's coordinator refuses a commit and lets the member be. The processor must go on, and not wait
// for a generation that does not end.
func TestCommitFailsOnce(t *testing.T) {
	b := startFaultyBroker(t)
	rules, m, all := builtin(t), newMemory(1, 0), generate(rand.New(rand.NewPCG(4, 4)), 12_000)
	produce(t, b.Addr(), all)
	fault := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: 3})
	runFor(t, b.Addr(), t.TempDir(), m, 30*time.Second)
	if fault.Hits() < 3 || !caughtUp(t, b.Addr()) {
		t.Fatalf("%d commits refused, caught up: %t", fault.Hits(), caughtUp(t, b.Addr()))
	}
	if got, expected := m.rows(), want(t, rules, all); !reflect.DeepEqual(got, expected) {
		t.Fatalf("%d rows, want %d\n%s", len(got), len(expected), firstDifference(got, expected))
	}
}

// TestStateAheadOfTheCommit: a processor that could not commit leaves a state that is ahead of the group. Until it is back
// another owner has inserted rows of the same records, cut otherwise, and died.
func TestStateAheadOfTheCommit(t *testing.T) {
	b := startFaultyBroker(t)
	rules, m, dir := builtin(t), newMemory(1, 0), t.TempDir()
	others, bridged := generate(rand.New(rand.NewPCG(3, 4)), 100), bridge()
	produce(t, b.Addr(), others)
	runFor(t, b.Addr(), dir, m, 30*time.Second)
	fault := b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.UnknownMemberID, Count: -1})
	produce(t, b.Addr(), bridged)
	runFor(t, b.Addr(), dir, m, 2*time.Second)
	if fault.Hits() == 0 {
		t.Fatal("nothing was to be committed")
	}
	fault.Remove()
	insertOf(t, m, rules, bridged[:1])
	runFor(t, b.Addr(), dir, m, 30*time.Second)
	if got, expected := m.rows(), want(t, rules, append(others, bridged...)); !reflect.DeepEqual(got, expected) {
		t.Fatalf("%d rows, want %d\n%s", len(got), len(expected), firstDifference(got, expected))
	}
}

// TestFrozenBeforeTheInsert: a processor stands still between cutting a flush and inserting it. Another one takes over, reconciles
// and goes on; then the first one wakes up.
func TestFrozenBeforeTheInsert(t *testing.T) {
	b := startFaultyBroker(t)
	rules, m := builtin(t), newMemory(1, 0)
	others, bridged := generate(rand.New(rand.NewPCG(5, 4)), 100), bridge()
	produce(t, b.Addr(), others)
	dir := t.TempDir()
	runFor(t, b.Addr(), dir, m, 30*time.Second)
	frozen, wake := make(chan struct{}), make(chan struct{})
	var stopped atomic.Bool
	m.before = func() {
		if stopped.CompareAndSwap(false, true) {
			close(frozen)
			<-wake
		}
	}
	produce(t, b.Addr(), bridged[:1])
	first := make(chan struct{})
	go func() { defer close(first); runFor(t, b.Addr(), dir, m, 40*time.Second) }()
	<-frozen
	// To the group it is silent.
	b.Cluster().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID})
	produce(t, b.Addr(), bridged[1:])
	runFor(t, b.Addr(), t.TempDir(), m, 30*time.Second)
	if !caughtUp(t, b.Addr()) {
		t.Fatal("the second one has not taken over")
	}
	close(wake)
	<-first
	if got, expected := m.rows(), want(t, rules, append(others, bridged...)); !reflect.DeepEqual(got, expected) {
		t.Fatalf("%d rows, want %d\n%s", len(got), len(expected), firstDifference(got, expected))
	}
}

// TestInsertLandsAfterTheTakeover: what the owner before had sent lands when the next one has reconciled and gone on; once where
// there was something in the tables, and once where the takeover found nothing at all.
func TestInsertLandsAfterTheTakeover(t *testing.T) {
	for name, others := range map[string]int{"tables in use": 100, "empty tables": 0} {
		t.Run(name, func(t *testing.T) {
			b := startFaultyBroker(t)
			rules, m, bridged, late := builtin(t), newMemory(1, 0), bridge(), false
			all := generate(rand.New(rand.NewPCG(6, 4)), others)
			produce(t, b.Addr(), all)
			runUntil(t, b.Addr(), t.TempDir(), m, time.Duration(others)*100*time.Millisecond, func() bool { return caughtUp(t, b.Addr()) })
			produce(t, b.Addr(), bridged)
			all = append(all, bridged...)
			expected := want(t, rules, all)
			runUntil(t, b.Addr(), t.TempDir(), m, 20*time.Second, func() bool {
				if !late && reflect.DeepEqual(m.rows(), expected) {
					insertOf(t, m, rules, bridged[:1])
					late = !reflect.DeepEqual(m.rows(), expected)
				}
				return late && reflect.DeepEqual(m.rows(), expected)
			})
			if got := m.rows(); !late || !reflect.DeepEqual(got, expected) {
				t.Fatalf("%d rows, want %d\n%s", len(got), len(expected), firstDifference(got, expected))
			}
		})
	}
}
