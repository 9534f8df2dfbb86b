package processor

import (
	"fmt"
	"maps"
	"slices"

	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

// forgetting is somebody at the command line who erases people while owners are cut off.
type forgetting struct {
	*cluster
	e stitching.Erasure
	// Anonymous ids that were asked for, and pairs.
	told map[string]bool
	// Withdrawals that come afterwards.
	young []*touchpoint.Unlink
	// Who asserted what afterwards, by user and time.
	asserted map[string]bool
}

func (f *forgetting) erase(e *touchpoint.Erase, everywhere bool) {
	e.Site, e.ReceivedAt, e.Salt, e.Request, e.Everywhere = stitching.Site, f.e.At, []byte("some salt"), "r", everywhere
	value, err := (&touchpoint.Record{Kind: &touchpoint.Record_Erase{Erase: e}}).MarshalVT()
	must(f.t, err)
	if !everywhere {
		f.produce(e.Customer().Bucket(), value)
		return
	}
	for p := range f.logs {
		f.produce(uint16(p), value)
	}
}

// catchUp works until everything is committed.
func (f *forgetting) catchUp() {
	for busy := true; busy; {
		busy = false
		for p := range f.logs {
			if f.owners[p] == nil || max(f.committed[p], 0) < int64(len(f.logs[p])) {
				busy = true
				f.work(p)
			}
		}
	}
}

// pairs lists what the tables have of who was seen where, or has touches from where: users of each anonymous id.
func (m *memory) pairs() map[string][]string {
	pairs := map[string][]string{}
	add := func(anonymous, user string) {
		if anonymous != "" && user != "" && !slices.Contains(pairs[anonymous], user) {
			pairs[anonymous] = append(pairs[anonymous], user)
		}
	}
	for key := range m.identities {
		add(key.anonymous, key.user)
	}
	for u := range m.unlinks {
		add(u.AnonymousID, u.UserID)
	}
	for _, c := range m.contributions {
		add(c.AnonymousID, c.UserID)
	}
	for _, t := range m.touchpoints {
		add(t.AnonymousId, t.UserId)
	}
	return pairs
}

// run does what the command does: rounds of requests, until the tables name nobody else, and then the deletion of rows.
func (f *forgetting) run(alone map[string]bool) {
	f.told = map[string]bool{}
	for round := 0; ; round++ {
		f.catchUp()
		more := false
		pairs := f.memory.pairs()
		for _, anonymous := range slices.Sorted(maps.Keys(pairs)) {
			users := slices.Sorted(slices.Values(pairs[anonymous]))
			switch {
			case f.told[anonymous]:
			case f.e.User != "" && slices.Contains(users, f.e.User):
				f.told[anonymous], more = true, true
				of := &touchpoint.Erase{Kind: "anonymous", Id: anonymous, Part: f.e.User}
				if alone[anonymous] {
					of.Part = ""
				}
				f.erase(of, false)
				f.erase(&touchpoint.Erase{Kind: "user", Id: f.e.User, Part: anonymous}, false)
			case anonymous == f.e.Anonymous:
				f.told[anonymous], more = true, true
				for _, u := range users {
					f.erase(&touchpoint.Erase{Kind: "user", Id: u, Part: anonymous}, false)
				}
			}
		}
		if round == 0 && f.e.Anonymous != "" {
			f.erase(&touchpoint.Erase{Kind: "anonymous", Id: f.e.Anonymous}, false)
			more = true
		}
		f.catchUp()
		if round > 0 && !more {
			break
		}
		f.repeat()
		if f.e.User != "" {
			f.erase(&touchpoint.Erase{Kind: "user", Id: f.e.User}, true)
		} else {
			f.erase(&touchpoint.Erase{Kind: "anonymous", Id: f.e.Anonymous}, true)
		}
		for _, anonymous := range slices.Sorted(maps.Keys(f.told)) {
			if alone[anonymous] {
				f.erase(&touchpoint.Erase{Kind: "anonymous", Id: anonymous}, true)
			}
		}
	}
	f.catchUp()
	f.delete(alone)
}

// repeat lets users drop what anonymous ids told them when those were erased.
func (f *forgetting) repeat() {
	pairs := f.memory.pairs()
	for _, anonymous := range slices.Sorted(maps.Keys(pairs)) {
		users := slices.Sorted(slices.Values(pairs[anonymous]))
		for _, u := range users {
			if f.told[anonymous] && (u == f.e.User || f.e.User == "") {
				f.erase(&touchpoint.Erase{Kind: "user", Id: u, Part: anonymous}, false)
			}
		}
	}
}

// delete removes rows for good, as the command does.
func (f *forgetting) delete(alone map[string]bool) {
	m, until := f.memory, f.e.At
	gone := func(c touchpoint.Customer) bool {
		return c.Kind == touchpoint.KindUser && c.ID == f.e.User || c.Kind == touchpoint.KindAnonymous && (alone[c.ID] || f.told[c.ID] || c.ID == f.e.Anonymous)
	}
	for key, t := range m.touchpoints {
		if c := t.Customer(); gone(c) && t.ReceivedAt <= until && (t.Deleted || c.Kind == touchpoint.KindUser || alone[c.ID]) {
			delete(m.touchpoints, key)
		}
	}
	for key, d := range m.derived {
		if gone(d.key.Customer) && d.key.Deleted {
			delete(m.derived, key)
		}
	}
	for key, i := range m.identities {
		if i.Deleted && key.at*1000 <= until && (key.user == f.e.User || alone[key.anonymous] || key.anonymous == f.e.Anonymous) {
			delete(m.identities, key)
		}
	}
	for u := range m.unlinks {
		if u.ReceivedAt <= until && (u.UserID == f.e.User || alone[u.AnonymousID] || u.AnonymousID == f.e.Anonymous) {
			delete(m.unlinks, u)
		}
	}
	for key, c := range m.contributions {
		if c.UserID == f.e.User || alone[c.AnonymousID] || c.AnonymousID == f.e.Anonymous {
			delete(m.contributions, key)
		}
	}
	for key, t := range m.touchpoints {
		if t.ReceivedAt <= until && t.AnonymousId != "" && t.UserId != "" && t.AnonymousId == f.e.Anonymous {
			t.Touchpoint = t.CloneVT()
			t.AnonymousId = ""
			m.touchpoints[key] = t
		}
	}
}

// again tells whether an edge whose tombstone is there may be of what came afterwards: such a one was asserted anew, or withdrawn.
func (f *forgetting) again(key identityKey) bool {
	return f.asserted[fmt.Sprint(key.user, key.at)]
}

// naming lists what the tables have of an erased person.
func (f *forgetting) naming(alone map[string]bool) (found []string) {
	m := f.memory
	note := func(what string, c touchpoint.Customer, detail any) {
		if c.Kind == touchpoint.KindUser && c.ID == f.e.User || c.Kind == touchpoint.KindAnonymous && (alone[c.ID] || c.ID == f.e.Anonymous) {
			found = append(found, fmt.Sprintf("%s %v %+v", what, c, detail))
		}
	}
	for _, t := range m.touchpoints {
		if t.ReceivedAt <= f.e.At {
			note("touchpoint", t.Customer(), t)
			if f.e.Anonymous != "" && t.AnonymousId == f.e.Anonymous {
				found = append(found, fmt.Sprintf("touchpoint %v", t))
			}
		}
	}
	for _, d := range m.derived {
		if d.key.Deleted && d.key.Version <= uint64(f.e.At) {
			note("tombstone", d.key.Customer, d)
		}
	}
	for _, c := range m.contributions {
		if c.Version <= uint64(f.e.At) {
			note("contribution", touchpoint.Customer{Kind: touchpoint.KindUser, ID: c.UserID}, c)
			note("contribution", touchpoint.Customer{Kind: touchpoint.KindAnonymous, ID: c.AnonymousID}, c)
		}
	}
	for key, i := range m.identities {
		if key.at*1000 <= f.e.At && i.Deleted && !f.again(key) {
			note("identity", touchpoint.Customer{Kind: touchpoint.KindUser, ID: key.user}, key)
		}
	}
	return found
}
