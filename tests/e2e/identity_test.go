package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/stitching"
	"github.com/throughline/throughline/tests/suite"
)

var (
	identityKills = flag.Int("identity-kills", 6, "kills in TestStitchingSurvivesKills")
	identitySeed  = flag.Uint64("identity-seed", 11, "seed of TestStitchingSurvivesKills")
)

// population is one that was imported: every touchpoint counts as received when it occurred.
func population(r *rand.Rand) *stitching.Population {
	p := stitching.New(r, 25, 400)
	for _, t := range p.Touchpoints {
		t.ReceivedAt = t.OccurredAt * 1000
	}
	for _, pair := range [][2]string{{"a1", "u1"}, {"a3", "u3"}} {
		p.Unlinks = append(p.Unlinks, &touchpoint.Unlink{
			Site: stitching.Site, AnonymousId: pair[0], UserId: pair[1], Until: p.Touchpoints[len(p.Touchpoints)/2].OccurredAt, Reason: "a test",
		})
	}
	return p
}

// bodies are the population's touchpoints as requests, in any order.
func bodies(r *rand.Rand, p *stitching.Population) (all [][]byte) {
	order := r.Perm(len(p.Touchpoints))
	for len(order) > 0 {
		n := min(len(order), 1+r.IntN(12))
		var events []map[string]any
		for _, i := range order[:n] {
			t := p.Touchpoints[i]
			event := map[string]any{
				"message_id": t.MessageId, "type": t.Type, "event": t.Event, "user_id": t.UserId, "anonymous_id": t.AnonymousId,
				"timestamp": time.UnixMilli(t.OccurredAt).UTC().Format(time.RFC3339Nano), "passive": t.Passive, "channel": t.Channel,
			}
			if t.Stage > 0 {
				event["stage"] = stages.Stage(t.Stage).String()
			}
			events = append(events, event)
		}
		body, err := json.Marshal(events)
		if err != nil {
			panic(err)
		}
		all, order = append(all, body), order[n:]
	}
	return all
}

