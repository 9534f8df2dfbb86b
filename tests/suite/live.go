package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// Live posts single touchpoints and remembers which were acknowledged.
type Live struct {
	pipeline *harness.Pipeline
	client   *http.Client
	mu       sync.Mutex
	accepted map[string]bool
	failed   int
	next     int // number of the next one; of Run
}

// Acknowledged is how many touchpoints were so far.
func (l *Live) Acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted)
}

// NewLive posts to a pipeline of the site main.
func NewLive(p *harness.Pipeline) *Live {
	return &Live{pipeline: p, client: &http.Client{Timeout: 10 * time.Second}, accepted: map[string]bool{}}
}

// Run posts until ctx ends. It may be called again after that, and goes on with other touchpoints.
func (l *Live) Run(ctx context.Context) {
	for ; ctx.Err() == nil; l.next++ {
		id := fmt.Sprintf("live-%d", l.next)
		ok := l.post(context.WithoutCancel(ctx), id, l.next) // the last one is finished, too
		l.mu.Lock()
		if ok {
			l.accepted[id] = true
		} else {
			l.failed++
		}
		l.mu.Unlock()
		if !ok {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

func (l *Live) post(ctx context.Context, id string, n int) bool {
	body := fmt.Sprintf(`{"message_id":%q,"event":"Product Viewed","anonymous_id":"live-visitor-%d"}`, id, n%100)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.pipeline.HTTP+"/v1/touchpoints", bytes.NewReader([]byte(body)))
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer local")
	req.Header.Set("Content-Type", "application/json")
	resp, err := l.client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	var answer struct{ Accepted int }
	return resp.StatusCode == http.StatusOK && json.NewDecoder(resp.Body).Decode(&answer) == nil && answer.Accepted == 1
}

// Check wants every acknowledged touchpoint once, and in the journeys as often as in touchpoints.
func (l *Live) Check(t testing.TB, p *harness.Pipeline) {
	t.Helper()
	got := map[string]int{}
	for _, id := range strings.Split(p.Query(t, "SELECT message_id FROM touchpoints WHERE site = 'main'"), "\n") {
		got[id]++
	}
	lost, twice := 0, 0
	for id := range l.accepted {
		if got[id] == 0 {
			lost++
		}
	}
	for _, n := range got {
		if n > 1 {
			twice++
		}
	}
	t.Logf("%d live touchpoints acknowledged, %d posts failed, %d in the table", len(l.accepted), l.failed, len(got))
	if lost > 0 || twice > 0 || len(l.accepted) == 0 {
		t.Errorf("%d acknowledged touchpoints lost, %d there twice", lost, twice)
	}
	counted := p.Query(t, "SELECT sum(touchpoints) FROM journeys WHERE site = 'main'")
	if counted != fmt.Sprint(len(got)) {
		t.Errorf("journeys count %s touchpoints, the table has %d", counted, len(got))
	}
}

// Failed is how many posts were not acknowledged.
func (l *Live) Failed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}
