// Package stitching takes every touchpoint and unlink that there is, all at once, and gives the customer that each touchpoint
// belongs to: the rule of identity written down a second time, naively, to compare the pipeline with. It also makes
// populations whose touchpoints are worth comparing.
package stitching

import (
	"fmt"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// edge is one time that a user was seen on an anonymous id.
type edge struct {
	user string
	at   int64
}

// Resolve gives the touchpoints of each customer. Of those with one message id and one sender the one received first is
// taken, and again of those that come together in one customer.
func Resolve(all []*touchpoint.Touchpoint, unlinks []*touchpoint.Unlink) map[touchpoint.Customer][]*touchpoint.Touchpoint {
	customers := map[touchpoint.Customer][]*touchpoint.Touchpoint{}
	for sender, sent := range Sent(all) {
		for _, t := range sent {
			c := sender
			if user := UserOf(t, all, unlinks); user != "" {
				c = touchpoint.Customer{Site: t.Site, Kind: touchpoint.KindUser, ID: user}
			}
			customers[c] = unite(customers[c], t)
		}
	}
	return customers
}

// Sent gives the touchpoints by the id that they were sent with, one of each message.
func Sent(all []*touchpoint.Touchpoint) map[touchpoint.Customer][]*touchpoint.Touchpoint {
	senders := map[touchpoint.Customer][]*touchpoint.Touchpoint{}
	for _, t := range all {
		senders[t.Customer()] = unite(senders[t.Customer()], t)
	}
	return senders
}

// Edges lists who was seen on which anonymous id and when, as "anonymous user time", without what was withdrawn.
func Edges(all []*touchpoint.Touchpoint, unlinks []*touchpoint.Unlink) map[string]bool {
	edges := map[string]bool{}
	for _, t := range all {
		for _, e := range edgesOf(t.Site, t.AnonymousId, all, unlinks) {
			edges[fmt.Sprint(t.AnonymousId, " ", e.user, " ", e.at)] = true
		}
	}
	return edges
}

// unite adds t unless it is a later received copy of one that is there.
func unite(to []*touchpoint.Touchpoint, t *touchpoint.Touchpoint) []*touchpoint.Touchpoint {
	for i, old := range to {
		if old.MessageId != t.MessageId {
			continue
		}
		if t.ReceivedAt < old.ReceivedAt || t.ReceivedAt == old.ReceivedAt && t.OccurredAt < old.OccurredAt {
			to[i] = t
		}
		return to
	}
	return append(to, t)
}

// UserOf gives the user that a touchpoint belongs to, "" where it stays anonymous.
func UserOf(t *touchpoint.Touchpoint, all []*touchpoint.Touchpoint, unlinks []*touchpoint.Unlink) string {
	if t.UserId != "" {
		return t.UserId
	}
	edges := edgesOf(t.Site, t.AnonymousId, all, unlinks)
	var next *edge
	for _, e := range edges {
		if e.at >= t.OccurredAt && (next == nil || e.at < next.at || e.at == next.at && e.user < next.user) {
			next = &e
		}
	}
	if next != nil {
		return next.user
	}
	users := map[string]bool{}
	for _, e := range edges {
		users[e.user] = true
	}
	if len(users) == 1 {
		return edges[0].user
	}
	return ""
}

// edgesOf lists who was seen on an anonymous id: by identify and alias always, by others where no earlier one of the pair lies
// in the same ten minutes; and without what was withdrawn.
func edgesOf(site, anonymous string, all []*touchpoint.Touchpoint, unlinks []*touchpoint.Unlink) (edges []edge) {
	for _, t := range all {
		if t.Site != site || t.AnonymousId != anonymous || t.AnonymousId == "" || t.UserId == "" {
			continue
		}
		asserts := t.Type == "identify" || t.Type == "alias" || earliest(t, all)
		for _, u := range unlinks {
			if u.Site == site && u.AnonymousId == anonymous && u.UserId == t.UserId && (u.Until == 0 || t.OccurredAt <= u.Until) {
				asserts = false
			}
		}
		if asserts {
			edges = append(edges, edge{t.UserId, t.OccurredAt})
		}
	}
	return edges
}

func earliest(t *touchpoint.Touchpoint, all []*touchpoint.Touchpoint) bool {
	const window = 600_000
	for _, o := range all {
		if o.Site == t.Site && o.AnonymousId == t.AnonymousId && o.UserId == t.UserId && o.Type != "identify" && o.Type != "alias" &&
			o.OccurredAt/window == t.OccurredAt/window && o.OccurredAt < t.OccurredAt {
			return false
		}
	}
	return true
}
