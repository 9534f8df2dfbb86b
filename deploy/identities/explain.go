package identities

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Report is what is known of an id. It may name a user, an anonymous visitor, both or neither.
type Report struct {
	Site string `json:"site"`
	ID   string `json:"id"`
	// What the id is as an anonymous one; nil when nothing was ever sent under it and nobody seen on it.
	Anonymous *Anonymous `json:"anonymous,omitempty"`
	// What the id is as a user's.
	User *User `json:"user,omitempty"`
}

// Anonymous is an anonymous id.
type Anonymous struct {
	ID      string   `json:"id"`
	Edges   []Edge   `json:"edges"`
	Unlinks []Unlink `json:"unlinks,omitempty"`
	// How many touchpoints were sent under it, and where each of the latest went, in order of time.
	Sent        uint64       `json:"sent"`
	Touchpoints []Touchpoint `json:"touchpoints"`
	// How many went to each user, and how many to nobody: "".
	Shares map[string]uint64 `json:"shares"`
}

// Edge is one time that a user was seen on an anonymous id.
type Edge struct {
	AnonymousID string    `json:"anonymous_id"`
	UserID      string    `json:"user_id"`
	At          time.Time `json:"asserted_at"`
	Source      string    `json:"source"`
	// An unlink covers it.
	Withdrawn bool `json:"withdrawn"`
}

// Unlink is a withdrawal of a pair. Until is zero where it is for good.
type Unlink struct {
	AnonymousID string    `json:"anonymous_id"`
	UserID      string    `json:"user_id"`
	Until       time.Time `json:"until,omitzero"`
	Reason      string    `json:"reason"`
	ReceivedAt  time.Time `json:"received_at"`
}

// Touchpoint is one that was sent under an anonymous id.
type Touchpoint struct {
	MessageID string    `json:"message_id"`
	At        time.Time `json:"occurred_at"`
	Type      string    `json:"type"`
	Event     string    `json:"event"`
	// Whom it belongs to, "" for nobody, and why.
	UserID string `json:"user_id"`
	Why    string `json:"why"`
	// The edge that decided, nil where none did.
	By *Edge `json:"by,omitempty"`
}

// User is a user id.
type User struct {
	// Touchpoints that were sent with it.
	Sent uint64 `json:"sent"`
	// The anonymous ids that it was seen on, and what the user has from each.
	Sources []Anonymous `json:"sources"`
}

// Options of Explain.
type Options struct {
	// How many touchpoints are listed, the latest.
	Touchpoints int
	// How many anonymous ids of a user are looked at.
	Sources int
}

// Explain reads what is known of an id. Errors are of ClickHouse.
func Explain(ctx context.Context, conn driver.Conn, site, id string, o Options) (*Report, error) {
	r := &Report{Site: site, ID: id}
	a, err := anonymous(ctx, conn, site, id, o)
	if err != nil {
		return nil, fmt.Errorf("explain an anonymous id: %w", err)
	}
	if a.Sent > 0 || len(a.Edges) > 0 || len(a.Unlinks) > 0 {
		r.Anonymous = a
	}
	u, err := user(ctx, conn, site, id, o)
	if err != nil {
		return nil, fmt.Errorf("explain a user: %w", err)
	}
	if u.Sent > 0 || len(u.Sources) > 0 {
		r.User = u
	}
	return r, nil
}

func anonymous(ctx context.Context, conn driver.Conn, site, id string, o Options) (*Anonymous, error) {
	a := &Anonymous{ID: id, Shares: map[string]uint64{}}
	links, err := a.links(ctx, conn, site)
	if err != nil {
		return nil, err
	}
	return a, a.touchpoints(ctx, conn, site, links, o.Touchpoints)
}

