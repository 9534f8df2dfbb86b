package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

var noon = time.Date(2024, 5, 15, 12, 34, 56, 0, time.UTC)

func shop(t testing.TB, o Options) *Demo {
	t.Helper()
	if o.URL == "" {
		o.URL = "http://127.0.0.1:1"
	}
	o.WriteKey, o.ImportKey = "w", "i"
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func encoded(t testing.TB, events []event) map[string]string {
	t.Helper()
	out := map[string]string{}
	for i := range events {
		raw, err := events[i].encode()
		if err != nil {
			t.Fatal(err)
		}
		out[events[i].MessageID] = string(raw)
	}
	if len(out) != len(events) {
		t.Fatalf("%d events have %d ids", len(events), len(out))
	}
	return out
}

func TestHistoryHasTheWantedSize(t *testing.T) {
	for _, want := range []int{5_000, 20_000} {
		got := len(shop(t, Options{History: want}).past(noon))
		if got < want*85/100 || got > want*115/100 {
			t.Errorf("%d touchpoints, want about %d", got, want)
		}
	}
}

// A later backfill repeats what it has in common with an earlier one, byte for byte, and leaves none of it out.
func TestHistoryOfADayIsAlwaysTheSame(t *testing.T) {
	first := encoded(t, shop(t, Options{History: 4000}).past(noon))
	if again := encoded(t, shop(t, Options{History: 4000}).past(noon)); len(again) != len(first) {
		t.Fatalf("%d and %d touchpoints", len(first), len(again))
	}
	later := encoded(t, shop(t, Options{History: 4000}).past(noon.Add(50*time.Hour)))
	dropped := noon.Add(-(historyDays - 2) * day).Format("20060102")
	added := len(later)
	for id, raw := range first {
		date := strings.Split(id, "-")[2]
		if date >= dropped && later[id] != raw {
			t.Fatalf("%s\n  was   %s\n  is now %s", id, raw, later[id])
		} else if date >= dropped {
			added--
		}
	}
	if added < 50 {
		t.Errorf("two days added %d touchpoints", added)
	}
	if other := encoded(t, shop(t, Options{History: 4000, Seed: 2}).past(noon)); other["demo-1-20240501-0-0"] != "" {
		t.Error("another seed has the same ids")
	}
}

// The collector takes all of the history, and the built-in rules see a funnel in it.
func TestHistoryIsAFunnelOverAllChannels(t *testing.T) {
	site, _ := sites.Default().ByID("main")
	request := admission.Request{Site: site, ReceivedAt: noon, Import: true}
	admitter, rules := admission.New(), stages.Builtin()
	var touch touchpoint.Touchpoint
	reached := map[stages.Stage]map[string]bool{}
	channels, surveys, passive, bots, currencies := map[string]int{}, 0, 0, 0, map[string]bool{}
	for id, raw := range encoded(t, shop(t, Options{}).past(noon)) {
		if problem := admitter.Admit(&request, []byte(raw), &touch); problem != nil {
			t.Fatalf("%s is refused: %+v", raw, problem)
		}
		stage, _ := rules.Match(stages.Input{Event: touch.Event, Type: touch.Type, Channel: touch.Channel, Path: touch.Path, Properties: touch.Properties})
		if reached[stage] == nil {
			reached[stage] = map[string]bool{}
		}
		if touch.Bot {
			bots++
			continue
		}
		reached[stage][id[:strings.LastIndexByte(id, '-')]] = true
		channels[touch.Channel]++
		if touch.Survey != "" {
			surveys++
		}
		if touch.Passive {
			passive++
		}
		if touch.Revenue > 0 {
			currencies[touch.Currency] = true
		}
	}
	checkFunnel(t, reached)
	for _, channel := range []string{"paid search", "paid social", "organic search", "organic social", "email", "referral", "direct", "display",
		"affiliates", "ai assistant", "sms", "support", "video"} {
		if channels[channel] == 0 {
			t.Errorf("no touchpoint by %s; there are %v", channel, channels)
		}
	}
	if surveys == 0 || passive == 0 || bots == 0 || len(currencies) < 3 {
		t.Errorf("surveys %d, passive %d, bots %d, currencies %v", surveys, passive, bots, currencies)
	}
}

// checkFunnel wants each stage reached by some, and by fewer than the one before.
func checkFunnel(t *testing.T, reached map[stages.Stage]map[string]bool) {
	t.Helper()
	last := len(reached[stages.Awareness])
	for stage := stages.Consideration; stage <= stages.Last; stage++ {
		n := len(reached[stage])
		if n < 50 || n >= last {
			t.Errorf("%d journeys reach %s, %d the stage before", n, stage, last)
		}
		last = n
	}
}

func TestFaultsAreRefused(t *testing.T) {
	site, _ := sites.Default().ByID("main")
	random := rand.New(rand.NewPCG(1, 1))
	v := newVisitor(random, "c1")
	v.arrive(0)
	e := v.touches[0].event
	e.MessageID, e.Timestamp = "m", noon
	raw, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]bool{}
	for i, fault := range faults {
		var touch touchpoint.Touchpoint
		problem := admission.New().Admit(&admission.Request{Site: site, ReceivedAt: noon}, []byte(fault(string(raw))), &touch)
		if problem == nil || !json.Valid([]byte(fault(string(raw)))) {
			t.Errorf("fault %d is accepted or no JSON", i)
			continue
		}
		reasons[string(problem.Reason)+problem.Field] = true
	}
	if len(reasons) != len(faults) {
		t.Errorf("reasons %v", reasons)
	}
}