// post sends a request until it is answered 200.
func post(ctx context.Context, p *harness.Pipeline, body []byte) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.HTTP+"/v1/import", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer local-import")
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			var verdicts struct{ Rejected, Retry int }
			err = json.NewDecoder(resp.Body).Decode(&verdicts)
			resp.Body.Close()
			if err == nil && verdicts.Rejected > 0 {
				return fmt.Errorf("%d events rejected", verdicts.Rejected)
			}
			if err == nil && resp.StatusCode == http.StatusOK && verdicts.Retry == 0 {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// unlink withdraws by the command line, until it is said to be done.
func unlink(ctx context.Context, p *harness.Pipeline, u *touchpoint.Unlink) error {
	args := []string{"identity", "unlink", "--anonymous", u.AnonymousId, "--user", u.UserId, "--reason", u.Reason}
	if u.Until == 0 {
		args = append(args, "--forever")
	} else {
		args = append(args, "--until", time.UnixMilli(u.Until).UTC().Format(time.RFC3339Nano))
	}
	for {
		out, err := p.Command(ctx, args...)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || strings.Contains(out, "--help") {
			return fmt.Errorf("%w\n%s", err, out)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// feed sends everything: touchpoints, and unlinks on the way. It takes at least so long.
func feed(ctx context.Context, r *rand.Rand, pipeline *harness.Pipeline, p *stitching.Population, lasting time.Duration) error {
	requests, unlinks := bodies(r, p), p.Unlinks
	for i, body := range requests {
		if err := post(ctx, pipeline, body); err != nil {
			return err
		}
		time.Sleep(lasting / time.Duration(len(requests)))
		for len(unlinks) > 0 && (len(p.Unlinks)-len(unlinks)+1)*len(requests) <= (i+1)*len(p.Unlinks) {
			if err := unlink(ctx, pipeline, unlinks[0]); err != nil {
				return err
			}
			unlinks = unlinks[1:]
		}
	}
	return nil
}

// TestStitchingSurvivesKills posts people on shared devices, with logins, logouts, copies and unlinks, while everything is killed
// again and again, in the middle of contributions too. The tables equal those of an undisturbed run, and every touchpoint belongs
// to whom the naive rule gives it.
func TestStitchingSurvivesKills(t *testing.T) {
	t.Logf("%d kills, seed %d", *identityKills, *identitySeed)
	people := population(rand.New(rand.NewPCG(*identitySeed, 1)))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	calm := harness.New(t, suite.Sites)
	calm.Start(t)
	must(t, feed(ctx, rand.New(rand.NewPCG(1, 1)), calm, people, 0))
	calm.CaughtUp(t, 2*time.Minute)
	want := calm.Tables(t, stitching.Site)
	sameOwners(t, calm, people)
	explains(t, calm, people)
	calm.Stop(t)

	r := rand.New(rand.NewPCG(*identitySeed, 2))
	p := harness.New(t, suite.Sites, "PROCESSOR_FLUSH_INTERVAL=20ms")
	p.Start(t)
	fed := make(chan error, 1)
	go func() {
		fed <- feed(ctx, rand.New(rand.NewPCG(*identitySeed, 3)), p, people, time.Duration(*identityKills)*time.Second)
	}()
	for range *identityKills {
		time.Sleep(time.Duration(200+r.IntN(2500)) * time.Millisecond)
		p.Kill()
		p.Launch(t)
	}
	p.WaitReady(t)
	must(t, <-fed)
	p.CaughtUp(t, 3*time.Minute)
	suite.SameTables(t, p.Tables(t, stitching.Site), want)
	sameOwners(t, p, people)
}

// sameOwners compares whom the view gives each touchpoint to with the naive rule, and the journeys' counts with both.
func sameOwners(t *testing.T, p *harness.Pipeline, people *stitching.Population) {
	t.Helper()
	got := map[string]bool{}
	for line := range strings.Lines(p.Query(t, "SELECT message_id, user_id, anonymous_id, customer_kind, customer_id FROM touchpoints WHERE site = 'main'") + "\n") {
		got[strings.TrimSuffix(line, "\n")] = true
	}
	want := map[string]bool{}
	for _, sent := range stitching.Sent(people.Touchpoints) {
		for _, tp := range sent {
			owner := "anonymous\t" + tp.AnonymousId
			if user := stitching.UserOf(tp, people.Touchpoints, people.Unlinks); user != "" {
				owner = "user\t" + user
			}
			want[tp.MessageId+"\t"+tp.UserId+"\t"+tp.AnonymousId+"\t"+owner] = true
		}
	}
	if !reflect.DeepEqual(got, want) {
		for line := range want {
			if !got[line] {
				t.Errorf("missing: %s", line)
			}
		}
		t.Fatalf("%d touchpoints, want %d", len(got), len(want))
	}
	counts := map[string]bool{}
	for c, touchpoints := range stitching.Resolve(people.Touchpoints, people.Unlinks) {
		counts[fmt.Sprintf("%s\t%s\t%d", c.Kind, c.ID, len(touchpoints))] = true
	}
	for line := range strings.Lines(p.Query(t, "SELECT customer_kind, customer_id, sum(touchpoints) FROM journeys WHERE site = 'main' GROUP BY ALL") + "\n") {
		if line = strings.TrimSuffix(line, "\n"); !counts[line] {
			t.Errorf("journeys have %q", line)
		}
		delete(counts, line)
	}
	for line := range counts {
		t.Errorf("journeys lack %q", line)
	}
}

// explains asks the command line about an anonymous id and compares its shares with the naive rule.
func explains(t *testing.T, p *harness.Pipeline, people *stitching.Population) {
	t.Helper()
	const id = "a1"
	want := map[string]uint64{}
	for _, tp := range stitching.Sent(people.Touchpoints)[touchpoint.Customer{Site: stitching.Site, Kind: touchpoint.KindAnonymous, ID: id}] {
		want[stitching.UserOf(tp, people.Touchpoints, people.Unlinks)]++
	}
	out, err := p.Command(t.Context(), "identity", "explain", id, "--json", "--touchpoints", "3")
	must(t, err)
	var report struct {
		Anonymous struct {
			Shares      map[string]uint64
			Touchpoints []struct{ Why string }
			Unlinks     []struct{ Reason string }
		}
	}
	must(t, json.Unmarshal([]byte(out), &report))
	if a := report.Anonymous; !reflect.DeepEqual(a.Shares, want) || len(a.Touchpoints) != 3 || len(a.Unlinks) == 0 {
		t.Errorf("explained as\n%s\nwant shares %v", out, want)
	}
	out, err = p.Command(t.Context(), "identity", "explain", "u1")
	must(t, err)
	if !strings.Contains(out, "from anonymous id a1") || !strings.Contains(out, "was unlinked up to") {
		t.Errorf("explained as\n%s", out)
	}
}
