package identity

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/throughline/throughline/processor/journey"
)

// PartTouches is how many touches of a day make it be divided: it bounds the size of a contribution.
const PartTouches = 10_000

const dayMillis = 24 * 3600 * 1000

// Part names what one contribution is about: the touches of one user in one day, or in a part of the day.
type Part struct {
	UserID string
	// UTC days since 1970.
	Day int32
	// 1 is the whole day; a day of very many touches has 2^k parts, numbered from 2^k on.
	Number uint32
}

// Compare orders parts.
func (p Part) Compare(o Part) int {
	return cmp.Or(strings.Compare(p.UserID, o.UserID), cmp.Compare(p.Day, o.Day), cmp.Compare(p.Number, o.Number))
}

// Shares are the touches that users get from one anonymous id.
type Shares map[Part][]journey.Touch

// Split divides the touches of the anonymous id, which are ordered: the shares of users, and what stays its own,
// appended to rest. No day's part has much more touches than limit. The shares are copies.
func (l *Links) Split(touches, rest []journey.Touch, limit int) (Shares, []journey.Touch) {
	r := l.Resolver()
	if !r.Anybody() {
		return nil, append(rest, touches...)
	}
	shares := Shares{}
	for i := range touches {
		t := &touches[i]
		user, _ := r.User(t.OccurredAt)
		if user == "" {
			rest = append(rest, *t)
			continue
		}
		part := Part{UserID: user, Day: int32(t.OccurredAt / dayMillis), Number: 1}
		shares[part] = append(shares[part], *t)
	}
	for _, part := range slices.SortedFunc(maps.Keys(shares), Part.Compare) {
		if len(shares[part]) > limit {
			shares.divide(part, limit)
		}
	}
	return shares, rest
}

// divide spreads a day over parts by the message ids.
func (s Shares) divide(day Part, limit int) {
	parts := uint32(2)
	for len(s[day]) > limit*int(parts) {
		parts *= 2
	}
	whole := s[day]
	delete(s, day)
	for _, t := range whole {
		day.Number = parts + uint32(xxh3.HashString(string(t.MessageID)))&(parts-1)
		s[day] = append(s[day], t)
	}
}

// Diff gives what has to be sent to turn before into after, in order.
func Diff(before, after Shares) (changed []Contribution) {
	for part, touches := range after {
		if !slices.Equal(before[part], touches) {
			changed = append(changed, Contribution{Part: part, Touches: touches})
		}
	}
	for part := range before {
		if _, ok := after[part]; !ok {
			changed = append(changed, Contribution{Part: part})
		}
	}
	slices.SortFunc(changed, Contribution.compare)
	return changed
}

// Everything gives all that has to be sent when it is not known what was: each share, and behind them for each user a
// sweep that voids what was sent earlier and is not among them.
func (s Shares) Everything(users []string) (all []Contribution) {
	for part, touches := range s {
		all = append(all, Contribution{Part: part, Touches: touches})
	}
	slices.SortFunc(all, Contribution.compare)
	for _, u := range users {
		all = append(all, Contribution{Part: Part{UserID: u}, Sweep: true})
	}
	return all
}

// Touches counts the touches of all parts.
func (s Shares) Touches() (n int) {
	for _, touches := range s {
		n += len(touches)
	}
	return n
}
