package processor

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

var (
	populations     = flag.Int("populations", 120/scale, "populations to try in TestStitchedTablesEqualOracle")
	firstPopulation = flag.Uint64("first-population", 0, "seed of the first of them")
)

// cluster is logs, committed offsets, ClickHouse's stand-in and some processors, whose owners are cut off between any two steps
// of a flush.
type cluster struct {
	t          *testing.T
	r          *rand.Rand
	rules      *rulebook
	memory     *memory
	metrics    *metrics
	logs       [][]consume.Record
	committed  []int64
	owners     []*owner // of each partition
	partitions []*partition
	states     []*state.State // of each processor
	limit      int
	// Contributions that were sent, for owners that were taken for dead to send again.
	sent []outgoing
	// How often to break, of a hundred.
	faults int
	died   map[string]int
	// Records that belong to what was erased.
	refused int
}

// fastDir is a folder in memory where there is one: the test is about order, not about disks.
func fastDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "throughline-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func newCluster(t *testing.T, r *rand.Rand, rules *rulebook, seed uint64) *cluster {
	n := 1 + r.IntN(4)
	c := &cluster{
		t: t, r: r, rules: rules, memory: newMemory(seed, 0.1), metrics: newMetrics(prometheus.NewRegistry(), rules),
		logs: make([][]consume.Record, n), committed: make([]int64, n), owners: make([]*owner, n), partitions: make([]*partition, n),
		limit: 1 + r.IntN(30), faults: 15, died: map[string]int{},
	}
	for i := range n {
		c.committed[i] = consume.None
	}
	for range 1 + r.IntN(3) {
		s, err := state.Open(state.Config{Dir: fastDir(t)}, pebbleLogger{quiet()})
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		c.states = append(c.states, s)
	}
	return c
}

func (c *cluster) produce(bucket uint16, value []byte) {
	p := topics.Partition(bucket, len(c.logs))
	c.logs[p] = append(c.logs[p], consume.Record{Offset: int64(len(c.logs[p])), Value: value})
}

// feed puts a record into the log; now and then somebody works on some partition.
func (c *cluster) feed(record *touchpoint.Record) {
	value, err := record.MarshalVT()
	must(c.t, err)
	c.produce(customerOf(record).Bucket(), value)
	if c.r.IntN(6) == 0 {
		c.work(c.r.IntN(len(c.logs)))
	}
}

// send is the exchange of every owner: now and then it fails, with all or some of it in the log.
func (c *cluster) send(_ context.Context, all []outgoing) error {
	for _, o := range all {
		if c.r.IntN(100) < c.faults/5 {
			return errAway
		}
		c.produce(o.bucket, o.value)
		if log := c.logs[topics.Partition(o.bucket, len(c.logs))]; o.forwarded {
			log[len(log)-1].Forwarded = true
		}
	}
	c.sent = append(c.sent, all...)
	return nil
}

// take gives a partition to a processor, as a new generation does.
func (c *cluster) take(p int) {
	o := &owner{
		cfg: &Config{}, deps: &Deps{Logger: quiet()}, metrics: c.metrics, rules: c.rules, store: c.memory, exchange: c,
		state: c.states[c.r.IntN(len(c.states))], count: int32(len(c.logs)), partTouches: c.limit,
	}
	must(c.t, o.learnRebuilt(c.t.Context()))
	committed, end := max(c.committed[p], 0), int64(len(c.logs[p]))
	o.reached = c.reached
	if c.r.IntN(6) == 0 { // the state is lost
		b := o.state.NewBatch()
		must(c.t, b.Forget(int32(p)))
		must(c.t, b.Commit())
	}
	applied, empty, err := o.fit(c.t.Context(), consume.Partition{Topic: topics.Touchpoints, ID: p, Committed: c.committed[p]}, committed, end)
	must(c.t, err)
	_ = applied
	reconcileBefore := int64(0)
	if !empty {
		reconcileBefore = min(end, committed+maxFlushRecords)
	}
	c.partitions[p] = newPartition(topics.Touchpoints, p, committed, reconcileBefore)
	o.partitions = []*partition{c.partitions[p]}
	must(c.t, o.learnErased(c.t.Context(), c.partitions[p]))
	c.owners[p] = o
}

var errCut = errors.New("cut off")

// work lets the owner of a partition flush some records; it may be cut off between any two steps.
func (c *cluster) work(p int) {
	if c.owners[p] == nil {
		c.take(p)
	}
	o, part := c.owners[p], c.partitions[p]
	records := c.logs[p][part.next:]
	records = records[:min(len(records), 1+c.r.IntN(40))]
	if len(records) == 0 {
		return
	}
	taken := o.decodeChunk(part, slices.Clone(records))
	if len(taken.undecodable) > 0 {
		c.t.Fatal(taken.undecodable[0].Detail)
	}
	part.next = taken.next
	out, err := o.cutter(c.t.Context(), part).cut(part, taken)
	must(c.t, err)
	part.recent.add(out.sets)
	c.refused += out.refused
	if step, err := c.flush(o, p, &flush{portions: []*portion{out}}); err != nil {
		c.died[step]++
		c.owners[p] = nil
	}
	if c.r.IntN(100) < c.faults/3 {
		c.owners[p] = nil // handed over
	}
	if len(c.sent) > 0 && c.r.IntN(100) < c.faults { // an owner that was taken for dead
		again := c.sent[c.r.IntN(len(c.sent))]
		c.produce(again.bucket, again.value)
	}
}

