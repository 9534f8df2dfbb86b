package store

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/touchpoint"
	"github.com/throughline/throughline/tests/stitching"
)

// gathered is what readers gave, by whom it is of.
type gathered map[touchpoint.Customer][]string

// gather runs the three readers.
func gather(t *testing.T, touches func(func(*TouchRow) error) error, links func(func(*LinkedID) error) error, sources func(func(*SourceOf) error) error) gathered {
	t.Helper()
	g := gathered{}
	add := func(kind touchpoint.Kind, site, id string, what any) {
		c := touchpoint.Customer{Site: site, Kind: kind, ID: id}
		g[c] = append(g[c], fmt.Sprintf("%T %+v", what, what))
	}
	for _, err := range []error{
		touches(func(r *TouchRow) error { add(r.Customer.Kind, r.Customer.Site, r.Customer.ID, *r); return nil }),
		links(func(l *LinkedID) error {
			slices.SortFunc(l.Edges, func(a, b StoredEdge) int { return a.Compare(b.Edge) })
			add(touchpoint.KindAnonymous, l.Site, l.AnonymousID, *l)
			return nil
		}),
		sources(func(s *SourceOf) error {
			slices.SortFunc(s.Edges, func(a, b StoredEdge) int { return a.Compare(b.Edge) })
			slices.SortFunc(s.Touches, func(a, b TouchRow) int { return a.Touch.MessageID.Compare(b.Touch.MessageID) })
			add(touchpoint.KindUser, s.Site, s.UserID, *s)
			return nil
		}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, what := range g {
		slices.Sort(what)
	}
	return g
}

// TestSomeCustomersAreReadAsAll: what is read of some customers is what a restore gives of them, and nothing of others who
// have the same ids on another site or of the other kind.
func TestSomeCustomersAreReadAsAll(t *testing.T) {
	s, _ := openDatabase(t, nil)
	r := rand.New(rand.NewPCG(6, 1))
	population := stitching.New(r, 8, 150)
	for i, tp := range population.Touchpoints {
		if i%7 == 0 { // elsewhere, and a user with the name of an anonymous id
			tp.Site, tp.UserId = "other", tp.AnonymousId
		}
	}
	b, _ := storedPopulation(population)
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	all := gather(t,
		func(fn func(*TouchRow) error) error { return s.Restore(ctx, 0, 1, time.Time{}, fn) },
		func(fn func(*LinkedID) error) error { return s.RestoreLinks(ctx, 0, 1, fn) },
		func(fn func(*SourceOf) error) error { return s.RestoreSources(ctx, 0, 1, fn) })
	customers := slices.Collect(maps.Keys(all))
	r.Shuffle(len(customers), func(i, k int) { customers[i], customers[k] = customers[k], customers[i] })
	customers = customers[:len(customers)/2]
	some := gather(t,
		func(fn func(*TouchRow) error) error { return s.Touches(ctx, customers, fn) },
		func(fn func(*LinkedID) error) error { return s.Links(ctx, customers, fn) },
		func(fn func(*SourceOf) error) error { return s.Sources(ctx, customers, fn) })
	for _, c := range customers {
		if !reflect.DeepEqual(some[c], all[c]) {
			t.Errorf("%+v:\n got %q\nwant %q", c, some[c], all[c])
		}
	}
	if len(some) != len(customers) || len(some) < 5 {
		t.Errorf("%d customers, want %d", len(some), len(customers))
	}
}

// TestPartsCoverAPartition: every bucket of a partition is in one part, and no other bucket is in any.
func TestPartsCoverAPartition(t *testing.T) {
	for _, c := range [][3]int{{0, 1, 1}, {0, 1, 7}, {3, 4, 3}, {11, 12, 40}, {5, 1000, 9}, {0, 1, 5000}} {
		for bucket := range touchpoint.Buckets {
			in := 0
			for _, part := range parts(c[0], c[1], c[2]) {
				if bucket%part.partitions == part.partition {
					in++
				}
			}
			if want := bucket%c[1] == c[0]; want != (in == 1) || in > 1 {
				t.Errorf("partition %d of %d in %d parts: bucket %d is in %d", c[0], c[1], c[2], bucket, in)
			}
		}
	}
}
