package store

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

// storedPopulation is what the tables hold once a population has been processed, as far as identity goes.
func storedPopulation(p *stitching.Population) (b *Batch, links map[string]*identity.Links) {
	b, links = &Batch{}, map[string]*identity.Links{}
	for c, sent := range stitching.Sent(p.Touchpoints) {
		for _, t := range sent {
			b.Touchpoints = append(b.Touchpoints, &TouchpointRow{Touchpoint: t, Bucket: c.Bucket(), Stage: stages.Stage(t.Stage), Version: uint64(1e18) - uint64(t.ReceivedAt)})
		}
	}
	of := func(anonymous string) *identity.Links {
		if links[anonymous] == nil {
			links[anonymous] = &identity.Links{}
		}
		return links[anonymous]
	}
	row := func(l *touchpoint.Link, e identity.Edge, dead bool) {
		i := Identity{Site: l.Site, AnonymousID: l.AnonymousId, UserID: e.UserID, AssertedAt: e.At, Source: e.Source, Bucket: l.Customer().Bucket(), Version: 1, Deleted: dead}
		if dead {
			i.Version = 1 << 63
		}
		b.Identities = append(b.Identities, i)
	}
	for _, t := range p.Touchpoints {
		l := t.Link()
		if l == nil {
			continue
		}
		e := identity.Edge{UserID: l.UserId, At: l.AssertedAt, Source: l.Source}
		if v, old := of(l.AnonymousId).Add(e); v != identity.Known {
			row(l, e, false)
			if v == identity.Replaced {
				row(l, old, true)
			}
		}
	}
	for _, u := range p.Unlinks {
		b.Unlinks = append(b.Unlinks, Unlink{Site: u.Site, AnonymousID: u.AnonymousId, UserID: u.UserId, Bucket: u.Customer().Bucket(), Until: u.Until, ReceivedAt: u.ReceivedAt})
		until := u.Until
		if until == 0 {
			until = identity.Forever
		}
		known := of(u.AnonymousId)
		known.Withdraw(identity.Unlink{UserID: u.UserId, Until: until})
		for _, e := range known.Edges {
			if !known.Live(e) {
				row(&touchpoint.Link{Site: u.Site, AnonymousId: u.AnonymousId}, e, true)
			}
		}
	}
	return b, links
}

// fold is how the processor reads what is stored.
func fold(l *LinkedID) *identity.Links {
	links := &identity.Links{}
	for _, e := range l.Edges {
		links.Add(e.Edge)
	}
	for _, u := range l.Unlinks {
		links.Withdraw(u)
	}
	return links
}

