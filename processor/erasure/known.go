package erasure

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// Known is a set of marks. It does not change; nil is the empty one.
type Known struct {
	bySalt []salted
	// The buckets of customers that a mark is about.
	buckets [touchpoint.Buckets]bool
}

type salted struct {
	salt  string
	until map[[HashBytes]byte]int64
}

// Until gives up to when the records of an id were erased, in Unix microseconds; 0 where they were not. user is "" but for
// the kinds of pairs.
func (k *Known) Until(kind Kind, site, id, user string) (until int64) {
	if k == nil {
		return 0
	}
	for i := range k.bySalt {
		s := &k.bySalt[i]
		until = max(until, s.until[Hash([]byte(s.salt), kind, site, id, user)])
	}
	return until
}

// Knows tells whether a mark, or a later one of the same hash, is known.
func (k *Known) Knows(m Mark) bool {
	if k != nil {
		for _, s := range k.bySalt {
			if s.salt == string(m.Salt) && s.until[m.Hash] >= m.Until {
				return true
			}
		}
	}
	return false
}

// Customer gives up to when what was sent under a customer's own id was erased, and is refused.
func (k *Known) Customer(c touchpoint.Customer, bucket uint16) int64 {
	switch {
	case k == nil || !k.buckets[bucket]:
		return 0
	case c.Kind == touchpoint.KindUser:
		return k.Until(User, c.Site, c.ID, "")
	}
	return max(k.Until(Anonymous, c.Site, c.ID, ""), k.Until(Shared, c.Site, c.ID, ""))
}

// Pair gives up to when it was erased that a user was seen on an anonymous id.
func (k *Known) Pair(site, anonymousID, userID string) int64 {
	if k == nil {
		return 0
	}
	return max(k.Until(Anonymous, site, anonymousID, ""), k.Until(User, site, userID, ""), k.Until(Seen, site, anonymousID, userID))
}

// with gives a set with more marks; of two of one hash the later stays.
func (k *Known) with(marks []Mark) *Known {
	next := &Known{}
	if k != nil {
		next.buckets = k.buckets
		for _, s := range k.bySalt {
			next.bySalt = append(next.bySalt, salted{s.salt, maps.Clone(s.until)})
		}
	}
	for _, m := range marks {
		at := slices.IndexFunc(next.bySalt, func(s salted) bool { return s.salt == string(m.Salt) })
		if at < 0 {
			at = len(next.bySalt)
			next.bySalt = append(next.bySalt, salted{string(m.Salt), map[[HashBytes]byte]int64{}})
		}
		until := next.bySalt[at].until
		until[m.Hash] = max(until[m.Hash], m.Until)
		next.buckets[m.Bucket%touchpoint.Buckets] = true
	}
	return next
}

// Register holds what is known and learns more. The zero value knows nothing; all methods may be called at the same time.
type Register struct {
	known atomic.Pointer[Known]
	mu    sync.Mutex
}

// Known gives what is known now, nil for nothing.
func (r *Register) Known() *Known { return r.known.Load() }

// Learn adds marks and gives what is known then.
func (r *Register) Learn(marks ...Mark) *Known {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(marks) > 0 {
		r.known.Store(r.known.Load().with(marks))
	}
	return r.known.Load()
}
