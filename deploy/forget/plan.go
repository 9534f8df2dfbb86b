package forget

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// Person is who is to be erased: a user, or what was sent under an anonymous id. One of the two is empty.
type Person struct {
	Site, User, Anonymous string
}

// Check tells whether the request names one person.
func (p Person) Check() error {
	switch {
	case p.Site == "":
		return errors.New("name the site")
	case (p.User == "") == (p.Anonymous == ""):
		return errors.New("name either a user or an anonymous id")
	}
	return nil
}

// ID is an anonymous id that has to do with the person.
type ID struct {
	ID string
	// Nobody else was ever seen on it: it goes whole.
	Alone bool
	// The users who were seen on it, in order.
	Users []string
}

// Plan is what goes.
type Plan struct {
	Person
	IDs []ID
}

// find looks the person's anonymous ids up, and who else was seen on them.
func find(ctx context.Context, conn driver.Conn, p Person) (*Plan, error) {
	plan := &Plan{Person: p}
	ids := []string{p.Anonymous}
	if p.User != "" {
		var err error
		if ids, err = texts(ctx, conn, idsOfUser, named{"site": p.Site, "user": p.User}); err != nil {
			return nil, fmt.Errorf("look up the anonymous ids of a user: %w", err)
		}
	}
	for _, id := range ids {
		users, err := texts(ctx, conn, usersOfID, named{"site": p.Site, "id": id})
		if err != nil {
			return nil, fmt.Errorf("look up who was seen on an anonymous id: %w", err)
		}
		alone := p.Anonymous != ""
		if !alone && slices.Equal(users, []string{p.User}) {
			live, err := number(ctx, conn, liveEdges, named{"site": p.Site, "user": p.User, "id": id})
			if err != nil {
				return nil, fmt.Errorf("look up whether an anonymous id is a user's: %w", err)
			}
			alone = live > 0
		}
		plan.IDs = append(plan.IDs, ID{ID: id, Alone: alone, Users: users})
	}
	return plan, nil
}

const (
	idsOfUser = `SELECT DISTINCT anonymous_id FROM (
		SELECT anonymous_id FROM identities_log WHERE site = {site:String} AND user_id = {user:String}
		UNION ALL SELECT anonymous_id FROM unlinks_log WHERE site = {site:String} AND user_id = {user:String}
		UNION ALL SELECT anonymous_id FROM contributions_log WHERE site = {site:String} AND user_id = {user:String}
		UNION ALL SELECT anonymous_id FROM touchpoints_log WHERE site = {site:String} AND customer_kind = 'user' AND customer_id = {user:String}
	) WHERE anonymous_id != '' ORDER BY anonymous_id`
	usersOfID = `SELECT DISTINCT user_id FROM (
		SELECT user_id FROM identities_log WHERE site = {site:String} AND anonymous_id = {id:String}
		UNION ALL SELECT user_id FROM unlinks_log WHERE site = {site:String} AND anonymous_id = {id:String}
		UNION ALL SELECT user_id FROM contributions_log WHERE site = {site:String} AND anonymous_id = {id:String}
		UNION ALL SELECT user_id FROM touchpoints_log WHERE site = {site:String} AND anonymous_id = {id:String}
	) WHERE user_id != '' ORDER BY user_id`
	liveEdges = `SELECT count() FROM identities_log FINAL WHERE site = {site:String} AND user_id = {user:String} AND anonymous_id = {id:String}`
)

// whole lists the customers that go with all that was sent under their id.
func (p *Plan) whole() (all []touchpoint.Customer) {
	if p.User != "" {
		all = append(all, touchpoint.Customer{Site: p.Site, Kind: touchpoint.KindUser, ID: p.User})
	}
	for _, id := range p.IDs {
		if id.Alone {
			all = append(all, touchpoint.Customer{Site: p.Site, Kind: touchpoint.KindAnonymous, ID: id.ID})
		}
	}
	return all
}

// shared lists the anonymous ids of which only the person's part goes.
func (p *Plan) shared() (all []touchpoint.Customer) {
	for _, id := range p.IDs {
		if !id.Alone {
			all = append(all, touchpoint.Customer{Site: p.Site, Kind: touchpoint.KindAnonymous, ID: id.ID})
		}
	}
	return all
}

// merge adds what a later look has found. An id that was shared stays so.
func (p *Plan) merge(later *Plan) {
	for _, id := range later.IDs {
		at, found := slices.BinarySearchFunc(p.IDs, id, func(a, b ID) int { return strings.Compare(a.ID, b.ID) })
		if !found {
			p.IDs = slices.Insert(p.IDs, at, id)
			continue
		}
		p.IDs[at].Users = append(p.IDs[at].Users, id.Users...)
		slices.Sort(p.IDs[at].Users)
		p.IDs[at].Users = slices.Compact(p.IDs[at].Users)
	}
}