// TestLinksComeBack: whatever was asserted and withdrawn is restored, partition by partition.
func TestLinksComeBack(t *testing.T) {
	s, _ := openDatabase(t, nil)
	r := rand.New(rand.NewPCG(3, 1))
	p := stitching.New(r, 8, 200)
	p.Unlinks = append(p.Unlinks, &touchpoint.Unlink{Site: stitching.Site, AnonymousId: "a1", UserId: "u1", Until: p.Touchpoints[50].OccurredAt, ReceivedAt: 1},
		&touchpoint.Unlink{Site: stitching.Site, AnonymousId: "a2", UserId: "u2", ReceivedAt: 1})
	b, want := storedPopulation(p)
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	got := map[string]*identity.Links{}
	for p := range 3 {
		if err := s.RestoreLinks(t.Context(), p, 3, func(l *LinkedID) error {
			c := touchpoint.Customer{Site: l.Site, Kind: touchpoint.KindAnonymous, ID: l.AnonymousID}
			if int(l.Bucket)%3 != p || l.Bucket != c.Bucket() || got[l.AnonymousID] != nil {
				return fmt.Errorf("%+v in partition %d", l, p)
			}
			for _, e := range l.Edges {
				if live := want[l.AnonymousID].Has(e.Edge) && want[l.AnonymousID].Live(e.Edge); live == e.Deleted {
					return fmt.Errorf("%+v of %s: live %v", e, l.AnonymousID, live)
				}
			}
			got[l.AnonymousID] = fold(l)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d anonymous ids, want %d", len(got), len(want))
	}
	for anonymous := range want {
		if got[anonymous] == nil || fmt.Sprint(*got[anonymous]) != fmt.Sprint(*want[anonymous]) {
			t.Errorf("%s: got %v\nwant %v", anonymous, got[anonymous], want[anonymous])
		}
	}
}

// TestSourcesComeBack: each user gets each anonymous id that ever was linked or contributed, with everything known of it.
func TestSourcesComeBack(t *testing.T) {
	s, _ := openDatabase(t, nil)
	r := rand.New(rand.NewPCG(4, 1))
	b, links := storedPopulation(stitching.New(r, 8, 200))
	type pair struct{ user, anonymous string }
	want := map[pair]Contribution{}
	for _, i := range b.Identities {
		want[pair{i.UserID, i.AnonymousID}] = Contribution{}
	}
	contribution := func(user, anonymous string, version uint64) {
		c := Contribution{
			Site: stitching.Site, UserID: user, AnonymousID: anonymous, Partitions: 3, Offset: r.Int64N(1e9), Version: version,
			Bucket: touchpoint.Customer{Site: stitching.Site, Kind: touchpoint.KindUser, ID: user}.Bucket(),
		}
		b.Contributions = append(b.Contributions, c)
		want[pair{user, anonymous}] = c
	}
	for p := range want {
		if r.IntN(2) == 0 {
			contribution(p.user, p.anonymous, 5)
			contribution(p.user, p.anonymous, 6)
		}
	}
	contribution("u1", "forgotten", 9)
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	last, seen := [3]string{}, 0
	for p := range 3 {
		last = [3]string{}
		if err := s.RestoreSources(t.Context(), p, 3, func(from *SourceOf) error {
			name := [3]string{from.Site, from.UserID, from.AnonymousID}
			c, ok := want[pair{from.UserID, from.AnonymousID}]
			user := touchpoint.Customer{Site: from.Site, Kind: touchpoint.KindUser, ID: from.UserID}
			if !ok || slices.Compare(last[:], name[:]) >= 0 || int(user.Bucket())%3 != p {
				return fmt.Errorf("%v (known: %v, partition %d) after %v in partition %d", name, ok, user.Bucket()%3, last, p)
			}
			last, seen = name, seen+1
			if from.Taken != (identity.Sequence{Partitions: c.Partitions, Offset: c.Offset}) || from.Version != c.Version {
				t.Errorf("%v: taken %v of %d, want %+v", name, from.Taken, from.Version, c)
			}
			if known := links[from.AnonymousID]; known != nil && fmt.Sprint(*fold(&from.LinkedID)) != fmt.Sprint(*known) {
				t.Errorf("%v: %v, want %v", name, from.LinkedID, known)
			}
			if got, want := touchesOf(from), sentBy(b, from.AnonymousID); !reflect.DeepEqual(got, want) {
				t.Errorf("%v: touches %v\nwant %v", name, got, want)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if seen != len(want) {
		t.Errorf("%d pairs, want %d", seen, len(want))
	}
}

func touchesOf(s *SourceOf) (touches []journey.Touch) {
	for _, t := range s.Touches {
		touches = append(touches, t.Touch)
	}
	slices.SortFunc(touches, func(a, b journey.Touch) int { return journey.Compare(&a, &b) })
	return touches
}

func sentBy(b *Batch, anonymous string) (touches []journey.Touch) {
	for _, t := range b.Touchpoints {
		if t.UserId == "" && t.AnonymousId == anonymous {
			touches = append(touches, journey.Touch{
				MessageID: journey.PackMessageID(t.MessageId), OccurredAt: t.OccurredAt, ReceivedAt: t.ReceivedAt, Stage: t.Stage,
				Passive: t.Passive, Channel: t.Channel, Campaign: t.Campaign, Device: t.Device, Country: t.Country, Revenue: t.Revenue,
			})
		}
	}
	slices.SortFunc(touches, func(a, b journey.Touch) int { return journey.Compare(&a, &b) })
	return touches
}

// TestViewResolvesAsTheRuleDoes: the view of touchpoints names the customer that the naive rule gives each of them.
func TestViewResolvesAsTheRuleDoes(t *testing.T) {
	s, conn := openDatabase(t, nil)
	want := map[string]string{}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 6))
		p := stitching.New(r, 1+r.IntN(4), 1+r.IntN(20))
		b, _ := storedPopulation(p)
		for c, id := range owners(p) {
			want[fmt.Sprint(seed, c)] = id
		}
		for i := range b.Touchpoints {
			t := b.Touchpoints[i].CloneVT()
			t.Site = fmt.Sprint(seed)
			b.Touchpoints[i].Touchpoint = t
		}
		for i := range b.Identities {
			b.Identities[i].Site = fmt.Sprint(seed)
		}
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.Query(t.Context(), "SELECT concat(site, message_id, ' ', user_id), customer_kind, customer_id, resolved_by FROM touchpoints")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got, reasons := map[string]string{}, map[string]int{}
	for rows.Next() {
		var name, kind, id, by string
		if err := rows.Scan(&name, &kind, &id, &by); err != nil {
			t.Fatal(err)
		}
		got[name] = kind + " " + id
		reasons[by]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s belongs to %q, want %q", name, got[name], want[name])
			}
		}
		t.Fatalf("%d touchpoints, want %d", len(got), len(want))
	}
	for _, by := range []string{"sent", "next", "only", "shared", "nobody"} {
		if reasons[by] == 0 {
			t.Errorf("nothing is resolved by %q: %v", by, reasons)
		}
	}
}

// owners gives whom each touchpoint belongs to by the naive rule, by message id and sender.
func owners(p *stitching.Population) map[string]string {
	of := map[string]string{}
	for _, sent := range stitching.Sent(p.Touchpoints) {
		for _, t := range sent {
			of[t.MessageId+" "+t.UserId] = "anonymous " + t.AnonymousId
			if user := stitching.UserOf(t, p.Touchpoints, p.Unlinks); user != "" {
				of[t.MessageId+" "+t.UserId] = "user " + user
			}
		}
	}
	return of
}

// TestStitchingReport: a purchase after a login, a visit by an advertisement before it.
func TestStitchingReport(t *testing.T) {
	s, conn := openDatabase(t, nil)
	touch := func(id, user, channel string, at int64, stage stages.Stage, revenue int64) *TouchpointRow {
		return &TouchpointRow{Stage: stage, Version: 1, Touchpoint: &touchpoint.Touchpoint{
			Site: "shop", MessageId: id, Event: "e" + id, UserId: user, AnonymousId: "a1", Channel: channel, OccurredAt: day + at*minute, ReceivedAt: day, Revenue: revenue,
		}}
	}
	user := touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "u1"}
	b := &Batch{
		Touchpoints: []*TouchpointRow{
			touch("1", "", "paid search", 0, stages.Awareness, 0), touch("2", "u1", "email", 5, stages.Intent, 0),
			touch("3", "u1", "direct", 6, stages.Purchase, 100_0000), touch("4", "", "direct", 9, stages.Purchase, 20_0000),
		},
		Identities: []Identity{{Site: "shop", AnonymousID: "a1", UserID: "u1", AssertedAt: day + 5*minute, Source: "track", Version: 1}},
		Journeys:   []journey.Journey{{Key: journey.Key{Customer: user, ID: journey.ID{1}, Version: 1}, StartedAt: day, EndedAt: day + 9*minute}},
	}
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	const query = "SELECT user_id, stitched_touchpoints, own_touchpoints, anonymous_ids, conversions, revenue, stitched_conversions, stitched_revenue, first_channel, first_channel_alone, moved FROM stitching"
	if got, want := lines(t, conn, query), "u1 2 2 1 2 120 1 20 paid search email 1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// What was seen before the login and what was done after it is one customer's path.
	const funnel = "SELECT step, customers FROM event_funnel(site='shop', steps=['e1','e2','e4'], window_seconds=0) ORDER BY step"
	if got, want := lines(t, conn, funnel), "1 1; 2 1; 3 1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
