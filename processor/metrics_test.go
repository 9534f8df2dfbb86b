package processor

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

func testRules(t *testing.T) *rulebook {
	t.Helper()
	rules, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return stages.Builtin(), nil })
	must(t, err)
	return rules
}

// visit is a touchpoint of one customer, minutes after noon; it is received when it occurs unless it is late.
func visit(t *testing.T, offset int64, site, event string, minute int, late time.Duration) consume.Record {
	t.Helper()
	at := time.Date(2026, 6, 1, 12, minute, 0, 0, time.UTC)
	record := touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: &touchpoint.Touchpoint{
		Site: site, MessageId: fmt.Sprint("m", offset), Type: "track", Event: event, AnonymousId: "a", Source: "http",
		OccurredAt: at.UnixMilli(), ReceivedAt: at.Add(late).UnixMicro(),
	}}}
	value, err := record.MarshalVT()
	must(t, err)
	return consume.Record{Offset: offset, Time: at, Value: value}
}

// link says that a user was seen on the another device.
func link(t *testing.T, offset int64) consume.Record {
	t.Helper()
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	record := touchpoint.Record{Kind: &touchpoint.Record_Link{Link: &touchpoint.Link{
		Site: "main", AnonymousId: "b", UserId: "u", AssertedAt: at.UnixMilli(), Source: "identify", ReceivedAt: at.UnixMicro(),
	}}}
	value, err := record.MarshalVT()
	must(t, err)
	return consume.Record{Offset: offset, Time: at, Value: value}
}

func TestLateTouchpointsAreCountedAsRepairs(t *testing.T) {
	rules := testRules(t)
	sets := map[string][]byte{}
	c := newCutter(rules, setsIn(sets))
	p := newPartition(topics.Touchpoints, 0, 0, 0)
	for i, step := range []struct {
		what   string
		record consume.Record
		want   repairs
	}{
		{"a first visit", visit(t, 0, "main", "Page Viewed", 0, 0), repairs{}},
		{"another session", visit(t, 1, "main", "Page Viewed", 50, 0), repairs{}},
		{"the session goes on", visit(t, 2, "main", "Page Viewed", 55, 0), repairs{}},
		{"a late one between the two", visit(t, 3, "main", "Page Viewed", 25, time.Hour), repairs{merged: 1, rewritten: 1}},
		{"the same again", visit(t, 3, "main", "Page Viewed", 25, time.Hour), repairs{}},
		{"a late one before all", visit(t, 4, "main", "Page Viewed", -20, 2*time.Hour), repairs{rewritten: 1}},
	} {
		out, err := c.cut(p, (&owner{rules: rules}).decodeChunk(p, []consume.Record{step.record}))
		must(t, err)
		if out.repairs != step.want {
			t.Errorf("%d, %s: %+v, want %+v", i, step.what, out.repairs, step.want)
		}
		for _, s := range out.sets {
			sets[s.key] = s.blob
		}
	}
}

func TestMergedCountsJoinedSessions(t *testing.T) {
	session := func(from, to int64) journey.Session { return journey.Session{StartedAt: from, EndedAt: to} }
	for _, tt := range []struct {
		before, after []journey.Session
		want          int
	}{
		{nil, []journey.Session{session(1, 2)}, 0},
		{[]journey.Session{session(1, 2)}, nil, 0},
		{[]journey.Session{session(1, 2), session(5, 6), session(9, 9)}, []journey.Session{session(1, 9)}, 2},
		{[]journey.Session{session(1, 2), session(5, 6), session(9, 9)}, []journey.Session{session(1, 6), session(9, 9)}, 1},
		{[]journey.Session{session(2, 2), session(5, 6)}, []journey.Session{session(1, 2), session(5, 7), session(9, 9)}, 0},
	} {
		if got := merged(tt.before, tt.after); got != tt.want {
			t.Errorf("%v to %v: %d, want %d", tt.before, tt.after, got, tt.want)
		}
	}
}

func TestFlushesAreCountedBySiteAndStage(t *testing.T) {
	rules := testRules(t)
	m := newMetrics(prometheus.NewRegistry(), rules)
	p := newPartition(topics.Touchpoints, 0, 0, 0)
	taken := (&owner{rules: rules}).decodeChunk(p, []consume.Record{
		visit(t, 0, "main", "Product Viewed", 0, 0),
		visit(t, 0, "main", "Product Viewed", 0, 0), // a duplicate was accepted, too
		visit(t, 1, "main", "nobody knows this one", 1, 31*time.Minute),
		visit(t, 2, "main", "Order Completed", 2, 30*time.Minute),
		visit(t, 3, "a site of long ago", "Order Completed", 3, 0),
		{Offset: 4, Value: []byte("garbage")},
		link(t, 5), // no touchpoint
	})
	out, err := newCutter(rules, setsIn(nil)).cut(p, taken)
	must(t, err)
	m.flushed(&flush{portions: []*portion{out}}, time.Now())
	main, other := m.sites.of("main"), m.sites.of("a site of long ago")
	if m.sites.of("yet another") != other {
		t.Error("unknown sites do not share their series")
	}
	for what, tt := range map[string]struct {
		counter prometheus.Counter
		want    float64
	}{
		"consideration":       {main.stored[stages.Consideration], 2},
		"purchase":            {main.stored[stages.Purchase], 1},
		"no stage":            {main.stored[stages.None], 1},
		"late":                {main.late, 1},
		"other":               {other.stored[stages.Purchase], 1},
		"consideration enter": {main.entries[stages.Consideration], 1},
		"purchase enter":      {main.entries[stages.Purchase], 1},
		"dead letters":        {m.deadLetters.WithLabelValues(reasonUndecodable), 1},
		"duplicates":          {m.duplicates, 1},
	} {
		if got := testutil.ToFloat64(tt.counter); got != tt.want {
			t.Errorf("%s: %v, want %v", what, got, tt.want)
		}
	}
}

// A flush that hangs must show: lag is what it is when somebody asks.
func TestLagGrowsWhileAFlushHangs(t *testing.T) {
	m := &lagMetrics{}
	lag := func() (records, seconds float64) {
		reg := prometheus.NewRegistry()
		reg.MustRegister(m)
		families, err := reg.Gather()
		must(t, err)
		for _, f := range families {
			switch f.GetName() {
			case "throughline_processor_lag_records":
				records = f.Metric[0].Gauge.GetValue()
			case "throughline_processor_lag_seconds":
				seconds = f.Metric[0].Gauge.GetValue()
			}
		}
		return records, seconds
	}
	p := newPartition(topics.Touchpoints, 3, 10, 0)
	m.own([]*partition{p})
	p.seen(10)
	if n, age := lag(); n != 0 || age != 0 {
		t.Fatalf("caught up: %v records, %v s", n, age)
	}
	now := time.Now()
	p.seen(13)
	p.add(pending{records: 1, next: 11, oldest: now.Add(-time.Hour)})
	if n, age := lag(); n != 3 || age < 3599 {
		t.Errorf("pending: %v records, %v s", n, age)
	}
	p.take()
	p.add(pending{records: 2, next: 13, oldest: now.Add(-time.Minute)})
	p.take()
	if n, age := lag(); n != 3 || age < 3599 {
		t.Errorf("under way: %v records, %v s", n, age)
	}
	p.done(11)
	if n, age := lag(); n != 2 || age < 59 || age > 1800 {
		t.Errorf("the first is done: %v records, %v s", n, age)
	}
	p.done(13)
	if n, age := lag(); n != 0 || age != 0 {
		t.Errorf("both are done: %v records, %v s", n, age)
	}
}
