package store

import (
	"fmt"
	"math"
	"strings"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// odd are texts that break careless encoders and quoters.
var odd = []string{
	"", "plain", "it's", `back\slash`, "new\nline\ttab\r", "nul\x00inside", "emoji 🛒 ünïcode", "\xff\xfe not utf-8",
	"') OR 1=1 --", "`tick` {p:String} ? $1 @a", strings.Repeat("long ", 200),
}

const day = int64(1_700_000_000_000) // 2023-11-14T22:13:20Z in ms

func oddText(i int) string { return odd[i%len(odd)] }

func oddTouchpoints(n int) []*TouchpointRow {
	rows := make([]*TouchpointRow, n)
	for i := range rows {
		id := oddText(i)
		t := &touchpoint.Touchpoint{
			Site: "shop", MessageId: fmt.Sprintf("m-%d-%s", i, id), Type: "track", Event: oddText(i + 1),
			AnonymousId: fmt.Sprintf("a%d%s", i%7, id), Stage: uint32(i % 6), Passive: i%3 == 0,
			OccurredAt: day + int64(i)*86_400_000, ReceivedAt: (day+int64(i)*86_400_000)*1000 + 123_456,
			ClientTimestamp: int64(i), SentAt: day,
			Channel: oddText(i + 2), Campaign: oddText(i + 3), CampaignSource: oddText(i), CampaignMedium: "cpc", CampaignTerm: "t",
			CampaignContent: "c", ClickIdKind: "gclid", ClickId: oddText(i), Url: oddText(i), Path: oddText(i + 4), Referrer: oddText(i),
			Title: oddText(i), UserAgent: oddText(i), Browser: "Firefox", Os: "Linux", Device: "desktop", Bot: i%5 == 0, BotReason: "r",
			Ip: "10.0.0.0", Country: "DE", Locale: "de-DE", Revenue: int64(i)*12_345 - 50_000, Currency: "EUR", OrderId: oddText(i),
			Survey: "nps", Score: float64(i) / 3, Properties: []byte(`{"a":"` + oddText(i) + `"}`), Context: []byte(oddText(i)), Source: "http",
		}
		if i%2 == 0 {
			t.UserId = "u" + oddText(i/2)
		}
		rows[i] = &TouchpointRow{
			Touchpoint: t, Bucket: t.Customer().Bucket(), Stage: stages.Stage((i + 1) % 6), StageRule: "rule", RulesVersion: "v1",
			Version: math.MaxUint64/2 + uint64(i),
		}
	}
	return rows
}

func customer(i int) touchpoint.Customer {
	kind := touchpoint.KindUser
	if i%2 == 1 {
		kind = touchpoint.KindAnonymous
	}
	return touchpoint.Customer{Site: "shop", Kind: kind, ID: "c" + oddText(i)}
}

func key(kind byte, i int) journey.Key {
	return journey.Key{Customer: customer(i), ID: journey.ID{kind, byte(i), byte(i >> 8), 15: 0xee}, Version: uint64(i + 1)}
}

func oddSessions(n int) []journey.Session {
	rows := make([]journey.Session, n)
	for i := range rows {
		start := day + int64(i)*3_600_000
		rows[i] = journey.Session{
			Key: key('s', i), JourneyID: journey.ID{'j', byte(i), byte(i >> 8), 15: 0xee}, StartedAt: start, EndedAt: start + 1000, CoveredUntil: start + 2000,
			Touchpoints: 3, Interactions: 2, EntryChannel: oddText(i), EntryCampaign: oddText(i + 1), Device: "mobile", Country: "FR",
			EntryStage: stages.Awareness, FurthestStage: stages.Purchase, Purchases: 1, Revenue: -12_345,
		}
	}
	return rows
}

func oddJourneys(n int) []journey.Journey {
	rows := make([]journey.Journey, n)
	for i := range rows {
		start := day + int64(i)*3_600_000
		rows[i] = journey.Journey{
			Key: key('j', i), Cycle: uint32(i), StartedAt: start, EndedAt: start + 1000, TimeoutAt: start + 5000,
			StageAt: [stages.Last + 1]int64{stages.Awareness: start, stages.Purchase: start + 7}, Depth: 4, EntryStage: 1, FurthestStage: 4,
			CurrentStage: 4, Won: i%2 == 0, Touchpoints: uint32(i), Interactions: 1, Sessions: 2, Purchases: 1, Revenue: 99_9999,
			FirstChannel: oddText(i), LastChannel: "direct", LastNonDirectChannel: oddText(i), FirstCampaign: "a", LastCampaign: "b",
			Device: "tablet", Country: "IT",
		}
		for k := range i % 5 {
			j := &rows[i]
			j.TouchAt, j.TouchStage = append(j.TouchAt, start+int64(k)), append(j.TouchStage, uint8(k))
			j.TouchChannel, j.TouchCampaign = append(j.TouchChannel, oddText(i+k)), append(j.TouchCampaign, "")
		}
	}
	return rows
}

func oddTransitions(n int) []journey.Transition {
	rows := make([]journey.Transition, n)
	for i := range rows {
		rows[i] = journey.Transition{
			Key: key('t', i), JourneyID: journey.ID{'j', byte(i), byte(i >> 8), 15: 0xee}, Seq: uint32(i), From: stages.Stage(i % 6), To: stages.Stage((i + 1) % 6),
			At: day + int64(i)*3_600_000, Dwell: int64(i) * 7, Kind: journey.Step(i%3 + 1), Channel: oddText(i), Campaign: oddText(i + 1),
			Device: "tv", Country: "ES", Cycle: 2,
		}
	}
	return rows
}

func oddBatch(n int) *Batch {
	b := &Batch{
		Touchpoints: oddTouchpoints(n), Sessions: oddSessions(n), Journeys: oddJourneys(n), Transitions: oddTransitions(n),
	}
	for i := range n {
		b.Identities = append(b.Identities, Identity{
			Site: "shop", AnonymousID: "a" + oddText(i), UserID: fmt.Sprint("u", i), AssertedAt: day, Source: "identify", Version: 1,
		})
		b.Rejected = append(b.Rejected, &touchpoint.Rejection{
			Site: "shop", Reason: "missing", Field: oddText(i), Detail: oddText(i + 1), Raw: []byte(oddText(i)), ReceivedAt: day * 1000,
			RulesVersion: "v1", MessageId: oddText(i), Component: "collector", Topic: "t", Partition: int32(i), Offset: int64(i) << 40,
		})
	}
	return b
}
