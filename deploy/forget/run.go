package forget

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/throughline/throughline/deploy/topics"
	"github.com/throughline/throughline/processor"
	"github.com/throughline/throughline/processor/store"
	schema "github.com/throughline/throughline/schemas/clickhouse"
)

// Config is where everything is.
type Config struct {
	ClickHouse driver.Conn
	// The form that the tables have there.
	Form  schema.Form
	Kafka topics.Config
	// The consumer group of the processors.
	Group string
	// Patience is how long to wait for the processors each time.
	Patience time.Duration
	// Told is called with a line about each step, and about how far it is.
	Told func(line string)
}

// Errors of Do.
var (
	// ErrWaiting means that the processors have not carried the request out within the time. They still will; running it again finishes it.
	ErrWaiting = errors.New("the processors have not come so far")
	// ErrLeft means that rows are left after the deletion.
	ErrLeft = errors.New("something is left")
)

// Run is a request under way.
type Run struct {
	cfg     Config
	plan    *Plan
	request string
	salt    []byte
	until   time.Time
	deleted map[string]uint64
}

// Look finds what a request would erase and changes nothing.
func Look(ctx context.Context, cfg Config, p Person, now time.Time) (*Plan, []Count, error) {
	r, err := begin(ctx, cfg, p, now)
	if err != nil {
		return nil, nil, err
	}
	counts, err := r.counts(ctx)
	return r.plan, counts, err
}

// Do erases a person: what was received up to now goes. It may be run again, whatever stopped it before. It is refused with
// processor.ErrRebuilding while a rebuild is not finished: that could write again what is deleted. The result is what was deleted, by table.
func Do(ctx context.Context, cfg Config, p Person, now time.Time) (request string, deleted map[string]uint64, err error) {
	r, err := begin(ctx, cfg, p, now)
	if err != nil {
		return "", nil, err
	}
	if err := r.undisturbed(ctx); err != nil {
		return "", nil, err
	}
	for _, step := range []func(context.Context) error{r.asked, r.tell, r.undisturbed, r.clear, r.verify, r.done} {
		if err := step(ctx); err != nil {
			return r.request, r.deleted, fmt.Errorf("request %s: %w", r.request, err)
		}
	}
	return r.request, r.deleted, nil
}

func begin(ctx context.Context, cfg Config, p Person, now time.Time) (*Run, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	plan, err := find(ctx, cfg.ClickHouse, p)
	if err != nil {
		return nil, err
	}
	r := &Run{cfg: cfg, plan: plan, request: uuid.NewString(), until: now, deleted: map[string]uint64{}}
	r.salt, err = salt(ctx, cfg.ClickHouse)
	return r, err
}

// salt gives the one that is in use, so that there are few: a processor hashes ids with each.
func salt(ctx context.Context, conn driver.Conn) ([]byte, error) {
	known, err := texts(ctx, conn, "SELECT salt FROM erasures_log ORDER BY asked_at LIMIT 1", nil)
	if err != nil {
		return nil, fmt.Errorf("read the salt: %w (run: throughline migrate)", err)
	}
	if len(known) > 0 {
		return hex.DecodeString(known[0])
	}
	fresh := make([]byte, 16)
	_, err = rand.Read(fresh)
	return fresh, err
}

// rounds bounds how often ids are looked up again that came to light meanwhile.
const rounds = 5

// tell has the processors erase the person: first the parts that the person has of anonymous ids, then the person. What comes to light
// meanwhile, such as a login that was still on its way, makes another round.
func (r *Run) tell(ctx context.Context) error {
	for round := 1; ; round++ {
		if err := r.send(ctx, r.parts()); err != nil {
			return err
		}
		if err := r.wait(ctx, "the anonymous ids"); err != nil {
			return err
		}
		// Once more: what ids have told users because of it has arrived by now.
		if err := r.send(ctx, r.ofUsers()); err != nil {
			return err
		}
		ends, err := topics.Ends(ctx, r.cfg.Kafka)
		if err != nil {
			return err
		}
		if err := r.broadcast(ctx, r.plan.whole(), len(ends)); err != nil {
			return err
		}
		if err := r.wait(ctx, "the person"); err != nil {
			return err
		}
		later, err := find(ctx, r.cfg.ClickHouse, r.plan.Person)
		if err != nil {
			return err
		}
		known := len(r.plan.IDs)
		if r.plan.merge(later); len(r.plan.IDs) == known {
			return nil
		}
		if round == rounds { // the processors were not told of those
			return fmt.Errorf("%w: after %d rounds new anonymous ids of the person still come to light; run this again", ErrLeft, rounds)
		}
	}
}

// undisturbed is processor.ErrRebuilding where the last rebuild of a site is not over.
func (r *Run) undisturbed(ctx context.Context) error {
	open, err := number(ctx, r.cfg.ClickHouse, "SELECT count() FROM (SELECT argMax(finished_at IS NULL, began_at) AS open FROM rebuilds GROUP BY site) WHERE open", nil)
	if err != nil {
		return fmt.Errorf("look for a rebuild: %w", err)
	}
	if open > 0 {
		return fmt.Errorf("%w: finish it (throughline rebuild), start the processors, and run this again", processor.ErrRebuilding)
	}
	return nil
}

// wait returns when the processors have committed everything that is in the log now.
func (r *Run) wait(ctx context.Context, what string) error {
	ends, err := topics.Ends(ctx, r.cfg.Kafka)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Patience)
	defer cancel()
	for said := int64(-1); ; {
		missing, err := topics.Missing(ctx, r.cfg.Kafka, r.cfg.Group, ends)
		if err == nil && missing == 0 {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %d records before %s are waiting for the group %s. The request is in Kafka and will be carried out; run this again to finish it",
				ErrWaiting, missing, what, r.cfg.Group)
		}
		if err != nil {
			return err
		}
		if missing != said {
			r.cfg.Told(fmt.Sprintf("waiting until the processors have erased %s: %d records to go", what, missing))
			said = missing
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// clear deletes the rows for good.
func (r *Run) clear(ctx context.Context) error {
	all, err := r.removals(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		n, err := r.count(ctx, m)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		r.cfg.Told(fmt.Sprintf("deleting %d rows of %s", n, m.table))
		if err := r.remove(ctx, m); err != nil {
			return err
		}
		if m.set == "" {
			r.deleted[m.table] += n
		}
	}
	return nil
}

// verify is ErrLeft where a row still names the person.
func (r *Run) verify(ctx context.Context) error {
	all, err := r.removals(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.table == store.TableContributions { // whoever came back meanwhile may have some again
			m.where += fmt.Sprintf(" AND version <= %d", r.until.UnixMicro())
		}
		n, err := r.count(ctx, m)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%w: %d rows of %s; run this again", ErrLeft, n, m.table)
		}
	}
	return nil
}
