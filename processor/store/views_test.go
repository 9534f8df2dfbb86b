package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

const minute = int64(60_000)

// touch is one touchpoint of the fixture: whose, how many minutes after the start, and what.
type touch struct {
	user    string
	at      int64
	event   string
	passive bool
	bot     bool
}

// The figures that the tests expect of these were worked out by hand.
var fixtureTouches = []touch{
	{user: "u1", at: 0, event: "a"}, {user: "u1", at: 10, event: "b"}, {user: "u1", at: 20, event: "mail", passive: true},
	{user: "u1", at: 30, event: "mail", passive: true}, {user: "u1", at: 50, event: "c"},
	{user: "u2", at: 0, event: "b"}, {user: "u2", at: 5, event: "a"}, {user: "u2", at: 6, event: "b"},
	{user: "u3", at: 0, event: "a"}, {user: "u3", at: 120, event: "a"}, {user: "u3", at: 130, event: "b"}, {user: "u3", at: 140, event: "c"},
	{user: "u4", at: 0, event: "c"},
	{user: "crawler", at: 0, event: "a", bot: true}, {user: "crawler", at: 1, event: "b", bot: true}, {user: "crawler", at: 2, event: "c", bot: true},
}

// span is one session of the fixture, in minutes.
type span struct {
	user                string
	start, end, covered int64
}

var fixtureSessions = []span{
	{"u1", 0, 10, 20}, {"u1", 50, 50, 50}, {"u2", 0, 6, 6}, {"u3", 0, 0, 0}, {"u3", 120, 140, 140}, {"u4", 0, 0, 0},
}

func fixture() *Batch {
	b := &Batch{}
	for i, f := range fixtureTouches {
		b.Touchpoints = append(b.Touchpoints, &TouchpointRow{Touchpoint: &touchpoint.Touchpoint{
			Site: "shop", MessageId: fmt.Sprint("m", i), UserId: f.user, Type: "track", Event: f.event, OccurredAt: day + f.at*minute,
			ReceivedAt: day * 1000, Passive: f.passive, Bot: f.bot,
		}})
	}
	for i, s := range fixtureSessions {
		b.Sessions = append(b.Sessions, journey.Session{
			Key:       journey.Key{Customer: touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: s.user}, ID: journey.ID{'s', byte(i + 1)}},
			StartedAt: day + s.start*minute, EndedAt: day + s.end*minute, CoveredUntil: day + s.covered*minute,
		})
	}
	return b
}

// lines gives the result as text, one line a row, columns separated by blanks.
func lines(t *testing.T, conn driver.Conn, query string) string {
	t.Helper()
	rows := readTable(t, conn, query)
	for i := range rows {
		rows[i] = strings.Join(strings.FieldsFunc(rows[i], func(r rune) bool { return r == '\x1f' }), " ")
	}
	return strings.Join(rows, "; ")
}

func TestEventFunnels(t *testing.T) {
	s, conn := openDatabase(t, nil)
	if err := s.Write(t.Context(), fixture()); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT step, name, customers FROM event_funnel(site='shop', steps=['a','b','c'], window_seconds=0)":    "1 a 3; 2 b 3; 3 c 2",
		"SELECT step, name, customers FROM event_funnel(site='shop', steps=['a','b','c'], window_seconds=1800)": "1 a 3; 2 b 3; 3 c 1",
		"SELECT step, name, customers FROM event_funnel(site='shop', steps=['a','b','c'], window_seconds=3000)": "1 a 3; 2 b 3; 3 c 2",
		"SELECT step, name, customers FROM event_funnel(site='shop', steps=['a','b','c'], window_seconds=2999)": "1 a 3; 2 b 3; 3 c 1",
		// One event serves one step.
		"SELECT step, name, customers FROM event_funnel(site='shop', steps=['a','a'], window_seconds=0)":                                                               "1 a 3; 2 a 1",
		"SELECT step, name, customers FROM event_funnel(site='none', steps=['a','b'], window_seconds=0)":                                                               "1 a 0; 2 b 0",
		"SELECT step, name, sessions FROM event_funnel_in_session(site='shop', steps=['a','b','c'])":                                                                   "1 a 4; 2 b 3; 3 c 1",
		"SELECT count(), sum(touchpoints) FROM sessions_with_gap(site='shop', gap_seconds=1800)":                                                                       "6 11",
		"SELECT count(), sum(touchpoints) FROM sessions_with_gap(site='shop', gap_seconds=2400)":                                                                       "5 11",
		"SELECT count(), sum(touchpoints) FROM sessions_with_gap(site='shop', gap_seconds=7200)":                                                                       "4 11",
		"SELECT countIf(session_id IS NULL), uniqExact(session_id) FROM touchpoints":                                                                                   "4 6",
		"SELECT event FROM touchpoints WHERE session_id = (SELECT session_id FROM sessions WHERE customer_id = 'u1' ORDER BY started_at LIMIT 1) ORDER BY occurred_at": "a; b; mail",
		"SELECT max(duration_seconds) FROM sessions":                                                                                                                   "1200",
	} {
		if got := lines(t, conn, query); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

func fixtureJourneys() []journey.Journey {
	const days = 24 * 60 * minute
	future := time.Now().UnixMilli() + 10*days
	key := func(n byte) journey.Key {
		return journey.Key{Customer: touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: fmt.Sprint("u", n)}, ID: journey.ID{'j', n}}
	}
	at := func(stage ...int64) (times [stages.Last + 1]int64) {
		for _, s := range stage {
			times[s] = day
		}
		return times
	}
	won := journey.Journey{
		Key: key(1), Cycle: 1, StartedAt: day, EndedAt: day + 15*days, TimeoutAt: day + 45*days, StageAt: at(1, 2, 3), Depth: 4,
		FurthestStage: 4, Purchases: 1, Sessions: 3, Touchpoints: 4, Revenue: 100_0000,
		TouchAt:    []int64{day, day + 7*days, day + 14*days, day + 15*days},
		TouchStage: []uint8{1, 2, 4, 0}, TouchChannel: []string{"social", "email", "direct", "ads"}, TouchCampaign: []string{"", "", "", ""},
	}
	won.StageAt[stages.Purchase] = day + 14*days
	return []journey.Journey{
		won,
		{Key: key(2), StartedAt: day, EndedAt: day, TimeoutAt: day + 30*days, StageAt: at(1, 2), Depth: 2, FurthestStage: 2},
		{Key: key(3), StartedAt: day, EndedAt: day, TimeoutAt: future, StageAt: at(1), Depth: 1, FurthestStage: 1},
		{Key: key(4), StartedAt: day, EndedAt: day, TimeoutAt: day + 30*days, StageAt: at(1, 4), Depth: 1, FurthestStage: 4, Purchases: 2, Revenue: 50_0000},
	}
}

