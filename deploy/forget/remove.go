package forget

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// A removal deletes rows of a table for good. Its condition holds hashes and no ids: ClickHouse keeps the text of such statements.
type removal struct {
	table, where string
	// Other than deletions: what is set.
	set string
}

// keysAtOnce bounds the keys in one statement.
const keysAtOnce = 2000

// hashed is a condition that holds for rows whose columns, by kind and id, name one of the customers.
func (r *Run) hashed(kind, id string, customers []touchpoint.Customer) string {
	if len(customers) == 0 {
		return "0"
	}
	var hashes []string
	for _, c := range customers {
		sum := sha256.Sum256([]byte(string(r.salt) + "\x00" + c.Site + "\x00" + c.Kind.String() + "\x00" + c.ID))
		hashes = append(hashes, "unhex('"+hex.EncodeToString(sum[:])+"')")
	}
	return fmt.Sprintf(`SHA256(concat(unhex('%s'), '\0', site, '\0', %s, '\0', %s)) IN (%s)`,
		hex.EncodeToString(r.salt), kind, id, strings.Join(hashes, ", "))
}

// customers is the same for tables of customers, which have the bucket as well.
func (r *Run) customers(all []touchpoint.Customer) string {
	if len(all) == 0 {
		return "0"
	}
	var buckets []string
	for _, c := range all {
		buckets = append(buckets, fmt.Sprint(c.Bucket()))
	}
	in := "bucket IN (" + strings.Join(buckets, ", ") + ")"
	return in + " AND if(" + in + ", " + r.hashed("customer_kind", "customer_id", all) + ", 0)"
}

// of are those of one kind.
func of(kind touchpoint.Kind, all []touchpoint.Customer) []touchpoint.Customer {
	return slices.DeleteFunc(slices.Clone(all), func(c touchpoint.Customer) bool { return c.Kind != kind })
}

// named is a condition for tables of pairs: the user or the anonymous id is one that goes whole.
func (r *Run) named() string {
	whole := r.plan.whole()
	return "(" + r.hashed("'user'", "user_id", of(touchpoint.KindUser, whole)) + " OR " +
		r.hashed("'anonymous'", "anonymous_id", of(touchpoint.KindAnonymous, whole)) + ")"
}

// received is a condition on when something was received.
func (r *Run) received() string {
	return fmt.Sprintf("received_at <= fromUnixTimestamp64Micro(%d, 'UTC')", r.until.UnixMicro())
}

