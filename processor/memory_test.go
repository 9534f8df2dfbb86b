package processor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// memory is a Store with ClickHouse's rules: of rows with one key the greatest version wins, of equals the last. It fails
// now and then, sometimes after it has done the work.
type memory struct {
	mu            sync.Mutex
	r             *rand.Rand
	failures      float64
	touchpoints   map[string]store.TouchpointRow
	derived       map[string]derived
	rejected      map[string]*touchpoint.Rejection
	identities    map[identityKey]store.Identity
	unlinks       map[store.Unlink]bool
	contributions map[string]store.Contribution
	erasures      []store.Erasure
	rebuilds      []store.RebuildStep
	deleting      []string
	writes        int
	// Takes every INSERT that landed; may be nil.
	landed func(batches []*store.Batch)
	// Called at the beginning of each Write, before the fence is asked.
	before func()
}

type identityKey struct {
	site, anonymous, user, source string
	at                            int64
}

type derived struct {
	table string
	at    int64
	key   journey.Key
	row   any
}

func newMemory(seed uint64, failures float64) *memory {
	return &memory{
		r: rand.New(rand.NewPCG(seed, 9)), failures: failures, touchpoints: map[string]store.TouchpointRow{},
		derived: map[string]derived{}, rejected: map[string]*touchpoint.Rejection{},
		identities: map[identityKey]store.Identity{}, unlinks: map[store.Unlink]bool{}, contributions: map[string]store.Contribution{},
	}
}

var errAway = errors.New("connection refused")