// flush goes through the steps of owner.flush, with the group's commit in memory.
func (c *cluster) flush(o *owner, p int, f *flush) (string, error) {
	ctx := c.t.Context()
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"forward", func() error { return o.forward(ctx, f) }},
		{"reconcile", func() error { return o.reconcile(ctx, f) }},
		{"touchpoints", func() error { return c.memory.Write(ctx, &store.Batch{Touchpoints: f.portions[0].batch.Touchpoints}) }},
		{"identities", func() error { return c.memory.Write(ctx, &store.Batch{Identities: f.portions[0].batch.Identities}) }},
		{"store", func() error { return c.memory.Write(ctx, f.batches()...) }},
		{"contributions", func() error { return c.send(ctx, f.portions[0].contributions) }},
		{"state", func() error { return o.apply(ctx, f) }},
		{"commit", func() error { c.committed[p] = f.portions[0].pending.next; return nil }},
	} {
		if c.r.IntN(100) < c.faults/4 {
			return step.name, errCut
		}
		if err := step.do(); err != nil {
			return step.name, err
		}
	}
	return "", nil
}

// settle works until every log is read to its end.
func (c *cluster) settle() { c.settleBut(-1) }

// settleBut leaves one log as it is.
func (c *cluster) settleBut(held int) {
	c.faults, c.memory.failures = 0, 0
	for busy := true; busy; {
		busy = false
		for p := range c.logs {
			if p == held {
				continue
			}
			if c.owners[p] == nil || c.partitions[p].next < int64(len(c.logs[p])) {
				busy = true
				c.work(p)
			}
		}
	}
}

// stitched is what the tables should hold: the rules of journeys applied to what the naive rule of identity gives each customer.
func stitched(t *testing.T, rules *rulebook, p *stitching.Population) map[string]any {
	m := newMemory(0, 0)
	for _, sent := range stitching.Sent(p.Touchpoints) {
		for _, tp := range sent {
			stage, _ := rules.of(tp.Site).stage(tp)
			must(t, m.Write(t.Context(), &store.Batch{Touchpoints: []*store.TouchpointRow{{Touchpoint: tp, Stage: stage}}}))
		}
	}
	for c, touchpoints := range stitching.Resolve(p.Touchpoints, p.Unlinks) {
		site := rules.of(c.Site)
		var set journey.Set
		for _, tp := range touchpoints {
			stage, _ := site.stage(tp)
			touch := site.touch(tp, stage)
			set.Add(&touch)
		}
		set.Sort()
		var rows journey.Rows
		journey.NewBuilder(&site.options).Build(c, &set, &rows)
		must(t, m.Write(t.Context(), &store.Batch{Sessions: rows.Sessions, Journeys: rows.Journeys, Transitions: rows.Transitions}))
	}
	return m.rows()
}

// edges lists the identities that are live.
func (m *memory) edges() map[string]bool {
	edges := map[string]bool{}
	for key, i := range m.identities {
		if !i.Deleted {
			edges[fmt.Sprint(key.anonymous, " ", key.user, " ", key.at)] = true
		}
	}
	return edges
}

// TestStitchedTablesEqualOracle runs populations through owners of several partitions, in any order and batches, with records
// twice, states lost, owners cut off between any two steps, and contributions of long ago sent again. In the end the
// tables are those of the naive rule, which sees everything at once.
func TestStitchedTablesEqualOracle(t *testing.T) {
	rules, died := builtin(t), map[string]int{}
	rules.other.options.RulesDate = 0 // else all versions are that date
	for _, site := range rules.sites {
		site.options.RulesDate = 0
	}
	for seed := *firstPopulation; seed < *firstPopulation+uint64(*populations); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			population := stitching.New(r, 1+r.IntN(5), 1+r.IntN(25))
			c := newCluster(t, r, rules, seed)
			for _, record := range population.Records() {
				c.feed(record)
			}
			c.settle()
			if got, want := c.memory.rows(), stitched(t, rules, population); !reflect.DeepEqual(got, want) {
				t.Fatalf("%d rows, want %d\n%s", len(got), len(want), firstDifference(got, want))
			}
			if got, want := c.memory.edges(), stitching.Edges(population.Touchpoints, population.Unlinks); !reflect.DeepEqual(got, want) {
				t.Fatalf("identities are %v, want %v", got, want)
			}
			for step, n := range c.died {
				died[step] += n
			}
		})
	}
	t.Logf("cut off before or in: %v", died)
	for _, step := range []string{"reconcile", "touchpoints", "identities", "store", "contributions", "state", "commit"} {
		if *populations >= 100 && died[step] == 0 {
			t.Errorf("never cut off at %s", step)
		}
	}
}

func customerOf(r *touchpoint.Record) touchpoint.Customer {
	switch k := r.Kind.(type) {
	case *touchpoint.Record_Link:
		return k.Link.Customer()
	case *touchpoint.Record_Unlink:
		return k.Unlink.Customer()
	}
	return r.GetTouchpoint().Customer()
}
