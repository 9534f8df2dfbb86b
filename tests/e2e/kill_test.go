package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

var (
	kills    = flag.Int("kills", 20, "how many times to kill the whole program during an import")
	killSeed = flag.Uint64("kill-seed", 1, "seed of the moments at which it is killed")
)

// TestKilledDuringImport kills the whole program at random moments while an import and live touchpoints flow in. After
// the last start every acknowledged touchpoint is there once, and the derived tables are those of an undisturbed run.
func TestKilledDuringImport(t *testing.T) {
	t.Logf("%d kills, seed %d", *kills, *killSeed)
	want := undisturbed(t)
	r := rand.New(rand.NewPCG(*killSeed, 1))
	p := harness.New(t, sites)
	p.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	live := newLive(p)
	var work sync.WaitGroup
	work.Go(func() { live.run(ctx) })
	imported := make(chan error, 1)
	var done atomic.Bool
	go func() {
		// The import goes on for as long as there is killing: importing again changes nothing.
		var err error
		for first := true; err == nil && (first || !done.Load()); first = false {
			err = importUntilDone(ctx, t, p)
		}
		imported <- err
	}()
	for n := range *kills {
		time.Sleep(time.Duration(100+r.IntN(1900)) * time.Millisecond)
		p.Kill()
		p.Launch(t)
		if n%3 == 0 { // the others may be killed while they start
			p.WaitReady(t)
		}
	}
	p.WaitReady(t)
	done.Store(true)
	must(t, <-imported)
	cancel()
	work.Wait()
	p.CaughtUp(t, 5*time.Minute)
	sameTables(t, p.Tables(t, "merch"), want)
	live.check(t, p)
}

// importUntilDone runs the import again and again, as a person would, until it is through.
func importUntilDone(ctx context.Context, t *testing.T, p *harness.Pipeline) error {
	state := filepath.Join(t.TempDir(), "progress")
	for try := 0; ; try++ {
		out, err := p.Command(ctx, "import", "--mapping", "../mappings/google-merch-events.yaml", "--key", "merch-import",
			"--state", state, "--batch", "100", dataset(t, "google-merch-events.csv.gz"))
		if err == nil {
			if !strings.Contains(out, "719386 accepted") {
				return fmt.Errorf("not all rows were accepted: %s", out)
			}
			return nil
		}
		if try > 100 || ctx.Err() != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// live posts single touchpoints and remembers which were acknowledged.
type live struct {
	pipeline *harness.Pipeline
	client   *http.Client
	mu       sync.Mutex
	accepted map[string]bool
	failed   int
}

// acknowledged is how many touchpoints were so far.
func (l *live) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted)
}

func newLive(p *harness.Pipeline) *live {
	return &live{pipeline: p, client: &http.Client{Timeout: 10 * time.Second}, accepted: map[string]bool{}}
}

func (l *live) run(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("live-%d", n)
		ok := l.post(context.WithoutCancel(ctx), id, n) // the last one is finished, too
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

func (l *live) post(ctx context.Context, id string, n int) bool {
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

// check wants every acknowledged touchpoint once, and in the journeys as often as in touchpoints.
func (l *live) check(t *testing.T, p *harness.Pipeline) {
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
