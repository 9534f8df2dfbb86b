package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeStore answers questions and remembers when each was asked.
type fakeStore struct {
	mu       sync.Mutex
	at       map[string][]time.Time // by kind: arrivals, or the chart's first words
	took     time.Duration          // of one question
	fail     error
	arrivals [][]any
	answers  int
}

func (s *fakeStore) ask(ctx context.Context, sql string, parameters map[string]string) (Table, error) {
	kind := "chart"
	if parameters["since"] != "" {
		kind = "arrivals"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[string][]time.Time{}
	}
	s.at[kind] = append(s.at[kind], time.Now())
	s.mu.Unlock()
	sleep(ctx, s.took)
	s.mu.Lock()
	if s.fail != nil {
		return Table{}, s.fail
	}
	if kind == "arrivals" {
		return Table{Columns: []string{"verdict", "received_at", "id"}, Rows: append([][]any{}, s.arrivals...)}, nil
	}
	s.answers++
	return Table{Columns: []string{"n"}, Rows: [][]any{{s.answers}}}, nil
}

// asked gives how often a kind of question was asked.
func (s *fakeStore) asked(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.at[kind])
}

// change is how a test changes the answers while they are asked for.
func (s *fakeStore) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

func arrival(id int, at time.Time) []any { return []any{"accepted", plain(at), fmt.Sprint(id)} }

// polled runs a poller over a store within a bubble of virtual time.
func polled(t *testing.T, store *fakeStore, do func(h *hub)) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		p := &poller{hub: h, ask: store.ask, log: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); p.run(ctx) }()
		do(h)
		cancel()
		<-ended
		h.close()
	})
}