// collector admits what comes, as the real one would, until enough has come.
type collector struct {
	t        *testing.T
	site     *sites.Site
	admitter *admission.Admitter

	mu       sync.Mutex
	ids      map[string]int
	rejected int
	imported int
	single   int
	enough   int
	stop     func()
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	importing := r.URL.Path == "/v1/import"
	if key := r.Header.Get("Authorization"); (importing && key != "Bearer i") || (!importing && key != "Bearer w") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	accepted, rejected := 0, 0
	var results []string
	lines := bufio.NewScanner(r.Body)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		var touch touchpoint.Touchpoint
		status := "accepted"
		if c.admitter.Admit(&admission.Request{Site: c.site, ReceivedAt: time.Now(), Import: importing}, lines.Bytes(), &touch) == nil {
			accepted++
			c.ids[strings.Clone(touch.MessageId)]++
		} else {
			rejected++
			status = "rejected"
		}
		results = append(results, fmt.Sprintf(`{"index":%d,"status":%q}`, len(results), status))
	}
	if importing {
		c.imported += accepted
		if rejected > 0 {
			c.t.Errorf("%d of the history are refused", rejected)
		}
	} else if len(results) == 1 {
		c.single++
	}
	c.rejected += rejected
	if len(c.ids)-c.imported >= c.enough && c.rejected > 0 && c.stop != nil {
		c.stop()
	}
	fmt.Fprintf(w, `{"accepted":%d,"rejected":%d,"retry":0,"results":[%s]}`, accepted, rejected, strings.Join(results, ","))
}

func TestRunSendsHistoryThenVisitors(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	site, _ := sites.Default().ByID("main")
	c := &collector{t: t, site: site, admitter: admission.New(), ids: map[string]int{}, enough: 1500, stop: cancel}
	server := httptest.NewServer(c)
	defer server.Close()
	d := shop(t, Options{URL: server.URL, Rate: 3000, History: 2000})
	if err := d.Run(ctx); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, n := range c.ids {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
	s := d.Stats()
	if int(s.Backfilled) != c.imported || s.Accepted == 0 || s.Rejected == 0 || s.Visitors == 0 || c.single == 0 {
		t.Errorf("stats %+v, imported %d, single %d", s, c.imported, c.single)
	}
}

func TestWrongKeyEndsTheDemo(t *testing.T) {
	server := httptest.NewServer(&collector{t: t})
	defer server.Close()
	for _, history := range []int{-1, 100} {
		d, err := New(Options{URL: server.URL, WriteKey: "x", ImportKey: "x", History: history})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("got %v", err)
		}
	}
}

func TestNewChecks(t *testing.T) {
	for _, o := range []Options{{}, {URL: "http://x", WriteKey: "w"}, {URL: "http://x", ImportKey: "i"}, {URL: "http://x", WriteKey: "w", ImportKey: "i", Rate: -1},
		{URL: "x", WriteKey: "w", ImportKey: "i"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
	if _, err := New(Options{URL: "http://x", WriteKey: "w", History: -1}); err != nil {
		t.Error(err)
	}
}

func TestEveryVisitorFindsAnEnd(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	d := shop(t, Options{})
	for range 5000 {
		g := d.enter(random, noon)
		if len(g.touches) == 0 || len(g.touches) > 200 {
			t.Fatalf("seed %d: a visitor with %d touches", seed, len(g.touches))
		}
		for _, touch := range g.touches {
			if touch.pause < 0 || compress(touch.pause) > 90*time.Second {
				t.Fatalf("seed %d: pause of %s", seed, touch.pause)
			}
		}
		d.crowd.know(g.visitor)
	}
}

func BenchmarkHistory(b *testing.B) {
	d := shop(b, Options{})
	for b.Loop() {
		d.past(noon)
	}
}
