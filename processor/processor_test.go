package processor

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

func quiet() *slog.Logger {
	if testing.Verbose() {
		return slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func startBroker(t *testing.T) string {
	t.Helper()
	b, err := broker.New(broker.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Partitions: 3}, quiet())
	must(t, err)
	must(t, b.Start(t.Context()))
	t.Cleanup(func() { _ = b.Stop() })
	return b.Addr()
}

// generate makes touchpoints of some customers, out of order and with duplicates.
func generate(r *rand.Rand, n int) (all []*touchpoint.Touchpoint) {
	base := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	for i := range n {
		at := base + r.Int64N(45*24*3600_000)/1000*1000
		tp := &touchpoint.Touchpoint{
			Site: "main", MessageId: fmt.Sprintf("m-%d", i), AnonymousId: fmt.Sprintf("a%d", r.IntN(20)), Type: "track", Event: "x",
			Stage: uint32(r.IntN(6)), Passive: r.IntN(5) == 0, OccurredAt: at, ReceivedAt: (at + r.Int64N(5000)) * 1000,
			Channel: []string{"", "direct", "email"}[r.IntN(3)], Revenue: r.Int64N(100),
		}
		if r.IntN(4) == 0 {
			tp.UserId = "u-" + tp.AnonymousId
		}
		all = append(all, tp)
		for r.IntN(6) == 0 {
			again := tp.CloneVT()
			again.ReceivedAt += r.Int64N(3) - 1
			again.OccurredAt += (r.Int64N(3) - 1) * []int64{1, 24 * 3600_000}[r.IntN(2)]
			all = append(all, again)
		}
	}
	r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	return all
}

// want is what the tables should hold, straight from the journeys' rules.
func want(t *testing.T, rules *rulebook, all []*touchpoint.Touchpoint) map[string]any {
	t.Helper()
	m := newMemory(0, 0)
	sets := map[touchpoint.Customer]*journey.Set{}
	first := map[string]*touchpoint.Touchpoint{} // of the copies of a message
	for _, tp := range all {
		c := tp.Customer()
		if sets[c] == nil {
			sets[c] = &journey.Set{}
		}
		site := rules.of(tp.Site)
		stage, _ := site.stage(tp)
		touch := site.touch(tp, stage)
		if v, _ := sets[c].Add(&touch); v == journey.Added || v == journey.Replaced {
			first[c.ID+tp.MessageId] = tp
		}
	}
	for _, tp := range first {
		stage, _ := rules.of(tp.Site).stage(tp)
		must(t, m.Write(t.Context(), &store.Batch{Touchpoints: []*store.TouchpointRow{{Touchpoint: tp, Stage: stage}}}))
	}
	for c, set := range sets {
		set.Sort()
		var rows journey.Rows
		journey.NewBuilder(&rules.of(c.Site).options).Build(c, set, &rows)
		must(t, m.Write(t.Context(), &store.Batch{Sessions: rows.Sessions, Journeys: rows.Journeys, Transitions: rows.Transitions}))
	}
	return m.rows()
}

func produce(t *testing.T, addr string, all []*touchpoint.Touchpoint) {
	t.Helper()
	w := &kafka.Writer{Addr: kafka.TCP(addr), RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, BatchSize: 500,
		Balancer: kafka.BalancerFunc(func(m kafka.Message, partitions ...int) int {
			return int(topics.Partition(uint16(m.Key[0])<<8|uint16(m.Key[1]), len(partitions)))
		})}
	defer w.Close()
	var messages []kafka.Message
	for _, tp := range all {
		record := touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: tp}}
		value, err := record.MarshalVT()
		must(t, err)
		messages = append(messages, kafka.Message{Topic: topics.Touchpoints, Key: topics.Key(tp.Customer().Bucket()), Value: value})
	}
	must(t, w.WriteMessages(t.Context(), messages...))
}

// runFor runs a processor until it has no lag, or for a while.
func runFor(t *testing.T, addr, dir string, m *memory, limit time.Duration) *prometheus.Registry {
	t.Helper()
	return runUntil(t, addr, dir, m, limit, func() bool { return caughtUp(t, addr) })
}

// lateInserts is when what was replayed is read again, in runs that last so long.
const lateInserts = 2 * time.Second

// runUntil runs a processor until done says so, or for a while.
func runUntil(t *testing.T, addr, dir string, m *memory, limit time.Duration, done func() bool) *prometheus.Registry {
	t.Helper()
	reg := prometheus.NewRegistry()
	p, err := New(Config{
		Brokers: []string{addr}, Group: "g", StateDir: dir, FlushInterval: 5 * time.Millisecond, FlushRecords: 100,
		SessionTimeout: 6 * time.Second, LateInserts: lateInserts,
	}, Deps{
		Logger: quiet(), Registerer: reg, Gatherer: reg, Sites: sites.Default(),
		LoadRules: func(string) (*stages.Rules, error) { return stages.Builtin(), nil },
		OpenStore: func(context.Context) (Store, error) { return m, nil },
	})
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	for ctx.Err() == nil && !done() {
		pause(ctx, 20*time.Millisecond)
	}
	cancel()
	must(t, <-ended)
	return reg
}

// caughtUp compares what the group has committed with the ends of the logs.
func caughtUp(t *testing.T, addr string) bool {
	t.Helper()
	client := &kafka.Client{Addr: kafka.TCP(addr)}
	partitions := []int{0, 1, 2}
	committed, err := client.OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{GroupID: "g", Topics: map[string][]int{topics.Touchpoints: partitions}})
	if err != nil {
		return false
	}
	if committed.Error != nil || len(committed.Topics[topics.Touchpoints]) != len(partitions) {
		return false
	}
	for _, p := range committed.Topics[topics.Touchpoints] {
		ends, err := client.ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
			topics.Touchpoints: {kafka.LastOffsetOf(p.Partition)},
		}})
		if err != nil || len(ends.Topics[topics.Touchpoints]) == 0 || p.CommittedOffset < ends.Topics[topics.Touchpoints][0].LastOffset {
			return false
		}
	}
	return true
}

