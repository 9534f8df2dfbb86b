package faults

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/tests/faults/check"
)

// writers is how many clients post at a time.
const writers = 3

// traffic is clients that post touchpoints, again when they get no answer, and at times although they got one.
type traffic struct {
	rig    *rig
	client *http.Client
	cancel context.CancelFunc
	work   sync.WaitGroup
	acked  atomic.Int64
	failed atomic.Int64
	base   time.Time
	pause  time.Duration
	number int
}

// startTraffic begins to post to all collectors. stop ends it.
func (r *rig) startTraffic(t testing.TB) *traffic {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	x := &traffic{
		rig: r, cancel: cancel, base: time.Now().AddDate(0, 0, -10).Truncate(time.Hour), pause: cmp.Or(r.pause, 15*time.Millisecond),
		client: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: writers}},
	}
	r.traffics++
	x.number = r.traffics
	for n := range writers {
		x.work.Go(func() { x.write(ctx, n) })
	}
	t.Cleanup(func() { cancel(); x.work.Wait() })
	return x
}

// stop ends posting once enough was sent.
func (x *traffic) stop(t testing.TB) {
	t.Helper()
	x.due(*events)
	x.cancel()
	x.work.Wait()
}

// due waits until so many events were sent.
func (x *traffic) due(events int) {
	for sent, _ := x.rig.ledger.Count(); sent < events; sent, _ = x.rig.ledger.Count() {
		time.Sleep(10 * time.Millisecond)
	}
}

// message is an event as it is posted.
type message struct {
	MessageID   string `json:"message_id"`
	Event       string `json:"event"`
	AnonymousID string `json:"anonymous_id,omitempty"`
	UserID      string `json:"user_id,omitempty"`
	Timestamp   string `json:"timestamp,omitempty"`
	SentAt      string `json:"sent_at,omitempty"`
	Stage       string `json:"stage,omitempty"`
	corrected   bool   // sent_at is given anew each time it is posted
}

// write posts one batch after another. What it posts follows from the seed, what becomes of it does not.
func (x *traffic) write(ctx context.Context, writer int) {
	r := rand.New(rand.NewPCG(*seed, uint64(100*x.number+writer)))
	for n := 0; ctx.Err() == nil; {
		batch := make([]*message, 1+r.IntN(40))
		for i := range batch {
			batch[i] = x.message(r, writer, n)
			n++
		}
		first, repeat := r.IntN(len(x.rig.collectors)), r.IntN(10) == 0
		x.deliver(ctx, batch, first)
		if repeat {
			x.deliver(ctx, batch, first+1)
		}
		time.Sleep(time.Duration(r.Int64N(int64(2 * x.pause))))
	}
}

// message makes one event, of a customer whose sessions other events will bridge. Customers come and go, so that there are
// always some with few events.
func (x *traffic) message(r *rand.Rand, writer, n int) *message {
	id, customer := fmt.Sprintf("t%d-w%d-%d", x.number, writer, n), n/1500*100+r.IntN(300)
	at := x.base.Add(time.Duration(customer%5)*24*time.Hour + time.Duration(r.Int64N(4*3600_000))*time.Millisecond)
	stage := stages.Stage(r.IntN(int(stages.Last) + 1))
	m := &message{MessageID: id, Event: fmt.Sprint("Step ", r.IntN(5)), Timestamp: stamp(at), corrected: r.IntN(8) == 0}
	if stage != stages.None {
		m.Stage = stage.String()
	}
	e := check.Event{Site: "main", MessageID: id, CustomerID: fmt.Sprint("customer-", customer), Name: m.Event, Stage: uint8(stage)}
	if m.AnonymousID = e.CustomerID; customer%4 == 0 {
		m.AnonymousID, m.UserID = "", e.CustomerID
	}
	if !m.corrected {
		e.OccurredAt = at.UnixMilli()
	}
	x.rig.ledger.Sent(e)
	return m
}

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// deliver posts a batch, to another collector each time, until it is acknowledged or patience is over.
func (x *traffic) deliver(ctx context.Context, batch []*message, first int) {
	for try := range 4 {
		c := x.rig.collectors[(first+try)%len(x.rig.collectors)]
		if err := x.post(context.WithoutCancel(ctx), c.http, batch); err == nil {
			return
		}
		x.failed.Add(1)
		time.Sleep(100 * time.Millisecond)
	}
}

// post sends a batch once and notes what is acknowledged.
func (x *traffic) post(ctx context.Context, addr string, batch []*message) error {
	for _, m := range batch {
		if m.corrected {
			m.SentAt = stamp(time.Now())
		}
	}
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/v1/touchpoints", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer local")
	req.Header.Set("Content-Type", "application/json")
	resp, err := x.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct{ Accepted int }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || answer.Accepted != len(batch) {
		return fmt.Errorf("status %s, %d of %d accepted", resp.Status, answer.Accepted, len(batch))
	}
	for _, m := range batch {
		x.rig.ledger.Acknowledged("main", m.MessageID)
	}
	x.acked.Add(int64(len(batch)))
	return nil
}

// more waits until so many more events have been acknowledged.
func (x *traffic) more(t testing.TB, n int64) {
	t.Helper()
	for target, end := x.acked.Load()+n, time.Now().Add(time.Minute); x.acked.Load() < target; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d more events were not acknowledged within a minute: %d were, %d posts failed", n, x.acked.Load()-target+n, x.failed.Load())
		}
	}
}