func (m *memory) Write(ctx context.Context, batches ...*store.Batch) error {
	if m.before != nil {
		m.before()
	}
	if err := store.PassFence(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.r.Float64() < m.failures/2 {
		return errAway
	}
	for _, b := range batches {
		m.take(b)
	}
	if m.landed != nil {
		m.landed(batches)
	}
	if m.r.Float64() < m.failures/2 {
		return errAway
	}
	return nil
}

func (m *memory) take(b *store.Batch) {
	for _, t := range b.Touchpoints {
		key := fmt.Sprint(t.Site, "/", t.Customer(), dayOf(t.OccurredAt), t.MessageId) // the table's sort key
		if old, ok := m.touchpoints[key]; !ok || t.Version >= old.Version {
			m.touchpoints[key] = *t
		}
	}
	for _, s := range b.Sessions {
		m.put(derived{store.TableSessions, s.StartedAt, s.Key, s})
	}
	for _, j := range b.Journeys {
		m.put(derived{store.TableJourneys, j.StartedAt, j.Key, j})
	}
	for _, t := range b.Transitions {
		m.put(derived{store.TableTransitions, t.At, t.Key, t})
	}
	for _, i := range b.Identities {
		key := identityKey{i.Site, i.AnonymousID, i.UserID, i.Source, i.AssertedAt}
		if old, ok := m.identities[key]; !ok || i.Version >= old.Version {
			m.identities[key] = i
		}
	}
	for _, u := range b.Unlinks {
		m.unlinks[u] = true
	}
	for _, c := range b.Contributions {
		key := fmt.Sprint(c.Site, "/", c.UserID, "/", c.AnonymousID)
		if old, ok := m.contributions[key]; !ok || c.Version >= old.Version {
			m.contributions[key] = c
		}
	}
	m.erasures = append(m.erasures, b.Erasures...)
	for _, r := range b.Rejected {
		m.rejected[fmt.Sprint(r.Topic, r.Partition, r.Offset, r.MessageId)] = r
	}
}

func (m *memory) put(d derived) {
	name := fmt.Sprint(d.table, d.at, d.key.Customer, d.key.ID)
	if old, ok := m.derived[name]; !ok || d.key.Version >= old.key.Version {
		m.derived[name] = d
	}
}

func (m *memory) LiveKeys(_ context.Context, customers []touchpoint.Customer, fn func(store.LiveKey) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	wanted := map[touchpoint.Customer]bool{}
	for _, c := range customers {
		wanted[c] = true
	}
	for _, d := range m.derived {
		if wanted[d.key.Customer] && !d.key.Deleted {
			if err := fn(store.LiveKey{Table: d.table, Key: d.key, At: d.at}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) Floors(_ context.Context, customers []touchpoint.Customer) (map[touchpoint.Customer]uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	floors := map[touchpoint.Customer]uint64{}
	for _, d := range m.derived {
		if slices.Contains(customers, d.key.Customer) {
			floors[d.key.Customer] = max(floors[d.key.Customer], d.key.Version)
		}
	}
	return floors, nil
}

func (m *memory) Restore(_ context.Context, partition, partitions int, _ time.Time, fn func(*store.TouchRow) error) error {
	return m.touches(func(c touchpoint.Customer) bool { return int(c.Bucket())%partitions == partition }, fn)
}

func (m *memory) Touches(_ context.Context, customers []touchpoint.Customer, fn func(*store.TouchRow) error) error {
	return m.touches(func(c touchpoint.Customer) bool { return slices.Contains(customers, c) }, fn)
}

func (m *memory) touches(of func(touchpoint.Customer) bool, fn func(*store.TouchRow) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	by := map[touchpoint.Customer][]store.TouchpointRow{}
	for _, t := range m.touchpoints {
		if !t.Deleted && of(t.Customer()) {
			by[t.Customer()] = append(by[t.Customer()], t)
		}
	}
	for c, rows := range by {
		floor := uint64(0)
		for _, d := range m.derived {
			if d.table == store.TableJourneys && d.key.Customer == c {
				floor = max(floor, d.key.Version)
			}
		}
		for _, t := range rows {
			row := store.TouchRow{
				Customer: c, Bucket: t.Bucket, Currency: t.Currency, Bot: t.Bot, Floor: floor,
				Touch: (&siteRules{}).touch(t.Touchpoint, t.Stage),
			}
			if err := fn(&row); err != nil {
				return err
			}
		}
	}
	return nil
}

// linked gives what is stored of an anonymous id.
func (m *memory) linked(site, anonymous string) *store.LinkedID {
	l := &store.LinkedID{Site: site, AnonymousID: anonymous}
	for key, i := range m.identities {
		if key.site == site && key.anonymous == anonymous {
			l.Edges = append(l.Edges, store.StoredEdge{Edge: identity.Edge{UserID: i.UserID, At: i.AssertedAt, Source: i.Source}, Deleted: i.Deleted})
		}
	}
	for u := range m.unlinks {
		if u.Site == site && u.AnonymousID == anonymous {
			until := u.Until
			if until == 0 {
				until = identity.Forever
			}
			l.Unlinks = append(l.Unlinks, identity.Unlink{UserID: u.UserID, Until: until})
			l.UnlinkedAt = append(l.UnlinkedAt, u.ReceivedAt)
		}
	}
	return l
}

func (m *memory) RestoreLinks(_ context.Context, partition, partitions int, fn func(*store.LinkedID) error) error {
	return m.links(func(c touchpoint.Customer) bool { return int(c.Bucket())%partitions == partition }, fn)
}

func (m *memory) Links(_ context.Context, customers []touchpoint.Customer, fn func(*store.LinkedID) error) error {
	return m.links(func(c touchpoint.Customer) bool { return slices.Contains(customers, c) }, fn)
}

func (m *memory) links(of func(touchpoint.Customer) bool, fn func(*store.LinkedID) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := map[touchpoint.Customer]bool{}
	for key := range m.identities {
		ids[touchpoint.Customer{Site: key.site, Kind: touchpoint.KindAnonymous, ID: key.anonymous}] = true
	}
	for u := range m.unlinks {
		ids[touchpoint.Customer{Site: u.Site, Kind: touchpoint.KindAnonymous, ID: u.AnonymousID}] = true
	}
	for id := range ids {
		if of(id) {
			if err := fn(m.linked(id.Site, id.ID)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) RestoreSources(_ context.Context, partition, partitions int, fn func(*store.SourceOf) error) error {
	return m.sources(func(c touchpoint.Customer) bool { return int(c.Bucket())%partitions == partition }, fn)
}

func (m *memory) Sources(_ context.Context, users []touchpoint.Customer, fn func(*store.SourceOf) error) error {
	return m.sources(func(c touchpoint.Customer) bool { return slices.Contains(users, c) }, fn)
}

func (m *memory) sources(of func(touchpoint.Customer) bool, fn func(*store.SourceOf) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	pairs := map[[3]string]store.Contribution{}
	for key := range m.identities {
		pairs[[3]string{key.site, key.user, key.anonymous}] = store.Contribution{}
	}
	for _, c := range m.contributions {
		pairs[[3]string{c.Site, c.UserID, c.AnonymousID}] = c
	}
	for _, pair := range slices.SortedFunc(maps.Keys(pairs), func(a, b [3]string) int { return slices.Compare(a[:], b[:]) }) {
		if !of(touchpoint.Customer{Site: pair[0], Kind: touchpoint.KindUser, ID: pair[1]}) {
			continue
		}
		c := pairs[pair]
		for _, d := range m.derived {
			if d.table == store.TableJourneys && d.key.Customer == (touchpoint.Customer{Site: pair[0], Kind: touchpoint.KindUser, ID: pair[1]}) {
				c.Version = max(c.Version, d.key.Version)
			}
		}
		s := store.SourceOf{
			LinkedID: *m.linked(pair[0], pair[2]), UserID: pair[1], Version: c.Version,
			Taken: identity.Sequence{Partitions: c.Partitions, Offset: c.Offset},
		}
		for _, t := range m.touchpoints {
			if !t.Deleted && t.Site == pair[0] && t.UserId == "" && t.AnonymousId == pair[2] {
				s.Touches = append(s.Touches, store.TouchRow{Bot: t.Bot, Currency: t.Currency, Touch: (&siteRules{}).touch(t.Touchpoint, t.Stage)})
			}
		}
		if err := fn(&s); err != nil {
			return err
		}
	}
	return nil
}

// rows gives what is live, without versions.
func (m *memory) rows() map[string]any {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]any{}
	for name, t := range m.touchpoints {
		if !t.Deleted {
			out[name] = (&siteRules{}).touch(t.Touchpoint, t.Stage)
		}
	}
	for name, d := range m.derived {
		if !d.key.Deleted {
			out[name] = unversioned(d.row)
		}
	}
	return out
}

func unversioned(row any) any {
	switch r := row.(type) {
	case journey.Session:
		r.Version = 0
		return r
	case journey.Journey:
		r.Version = 0
		return r
	case journey.Transition:
		r.Version = 0
		return r
	}
	return row
}

func (m *memory) Erasures(context.Context) (all []erasure.Mark, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.erasures {
		all = append(all, e.Mark)
	}
	return all, nil
}
