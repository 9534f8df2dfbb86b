package forget

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Count is how many rows of a table go.
type Count struct {
	Table string
	Rows  uint64
}

// asked writes down that the request was made.
func (r *Run) asked(ctx context.Context) error {
	if err := r.note(ctx, "toDateTime64(0, 6, 'UTC')", 0, 1); err != nil {
		return fmt.Errorf("write down the request: %w", err)
	}
	r.cfg.Told("request " + r.request + " is written down in the table erasures")
	return nil
}

// done writes down that nothing is left.
func (r *Run) done(ctx context.Context) error {
	touchpoints, err := number(ctx, r.cfg.ClickHouse, "SELECT sum(touchpoints) FROM erasures_log FINAL WHERE request = {request:String} AND kind != 'request'",
		named{"request": r.request})
	if err != nil {
		return fmt.Errorf("count what went: %w", err)
	}
	if err := r.note(ctx, "now64(6)", touchpoints, 2); err != nil {
		return fmt.Errorf("write down that the request is done: %w", err)
	}
	return nil
}

func (r *Run) note(ctx context.Context, doneAt string, touchpoints uint64, version int) error {
	kind, id := erasure.Kind("user"), r.plan.User
	if id == "" {
		kind, id = "anonymous", r.plan.Anonymous
	}
	var counts []string
	for _, table := range slices.Sorted(maps.Keys(r.deleted)) {
		counts = append(counts, fmt.Sprintf("'%s', %d", table, r.deleted[table]))
	}
	hash := erasure.Hash(r.salt, kind, r.plan.Site, id, "")
	return r.cfg.ClickHouse.Exec(ctx, fmt.Sprintf(`INSERT INTO erasures_log (site, kind, hash, salt, request, asked_at, done_at, touchpoints, rows_deleted, version)
		SELECT %s, 'request', '%s', '%s', '%s', fromUnixTimestamp64Micro(%d, 'UTC'), %s, %d, map(%s), %d`,
		quoted(r.plan.Site), uuid.UUID(hash), hex.EncodeToString(r.salt), r.request, r.until.UnixMicro(), doneAt,
		touchpoints, strings.Join(counts, ", "), version))
}

func quoted(s string) string { return "unhex('" + hex.EncodeToString([]byte(s)) + "')" }

// ofUsers are the records that take from users what came from the person's ids.
func (r *Run) ofUsers() (all []*touchpoint.Erase) {
	for _, e := range r.parts() {
		if e.Kind == touchpoint.KindUser.String() {
			all = append(all, e)
		}
	}
	return all
}

// counts gives how many rows each table has of the person, versions and tombstones included.
func (r *Run) counts(ctx context.Context) (all []Count, err error) {
	whole := r.customers(r.plan.whole())
	for _, m := range []removal{
		{table: store.TableTouchpoints, where: whole}, {table: store.TableSessions, where: whole}, {table: store.TableJourneys, where: whole},
		{table: store.TableTransitions, where: whole}, {table: store.TableIdentities, where: r.named()},
		{table: store.TableUnlinks, where: r.named()}, {table: store.TableContributions, where: r.named()},
	} {
		n, err := r.count(ctx, m)
		if err != nil {
			return nil, err
		}
		all = append(all, Count{m.table, n})
	}
	refused, err := r.rejected(ctx)
	if err != nil {
		return nil, err
	}
	n := uint64(0)
	for _, m := range refused {
		some, err := r.count(ctx, m)
		if err != nil {
			return nil, err
		}
		n += some
	}
	return append(all, Count{store.TableRejected, n}), nil
}
