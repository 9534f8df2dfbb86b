package stitching

import "github.com/throughline/throughline/schemas/touchpoint"

// Erasure is the request that somebody is erased: a user, or what was sent under an anonymous id.
type Erasure struct {
	User, Anonymous string
	// Unix microseconds: what was received up to then goes.
	At int64
}

// Erase gives what is left of touchpoints and unlinks after a request, and the anonymous ids that the user had alone (true) or
// shared (false). Late touchpoints were received before the request and come after it: they go where they are the person's, or could
// be, since they were sent under an anonymous id that the person had.
func Erase(all, late []*touchpoint.Touchpoint, unlinks []*touchpoint.Unlink, e Erasure) (left, leftLate []*touchpoint.Touchpoint, leftUnlinks []*touchpoint.Unlink, ids map[string]bool) {
	known := receivedBy(all, e.At)
	var knownUnlinks []*touchpoint.Unlink
	for _, u := range unlinks {
		if u.ReceivedAt <= e.At {
			knownUnlinks = append(knownUnlinks, u)
		}
		if u.ReceivedAt > e.At || (u.UserId != e.User || e.User == "") && (u.AnonymousId != e.Anonymous || e.Anonymous == "") {
			leftUnlinks = append(leftUnlinks, u)
		}
	}
	ids = map[string]bool{}
	if e.Anonymous != "" {
		ids[e.Anonymous] = true
	} else {
		ids = idsOf(e.User, known, knownUnlinks)
	}
	for _, t := range all {
		goes := e.User != "" && t.UserId == e.User || t.UserId == "" && (e.Anonymous != "" && t.AnonymousId == e.Anonymous || couldBe(t, e.User, known, knownUnlinks))
		if t.ReceivedAt <= e.At && goes {
			continue
		}
		left = append(left, e.without(t))
	}
	for _, t := range late {
		if _, hers := ids[t.AnonymousId]; t.ReceivedAt <= e.At && (e.User != "" && t.UserId == e.User || t.UserId == "" && hers) {
			continue
		}
		leftLate = append(leftLate, e.without(t))
	}
	return left, leftLate, leftUnlinks, ids
}

// without takes an erased anonymous id off a touchpoint that a user sent.
func (e Erasure) without(t *touchpoint.Touchpoint) *touchpoint.Touchpoint {
	if e.Anonymous == "" || t.AnonymousId != e.Anonymous || t.ReceivedAt > e.At {
		return t
	}
	t = t.CloneVT()
	t.AnonymousId = ""
	return t
}

func receivedBy(all []*touchpoint.Touchpoint, at int64) (known []*touchpoint.Touchpoint) {
	for _, t := range all {
		if t.ReceivedAt <= at {
			known = append(known, t)
		}
	}
	return known
}

// couldBe tells whether an anonymous touchpoint is a user's, or one of those that several users may have sent, this one among them.
func couldBe(t *touchpoint.Touchpoint, user string, known []*touchpoint.Touchpoint, unlinks []*touchpoint.Unlink) bool {
	if user == "" {
		return false
	}
	of := UserOf(t, known, unlinks)
	if of != "" {
		return of == user
	}
	for _, e := range edgesOf(t.Site, t.AnonymousId, known, unlinks) {
		if e.user == user {
			return true
		}
	}
	return false
}

// idsOf lists the anonymous ids that a user was seen on, and whether nobody else was ever named on them.
func idsOf(user string, known []*touchpoint.Touchpoint, unlinks []*touchpoint.Unlink) map[string]bool {
	ids := map[string]bool{}
	for _, t := range known {
		if t.AnonymousId != "" && t.UserId == user {
			ids[t.AnonymousId] = false
		}
	}
	for _, u := range unlinks {
		if u.UserId == user {
			ids[u.AnonymousId] = false
		}
	}
	for id := range ids {
		alone := false
		for _, e := range edgesOf(Site, id, known, unlinks) {
			alone = alone || e.user == user
		}
		for _, t := range known {
			alone = alone && (t.AnonymousId != id || t.UserId == "" || t.UserId == user)
		}
		for _, u := range unlinks {
			alone = alone && (u.AnonymousId != id || u.UserId == user)
		}
		ids[id] = alone
	}
	return ids
}