// removals are all statements that are needed now; none when nothing is left.
func (r *Run) removals(ctx context.Context) (all []removal, err error) {
	whole := r.customers(r.plan.whole())
	all = append(all, removal{table: store.TableTouchpoints, where: whole + " AND " + r.received()})
	for _, find := range []func(context.Context) ([]removal, error){r.sharedTouchpoints, r.derived, r.identities, r.rejected} {
		more, err := find(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	all = append(all, removal{table: store.TableUnlinks, where: r.named() + " AND " + r.received()}, removal{table: store.TableContributions, where: r.named()})
	if r.plan.Anonymous != "" {
		all = append(all, removal{
			table: store.TableTouchpoints, set: "anonymous_id = ''",
			where: "customer_kind = 'user' AND " + r.hashed("'anonymous'", "anonymous_id", r.plan.whole()) + " AND " + r.received(),
		})
	}
	return all, nil
}

// chunks makes a removal of each few keys.
func chunks(table, where, key string, keys []string) (all []removal) {
	for some := range slices.Chunk(keys, keysAtOnce) {
		all = append(all, removal{table: table, where: where + " AND " + key + " IN (" + strings.Join(some, ", ") + ")"})
	}
	return all
}

// sharedTouchpoints are those that the processor has tombstoned under ids that others have a part of.
func (r *Run) sharedTouchpoints(ctx context.Context) (all []removal, err error) {
	for _, c := range r.plan.shared() {
		ids, err := texts(ctx, r.cfg.ClickHouse, `SELECT DISTINCT message_id FROM touchpoints_log WHERE site = {site:String} AND customer_kind = 'anonymous'
			AND customer_id = {id:String} AND version = 18446744073709551615`, named{"site": c.Site, "id": c.ID})
		if err != nil {
			return nil, fmt.Errorf("look up touchpoints that went: %w", err)
		}
		for i, id := range ids {
			sum := sha256.Sum256([]byte(string(r.salt) + id))
			ids[i] = "unhex('" + hex.EncodeToString(sum[:]) + "')"
		}
		key := fmt.Sprintf("SHA256(concat(unhex('%s'), message_id))", hex.EncodeToString(r.salt))
		all = append(all, chunks(store.TableTouchpoints, r.customers([]touchpoint.Customer{c})+" AND "+r.received(), key, ids)...)
	}
	return all, nil
}

// derived are sessions, journeys and transitions that are no more. Those of whoever came back under the same id are alive and stay.
func (r *Run) derived(ctx context.Context) (all []removal, err error) {
	for _, t := range [...]struct{ table, id string }{
		{store.TableSessions, "session_id"}, {store.TableJourneys, "journey_id"}, {store.TableTransitions, "transition_id"},
	} {
		var dead []string
		for _, c := range r.plan.whole() {
			of := "site = {site:String} AND customer_kind = {kind:String} AND customer_id = {id:String}"
			ids, err := texts(ctx, r.cfg.ClickHouse, fmt.Sprintf(`SELECT DISTINCT toString(%[1]s) FROM %[2]s WHERE %[3]s
				AND %[1]s GLOBAL NOT IN (SELECT %[1]s FROM %[2]s FINAL WHERE %[3]s)`, t.id, t.table, of),
				named{"site": c.Site, "kind": c.Kind.String(), "id": c.ID})
			if err != nil {
				return nil, fmt.Errorf("look up rows of %s that went: %w", t.table, err)
			}
			dead = append(dead, ids...)
		}
		for i := range dead {
			dead[i] = "'" + dead[i] + "'"
		}
		all = append(all, chunks(t.table, r.customers(r.plan.whole()), t.id, dead)...)
	}
	return all, nil
}

// identities are the edges that the processor has tombstoned.
func (r *Run) identities(ctx context.Context) ([]removal, error) {
	var keys []string
	for _, c := range r.plan.whole() {
		column := map[touchpoint.Kind]string{touchpoint.KindUser: "user_id", touchpoint.KindAnonymous: "anonymous_id"}[c.Kind]
		err := rows(ctx, r.cfg.ClickHouse, fmt.Sprintf(`SELECT toUnixTimestamp64Milli(asserted_at), hex(source) FROM identities_log
			WHERE site = {site:String} AND %s = {id:String} AND toUnixTimestamp64Micro(asserted_at::DateTime64(6, 'UTC')) <= %d
			GROUP BY anonymous_id, user_id, asserted_at, source HAVING max(is_deleted) = 1`, column, r.until.UnixMicro()),
			named{"site": c.Site, "id": c.ID}, func(scan func(...any) error) error {
				var at int64
				var source string
				err := scan(&at, &source)
				keys = append(keys, fmt.Sprintf("(%d, '%s')", at, source))
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("look up identities that went: %w", err)
		}
	}
	slices.Sort(keys)
	return chunks(store.TableIdentities, r.named(), "(toUnixTimestamp64Milli(asserted_at), hex(source))", slices.Compact(keys)), nil
}

// count gives how many rows the removal is about, in all shards.
func (r *Run) count(ctx context.Context, m removal) (uint64, error) {
	n, err := number(ctx, r.cfg.ClickHouse, "SELECT count() FROM "+m.table+" WHERE "+m.where, nil)
	if err != nil {
		return 0, fmt.Errorf("count rows of %s: %w", m.table, err)
	}
	return n, nil
}

// remove runs the removal on every replica and returns when it is done there.
func (r *Run) remove(ctx context.Context, m removal) error {
	do := "DELETE"
	if m.set != "" {
		do = "UPDATE " + m.set
	}
	if err := r.cfg.ClickHouse.Exec(ctx, "ALTER TABLE "+r.cfg.Form.Stored(m.table)+" "+do+" WHERE "+m.where+" SETTINGS mutations_sync = 2"); err != nil {
		return fmt.Errorf("delete from %s: %w", m.table, err)
	}
	return nil
}