func TestStageFunnelAndAttribution(t *testing.T) {
	s, conn := openDatabase(t, nil)
	if err := s.Write(t.Context(), &Batch{Journeys: fixtureJourneys()}); err != nil {
		t.Fatal(err)
	}
	period := "site='shop', from='2023-11-14 00:00:00', to='2023-11-15 00:00:00'"
	credit := func(model string) string {
		return "SELECT channel, round(conversions, 3), round(revenue, 1) FROM attribution(site='shop', model='" + model + "') WHERE channel != '(none)' AND conversions > 0 ORDER BY channel"
	}
	for query, want := range map[string]string{
		"SELECT stage, reached, depth_reached, dropped, open, skipped, journeys FROM stage_funnel(" + period + ")":    "1 4 4 0 1 1 4; 2 2 2 1 0 0 4; 3 1 1 0 0 0 4; 4 2 1 0 0 0 4; 5 0 0 0 0 0 4",
		"SELECT stage_name, ifNull(conversion_from_start, 0) FROM stage_funnel(" + period + ") WHERE stage IN (2, 4)": "consideration 0.5; purchase 0.25",
		"SELECT customer_id, close_reason, is_open, reached FROM journeys ORDER BY customer_id":                       "u1 won false [1 2 3 4]; u2 dropped false [1 2]; u3 open true [1]; u4 won false [1 4]",
		"SELECT customer_id, orders, revenue, furthest_stage_name FROM customers ORDER BY customer_id LIMIT 2":        "u1 1 100 purchase; u2 0 0 consideration",
		credit("first"):           "social 1 100",
		credit("last"):            "direct 1 100",
		credit("last_non_direct"): "email 1 100",
		credit("linear"):          "direct 0.333 33.3; email 0.333 33.3; social 0.333 33.3",
		credit("position"):        "direct 0.4 40; email 0.2 20; social 0.4 40",
		credit("time_decay"):      "direct 0.571 57.1; email 0.286 28.6; social 0.143 14.3",
		"SELECT conversions, revenue FROM attribution(site='shop', model='last') WHERE channel = '(none)'": "1 50",
	} {
		if got := lines(t, conn, query); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
	if err := conn.Exec(t.Context(), "SELECT * FROM attribution(site='shop', model='best')"); err == nil || !strings.Contains(err.Error(), "unknown attribution model") {
		t.Errorf("an unknown model: %v", err)
	}
}

func TestRepeatedPurchasesShowAsLoyalty(t *testing.T) {
	s, conn := openDatabase(t, nil)
	b := &Batch{Journeys: fixtureJourneys()[:1]}
	j := &b.Journeys[0]
	j.StageAt = [stages.Last + 1]int64{stages.Purchase: day + minute, stages.Loyalty: day + 2*minute}
	for i := range int64(4) {
		b.Touchpoints = append(b.Touchpoints, &TouchpointRow{Stage: stages.Purchase, Touchpoint: &touchpoint.Touchpoint{
			Site: "shop", MessageId: fmt.Sprint(i), UserId: "u1", OccurredAt: day + (i+1)*minute, ReceivedAt: day,
		}})
	}
	b.Touchpoints[3].OccurredAt = j.EndedAt + 1 // no longer of the journey
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	want := "purchase false; loyalty false; loyalty false; purchase true"
	if got := lines(t, conn, "SELECT stage_name, journey_id IS NULL FROM touchpoints ORDER BY occurred_at"); got != strings.NewReplacer("false", "0", "true", "1").Replace(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
