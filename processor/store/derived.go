package store

import (
	"github.com/throughline/throughline/processor/journey"
)

// keyColumns are what every derived row begins with; id names the column of the row's own id.
func keyColumns[R any](id string, key func(R) *journey.Key) []column[R] {
	return []column[R]{
		newWord("site", func(r R) string { return key(r).Customer.Site }),
		newID(id, func(r R) [16]byte { return key(r).ID }),
		newWord("customer_kind", func(r R) string { return key(r).Customer.Kind.String() }),
		newText("customer_id", func(r R) string { return key(r).Customer.ID }),
		newUInt16("bucket", func(r R) uint16 { return key(r).Customer.Bucket() }),
		newUInt64("version", func(r R) uint64 { return key(r).Version }),
		newUInt8("is_deleted", func(r R) uint8 { return deleted(key(r).Deleted) }),
	}
}

func sessionColumns() []column[*journey.Session] {
	type r = *journey.Session
	return append(keyColumns("session_id", func(s r) *journey.Key { return &s.Key }),
		newID("journey_id", func(s r) [16]byte { return s.JourneyID }),
		newMillis("started_at", func(s r) int64 { return s.StartedAt }),
		newMillis("ended_at", func(s r) int64 { return s.EndedAt }),
		newMillis("covered_until", func(s r) int64 { return s.CoveredUntil }),
		newUInt32("touchpoints", func(s r) uint32 { return s.Touchpoints }),
		newUInt32("interactions", func(s r) uint32 { return s.Interactions }),
		newWord("entry_channel", func(s r) string { return s.EntryChannel }),
		newWord("entry_campaign", func(s r) string { return s.EntryCampaign }),
		newWord("device", func(s r) string { return s.Device }),
		newWord("country", func(s r) string { return s.Country }),
		newUInt8("entry_stage", func(s r) uint8 { return uint8(s.EntryStage) }),
		newUInt8("furthest_stage", func(s r) uint8 { return uint8(s.FurthestStage) }),
		newUInt32("purchases", func(s r) uint32 { return s.Purchases }),
		newMoney("revenue", func(s r) int64 { return s.Revenue }),
	)
}

func transitionColumns() []column[*journey.Transition] {
	type r = *journey.Transition
	return append(keyColumns("transition_id", func(t r) *journey.Key { return &t.Key }),
		newID("journey_id", func(t r) [16]byte { return t.JourneyID }),
		newUInt32("cycle", func(t r) uint32 { return t.Cycle }),
		newUInt32("seq", func(t r) uint32 { return t.Seq }),
		newUInt8("from_stage", func(t r) uint8 { return uint8(t.From) }),
		newUInt8("to_stage", func(t r) uint8 { return uint8(t.To) }),
		newMillis("at", func(t r) int64 { return t.At }),
		newInt64("dwell_ms", func(t r) int64 { return t.Dwell }),
		newWord("kind", func(t r) string { return stepName(t.Kind) }),
		newWord("channel", func(t r) string { return t.Channel }),
		newWord("campaign", func(t r) string { return t.Campaign }),
		newWord("device", func(t r) string { return t.Device }),
		newWord("country", func(t r) string { return t.Country }),
	)
}

func stepName(s journey.Step) string {
	switch s {
	case journey.Forward:
		return "forward"
	case journey.Skip:
		return "skip"
	case journey.Back:
		return "back"
	}
	return ""
}
