package store

import (
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
)

func journeyColumns() []column[*journey.Journey] {
	type r = *journey.Journey
	columns := append(keyColumns("journey_id", func(j r) *journey.Key { return &j.Key }),
		newUInt32("cycle", func(j r) uint32 { return j.Cycle }),
		newMillis("started_at", func(j r) int64 { return j.StartedAt }),
		newMillis("ended_at", func(j r) int64 { return j.EndedAt }),
		newMillis("timeout_at", func(j r) int64 { return j.TimeoutAt }),
		newUInt8("depth", func(j r) uint8 { return j.Depth }),
		newUInt8("entry_stage", func(j r) uint8 { return uint8(j.EntryStage) }),
		newUInt8("furthest_stage", func(j r) uint8 { return uint8(j.FurthestStage) }),
		newUInt8("current_stage", func(j r) uint8 { return uint8(j.CurrentStage) }),
		newBool("won", func(j r) bool { return j.Won }),
		newUInt32("touchpoints", func(j r) uint32 { return j.Touchpoints }),
		newUInt32("interactions", func(j r) uint32 { return j.Interactions }),
		newUInt32("sessions", func(j r) uint32 { return j.Sessions }),
		newUInt32("purchases", func(j r) uint32 { return j.Purchases }),
		newMoney("revenue", func(j r) int64 { return j.Revenue }),
		newWord("first_channel", func(j r) string { return j.FirstChannel }),
		newWord("last_channel", func(j r) string { return j.LastChannel }),
		newWord("last_non_direct_channel", func(j r) string { return j.LastNonDirectChannel }),
		newWord("first_campaign", func(j r) string { return j.FirstCampaign }),
		newWord("last_campaign", func(j r) string { return j.LastCampaign }),
		newWord("device", func(j r) string { return j.Device }),
		newWord("country", func(j r) string { return j.Country }),
		newNumbers("touch_at", typeMillis, func(j r) []int64 { return j.TouchAt }),
		newNumbers("touch_stage", "UInt8", func(j r) []uint8 { return j.TouchStage }),
		newWords("touch_channel", func(j r) []string { return j.TouchChannel }),
		newWords("touch_campaign", func(j r) []string { return j.TouchCampaign }),
	)
	for s := stages.Awareness; s <= stages.Last; s++ {
		columns = append(columns, newMillis(s.String()+"_at", func(j r) int64 { return j.StageAt[s] }))
	}
	return columns
}