// TestTablesEqualPureFunction runs processors over a store that fails before and after doing its work, cuts them off at
// random moments, deletes the state at times, and compares the tables with the rules applied at once.
func TestTablesEqualPureFunction(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 4))
			addr := startBroker(t)
			all := generate(r, 3000)
			rules, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return stages.Builtin(), nil })
			must(t, err)
			m := newMemory(seed, 0.3)
			dir := t.TempDir()
			for rest := all; len(rest) > 0; {
				n := min(len(rest), 200+r.IntN(1500))
				produce(t, addr, rest[:n])
				rest = rest[n:]
				runFor(t, addr, dir, m, time.Duration(50+r.IntN(300))*time.Millisecond)
				if r.IntN(3) == 0 {
					dir = t.TempDir()
				}
			}
			m.failures = 0
			runFor(t, addr, dir, m, 30*time.Second)
			got, expected := m.rows(), want(t, rules, all)
			if !reflect.DeepEqual(got, expected) {
				t.Fatalf("%d rows, want %d\n%s", len(got), len(expected), firstDifference(got, expected))
			}
		})
	}
}

func firstDifference(got, want map[string]any) string {
	for name, row := range want {
		if !reflect.DeepEqual(got[name], row) {
			return fmt.Sprintf("%s\n got %+v\nwant %+v", name, got[name], row)
		}
	}
	for name, row := range got {
		if want[name] == nil {
			return fmt.Sprintf("%s\n got %+v\nwant nothing", name, row)
		}
	}
	return ""
}

// TestPoisonGoesToTheDeadLetter: records that are none must not stop the rest, and end in the table of rejections.
func TestPoisonGoesToTheDeadLetter(t *testing.T) {
	addr := startBroker(t)
	w := &kafka.Writer{Addr: kafka.TCP(addr), RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond}
	must(t, w.WriteMessages(t.Context(),
		kafka.Message{Topic: topics.Touchpoints, Value: []byte("not protobuf at all \xff")},
		kafka.Message{Topic: topics.Touchpoints, Value: nil},
		kafka.Message{Topic: topics.Rejected, Value: []byte{0xff}},
	))
	must(t, w.Close())
	produce(t, addr, generate(rand.New(rand.NewPCG(1, 4)), 50))
	m := newMemory(1, 0)
	dir := t.TempDir()
	reg := runFor(t, addr, dir, m, 30*time.Second)
	runFor(t, addr, dir, m, time.Second)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.rejected) != 3 {
		t.Errorf("%d rejections, want 3: %v", len(m.rejected), m.rejected)
	}
	if len(m.derived) == 0 {
		t.Error("good touchpoints did not come through")
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("metrics: %v %v", problems, err)
	}
}

// gzipBatch is a record batch of magic 2 whose checksum is right and whose records say that they are gzip and are not.
func gzipBatch(records int32) []byte {
	body := []byte("this is not gzip")
	b := binary.BigEndian.AppendUint64(nil, 0) // base offset
	b = binary.BigEndian.AppendUint32(b, uint32(49+len(body)))
	b = binary.BigEndian.AppendUint32(b, 0) // leader epoch
	b = append(b, 2, 0, 0, 0, 0)            // magic, checksum
	b = binary.BigEndian.AppendUint16(b, 1) // gzip
	b = binary.BigEndian.AppendUint32(b, uint32(records-1))
	now := uint64(time.Now().UnixMilli())
	b = binary.BigEndian.AppendUint64(b, now)
	b = binary.BigEndian.AppendUint64(b, now)
	b = binary.BigEndian.AppendUint64(b, ^uint64(0)) // no producer id
	b = binary.BigEndian.AppendUint16(b, ^uint16(0))
	b = binary.BigEndian.AppendUint32(b, ^uint32(0))
	b = binary.BigEndian.AppendUint32(b, uint32(records))
	b = append(b, body...)
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// TestUnreadableBatchBlocksNothing: the broker holds a batch that no client can unpack.
func TestUnreadableBatchBlocksNothing(t *testing.T) {
	addr := startBroker(t)
	all := generate(rand.New(rand.NewPCG(2, 4)), 600)
	produce(t, addr, all[:200])
	batch := gzipBatch(37)
	client := &kafka.Client{Addr: kafka.TCP(addr)}
	resp, err := client.RawProduce(t.Context(), &kafka.RawProduceRequest{
		Topic: topics.Touchpoints, Partition: 1, RequiredAcks: kafka.RequireAll,
		RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(append(binary.BigEndian.AppendUint32(nil, uint32(len(batch))), batch...))},
	})
	must(t, err)
	must(t, resp.Error)
	produce(t, addr, all[200:])
	m := newMemory(1, 0)
	dir := t.TempDir()
	runFor(t, addr, dir, m, 30*time.Second)
	runFor(t, addr, dir, m, time.Second)
	rules, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return stages.Builtin(), nil })
	must(t, err)
	if got, expected := m.rows(), want(t, rules, all); !reflect.DeepEqual(got, expected) {
		t.Fatalf("%d rows, want %d\n%s", len(got), len(expected), firstDifference(got, expected))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.rejected) != 1 {
		t.Errorf("%d rejections, want the one of the batch: %v", len(m.rejected), m.rejected)
	}
}
