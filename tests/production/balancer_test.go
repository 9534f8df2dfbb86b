package production

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/faults/check"
	"github.com/throughline/throughline/tests/harness"
)

// balancer shares requests out between collectors as a load balancer does: it asks each for readiness every so often, and
// sends requests to those that were ready.
type balancer struct {
	members []*harness.Member
	ready   []atomic.Bool
	turn    atomic.Uint64
	client  *http.Client
}

// probeEvery is a load balancer's usual interval, scaled down as the drain delay of the collectors is.
const probeEvery = 100 * time.Millisecond

func newBalancer(members ...*harness.Member) *balancer {
	return &balancer{members: members, ready: make([]atomic.Bool, len(members)), client: &http.Client{
		Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}}
}

func (b *balancer) run(ctx context.Context) {
	for ctx.Err() == nil {
		for i, m := range b.members {
			b.ready[i].Store(m.Ready(ctx))
		}
		time.Sleep(probeEvery)
	}
}

// pick gives the next collector that is ready, nil when none is.
func (b *balancer) pick() *harness.Member {
	turn := int(b.turn.Add(1))
	for i := range b.members {
		if i = (turn + i) % len(b.members); b.ready[i].Load() {
			return b.members[i]
		}
	}
	return nil
}

// shoppers post touchpoints through a balancer, note each in the ledger, and count what was not answered 200.
type shoppers struct {
	balancer *balancer
	ledger   *check.Ledger
	mu       sync.Mutex
	trouble  map[string]int
	answered atomic.Int64
}

var events = []string{"Page Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed"}

func (s *shoppers) run(ctx context.Context, number int) {
	for n := 0; ctx.Err() == nil; n++ {
		s.post(context.WithoutCancel(ctx), number, n) // the last one is finished, too
		time.Sleep(5 * time.Millisecond)              // leaves the machine something for the restarts
	}
}

func (s *shoppers) post(ctx context.Context, number, n int) {
	var batch []map[string]any
	for i := range 5 {
		id := fmt.Sprintf("s%d-%d-%d", number, n, i)
		visitor := fmt.Sprintf("visitor-%d", (n*5+i)%200)
		name := events[(n+i)%len(events)]
		s.ledger.Sent(check.Event{Site: "main", MessageID: id, CustomerID: visitor, Name: name})
		batch = append(batch, map[string]any{"message_id": id, "anonymous_id": visitor, "event": name})
	}
	if err := s.send(ctx, batch); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.trouble[err.Error()]++
	}
}

func (s *shoppers) send(ctx context.Context, batch []map[string]any) error {
	to := s.balancer.pick()
	if to == nil {
		return fmt.Errorf("no collector is ready")
	}
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+to.HTTP+"/v1/touchpoints", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer local")
	answer, err := s.balancer.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	var verdict struct{ Accepted int }
	if answer.StatusCode != http.StatusOK || json.Unmarshal(text, &verdict) != nil || verdict.Accepted != len(batch) {
		return fmt.Errorf("%s %s", answer.Status, text)
	}
	for _, event := range batch {
		s.ledger.Acknowledged("main", event["message_id"].(string))
	}
	s.answered.Add(1)
	return nil
}

// said gives each kind of trouble with its number.
func (s *shoppers) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out strings.Builder
	for what, n := range s.trouble {
		fmt.Fprintf(&out, "%d x %s\n", n, what)
	}
	return out.String()
}

// more waits until so many requests more have been answered.
func (s *shoppers) more(t *testing.T, n int64) {
	t.Helper()
	from := s.answered.Load()
	harness.Eventually(t, 2*time.Minute, "requests are answered", func() error {
		if now := s.answered.Load(); now < from+n {
			return fmt.Errorf("%d of %d; %s", now-from, n, s.said())
		}
		return nil
	})
}

func bothReady(b *balancer) error {
	for i := range b.members {
		if !b.ready[i].Load() {
			return fmt.Errorf("%s is not ready", b.members[i].Admin)
		}
	}
	return nil
}