// links reads who was seen on the id, those withdrawn included, and what was withdrawn.
func (a *Anonymous) links(ctx context.Context, conn driver.Conn, site string) (*identity.Links, error) {
	links := &identity.Links{}
	err := query(ctx, conn, func(scan func(...any) error) error {
		u := Unlink{AnonymousID: a.ID}
		if err := scan(&u.UserID, &u.Until, &u.Reason, &u.ReceivedAt); err != nil {
			return err
		}
		until := u.Until.UnixMilli()
		if until == 0 {
			until, u.Until = identity.Forever, time.Time{}
		}
		a.Unlinks = append(a.Unlinks, u)
		links.Withdraw(identity.Unlink{UserID: u.UserID, Until: until})
		return nil
	}, "SELECT user_id, until, reason, received_at FROM unlinks_log FINAL WHERE site = {site:String} AND anonymous_id = {id:String} ORDER BY received_at", site, a.ID)
	if err != nil {
		return nil, err
	}
	err = query(ctx, conn, func(scan func(...any) error) error {
		var e identity.Edge
		if err := scan(&e.UserID, &e.At, &e.Source); err != nil {
			return err
		}
		links.Add(e)
		return nil
	}, `SELECT DISTINCT user_id, toUnixTimestamp64Milli(asserted_at), toString(source) FROM identities_log
		WHERE site = {site:String} AND anonymous_id = {id:String}`, site, a.ID)
	for _, e := range links.Edges {
		a.Edges = append(a.Edges, *edgeOf(a.ID, e, !links.Live(e)))
	}
	return links, err
}

func edgeOf(anonymous string, e identity.Edge, withdrawn bool) *Edge {
	return &Edge{AnonymousID: anonymous, UserID: e.UserID, At: time.UnixMilli(e.At).UTC(), Source: e.Source, Withdrawn: withdrawn}
}

// touchpoints applies the rule to what was sent under the id, and keeps the latest.
func (a *Anonymous) touchpoints(ctx context.Context, conn driver.Conn, site string, links *identity.Links, keep int) error {
	resolver := links.Resolver()
	defer func() { a.Touchpoints = a.Touchpoints[max(len(a.Touchpoints)-keep, 0):] }()
	return query(ctx, conn, func(scan func(...any) error) error {
		var t Touchpoint
		if err := scan(&t.MessageID, &t.At, &t.Type, &t.Event); err != nil {
			return err
		}
		user, why := resolver.User(t.At.UnixMilli())
		t.UserID, t.Why = user, why.String()
		if e, ok := resolver.Edge(); ok {
			t.By = edgeOf(a.ID, e, false)
		}
		a.Sent++
		a.Shares[user]++
		if a.Touchpoints = append(a.Touchpoints, t); len(a.Touchpoints) >= 2*keep+2 {
			a.Touchpoints = append(a.Touchpoints[:0], a.Touchpoints[len(a.Touchpoints)-keep:]...)
		}
		return nil
	}, `SELECT message_id, occurred_at, toString(type), toString(event) FROM touchpoints_log FINAL
		WHERE site = {site:String} AND customer_kind = 'anonymous' AND customer_id = {id:String} ORDER BY occurred_at, message_id`, site, a.ID)
}

func user(ctx context.Context, conn driver.Conn, site, id string, o Options) (*User, error) {
	u := &User{}
	if err := query(ctx, conn, func(scan func(...any) error) error { return scan(&u.Sent) },
		"SELECT count() FROM touchpoints_log FINAL WHERE site = {site:String} AND customer_kind = 'user' AND customer_id = {id:String}", site, id); err != nil {
		return nil, err
	}
	var ids []string
	if err := query(ctx, conn, func(scan func(...any) error) error {
		var anonymous string
		err := scan(&anonymous)
		ids = append(ids, anonymous)
		return err
	}, fmt.Sprintf(`SELECT DISTINCT anonymous_id FROM identities_log WHERE site = {site:String} AND user_id = {id:String}
		ORDER BY anonymous_id LIMIT %d`, o.Sources), site, id); err != nil {
		return nil, err
	}
	for _, anonymousID := range ids {
		a, err := anonymous(ctx, conn, site, anonymousID, Options{})
		if err != nil {
			return nil, err
		}
		u.Sources = append(u.Sources, *a)
	}
	return u, nil
}

// customer tells whose bucket an unlink goes to.
func (u Unlink) customer(site string) touchpoint.Customer {
	return touchpoint.Customer{Site: site, Kind: touchpoint.KindAnonymous, ID: u.AnonymousID}
}