func filter(t *testing.T, query string) Filter {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFilter(values)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// drain takes the frames that wait, by name.
func drain(l *listener) map[string][]json.RawMessage {
	all := map[string][]json.RawMessage{}
	for {
		select {
		case f, open := <-l.frames:
			if !open {
				return all
			}
			all[f.name] = append(all[f.name], f.data)
		default:
			return all
		}
	}
}

func join(t *testing.T, h *hub, f Filter) *listener {
	t.Helper()
	l, err := h.join(f)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNothingIsAskedWhileNobodyListens(t *testing.T) {
	store := &fakeStore{}
	polled(t, store, func(h *hub) {
		time.Sleep(time.Hour)
		if store.asked("arrivals")+store.asked("chart") != 0 {
			t.Error("asked before anybody came")
		}
		f := filter(t, "")
		l := join(t, h, f)
		time.Sleep(10 * time.Second)
		h.leave(f, l)
		time.Sleep(2 * time.Second)
		asked := store.asked("arrivals")
		time.Sleep(time.Hour)
		if n := store.asked("arrivals"); n != asked || n == 0 {
			t.Errorf("asked %d times after the last one had left, %d before", n-asked, asked)
		}
	})
}

func TestAskedAtMostOnceASecondForAll(t *testing.T) {
	store := &fakeStore{took: 10 * time.Millisecond}
	polled(t, store, func(h *hub) {
		f := filter(t, "range=24h")
		for range 50 {
			join(t, h, f)
			time.Sleep(200 * time.Millisecond)
		}
		if n := store.asked("arrivals"); n > 11 || n < 8 {
			t.Errorf("50 listeners in 10 seconds made %d questions", n)
		}
		if n := store.asked("chart"); n > 4*len(charts) {
			t.Errorf("and %d questions for charts", n)
		}
	})
}

// TestSlowChartsRest holds the promise that the page takes little of the engine: what a chart costs stretches the time to its next turn,
// while arrivals go on.
func TestSlowChartsRest(t *testing.T) {
	store := &fakeStore{took: 100 * time.Millisecond}
	polled(t, store, func(h *hub) {
		for i := range 5 {
			join(t, h, filter(t, fmt.Sprintf("site=s%d", i)))
		}
		time.Sleep(10 * time.Minute)
		busy := time.Duration(store.asked("chart")+store.asked("arrivals")) * store.took
		if share := busy.Seconds() / 600; share > 0.21 || share < 0.02 {
			t.Errorf("%.0f %% of the time was spent asking", 100*share)
		}
		if n := store.asked("chart"); n < 10*len(charts) {
			t.Errorf("charts were asked only %d times", n)
		}
	})
}

func TestAnswersAreSharedAndKept(t *testing.T) {
	store := &fakeStore{}
	polled(t, store, func(h *hub) {
		store.change(func() { store.arrivals = [][]any{arrival(2, time.Now()), arrival(1, time.Now())} })
		first := join(t, h, filter(t, ""))
		time.Sleep(1500 * time.Millisecond)
		frames := drain(first)
		if len(frames["arrivals"]) != 1 || !strings.Contains(string(frames["arrivals"][0]), `"1"`) {
			t.Errorf("the first one was told %s", frames["arrivals"])
		}
		store.change(func() { store.arrivals = append([][]any{arrival(3, time.Now())}, store.arrivals...) })
		time.Sleep(1500 * time.Millisecond)
		if told := drain(first)["arrivals"]; len(told) != 1 || strings.Contains(string(told[0]), `"2"`) || !strings.Contains(string(told[0]), `"3"`) {
			t.Errorf("then %s: only what is new", told)
		}
		second := drain(join(t, h, filter(t, "")))
		if len(second["arrivals"]) != 1 || len(second["health"]) != 1 || len(second["funnel"]) != 1 {
			t.Errorf("who comes later gets %v", second)
		}
		for id := range 3 {
			if !strings.Contains(string(second["arrivals"][0]), fmt.Sprintf(`"%d"`, id+1)) {
				t.Errorf("who comes later misses row %d: %s", id+1, second["arrivals"][0])
			}
		}
	})
}

func TestFailuresAreToldAndPass(t *testing.T) {
	store := &fakeStore{fail: errors.New("connection refused")}
	polled(t, store, func(h *hub) {
		l := join(t, h, filter(t, ""))
		time.Sleep(time.Minute)
		health := drain(l)["health"]
		if len(health) < 6 || !strings.Contains(string(health[len(health)-1]), "does not answer") {
			t.Errorf("%d reports in a minute, the last: %s", len(health), health[len(health)-1])
		}
		if n := store.asked("arrivals"); n > 12 {
			t.Errorf("tried %d times in a minute", n)
		}
		store.change(func() { store.fail = nil })
		time.Sleep(15 * time.Second)
		health = drain(l)["health"]
		if !strings.Contains(string(health[len(health)-1]), "Answers.") {
			t.Errorf("after it is back: %s", health[len(health)-1])
		}
	})
}

func TestSlowListenersAreDropped(t *testing.T) {
	h := newHub()
	f := filter(t, "")
	l := join(t, h, f)
	for range backlog + 1 {
		h.publishHealth(json.RawMessage(`{}`))
	}
	if got := len(drain(l)["health"]); got != backlog {
		t.Errorf("%d frames before the end", got)
	}
	if _, open := <-l.frames; open || h.count != 0 || len(h.views) != 0 {
		t.Errorf("still there: %d listeners, %d views", h.count, len(h.views))
	}
	h.leave(f, l) // after it was dropped: no harm
}

func TestCrowdsAreBounded(t *testing.T) {
	h := newHub()
	for i := range mostViews {
		join(t, h, filter(t, fmt.Sprintf("site=s%d", i)))
	}
	if _, err := h.join(filter(t, "site=another")); !errors.Is(err, errCrowded) {
		t.Errorf("view %d: %v", mostViews+1, err)
	}
	for range mostListeners - mostViews {
		join(t, h, filter(t, "site=s0"))
	}
	if _, err := h.join(filter(t, "site=s0")); !errors.Is(err, errCrowded) {
		t.Errorf("listener %d: %v", mostListeners+1, err)
	}
	h.close()
	if _, err := h.join(filter(t, "")); err == nil || h.count != 0 {
		t.Errorf("joined a closed page: %v", err)
	}
}
