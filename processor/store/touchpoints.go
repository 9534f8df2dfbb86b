package store

import (
	"slices"

	"github.com/throughline/throughline/schemas/touchpoint"
)

type touchpointRow = *TouchpointRow

func touchpointColumns() []column[touchpointRow] {
	return slices.Concat(touchColumns(), originColumns(), contentColumns())
}

// touchColumns are whose touch it was, what and when.
func touchColumns() []column[touchpointRow] {
	type r = touchpointRow
	return []column[r]{
		newWord("site", func(t r) string { return t.Site }),
		newText("message_id", func(t r) string { return t.MessageId }),
		newWord("customer_kind", func(t r) string { return customerKind(t.UserId).String() }),
		newText("customer_id", customerID),
		newUInt16("bucket", func(t r) uint16 { return t.Bucket }),
		newText("user_id", func(t r) string { return t.UserId }),
		newText("anonymous_id", func(t r) string { return t.AnonymousId }),
		newWord("type", func(t r) string { return t.Type }),
		newWord("event", func(t r) string { return t.Event }),
		newUInt8("stage", func(t r) uint8 { return uint8(t.Stage) }),
		newUInt8("sent_stage", func(t r) uint8 { return uint8(t.Touchpoint.Stage) }),
		newWord("stage_rule", func(t r) string { return t.StageRule }),
		newWord("rules_version", func(t r) string { return t.RulesVersion }),
		newBool("passive", func(t r) bool { return t.Passive }),
		newMillis("occurred_at", func(t r) int64 { return t.OccurredAt }),
		newMicros("received_at", func(t r) int64 { return t.ReceivedAt }),
		newMillis("client_timestamp", func(t r) int64 { return t.ClientTimestamp }),
		newMillis("sent_at", func(t r) int64 { return t.SentAt }),
	}
}

// originColumns are where the customer came from and with what.
func originColumns() []column[touchpointRow] {
	type r = touchpointRow
	return []column[r]{
		newWord("channel", func(t r) string { return t.Channel }),
		newWord("campaign", func(t r) string { return t.Campaign }),
		newWord("campaign_source", func(t r) string { return t.CampaignSource }),
		newWord("campaign_medium", func(t r) string { return t.CampaignMedium }),
		newWord("campaign_term", func(t r) string { return t.CampaignTerm }),
		newWord("campaign_content", func(t r) string { return t.CampaignContent }),
		newWord("click_id_kind", func(t r) string { return t.ClickIdKind }),
		newText("click_id", func(t r) string { return t.ClickId }),
		newText("url", func(t r) string { return t.Url }),
		newText("path", func(t r) string { return t.Path }),
		newText("referrer", func(t r) string { return t.Referrer }),
		newText("title", func(t r) string { return t.Title }),
		newText("user_agent", func(t r) string { return t.UserAgent }),
		newWord("browser", func(t r) string { return t.Browser }),
		newWord("os", func(t r) string { return t.Os }),
		newWord("device", func(t r) string { return t.Device }),
		newBool("bot", func(t r) bool { return t.Bot }),
		newWord("bot_reason", func(t r) string { return t.BotReason }),
		newText("ip", func(t r) string { return t.Ip }),
		newWord("country", func(t r) string { return t.Country }),
		newWord("locale", func(t r) string { return t.Locale }),
	}
}

// contentColumns are what it was worth, the client's own JSON, and which row this is.
func contentColumns() []column[touchpointRow] {
	type r = touchpointRow
	return []column[r]{
		newMoney("revenue", func(t r) int64 { return t.Revenue }),
		newWord("currency", func(t r) string { return t.Currency }),
		newText("order_id", func(t r) string { return t.OrderId }),
		newWord("survey", func(t r) string { return t.Survey }),
		newFloat64("score", func(t r) float64 { return t.Score }),
		newOctets("properties", func(t r) []byte { return t.Properties }),
		newOctets("context", func(t r) []byte { return t.Context }),
		newWord("source", func(t r) string { return t.Source }),
		newUInt64("version", func(t r) uint64 { return t.Version }),
		newUInt8("is_deleted", func(t r) uint8 { return deleted(t.Deleted) }),
	}
}

func customerKind(userID string) touchpoint.Kind {
	if userID != "" {
		return touchpoint.KindUser
	}
	return touchpoint.KindAnonymous
}

func customerID(t touchpointRow) string {
	if t.UserId != "" {
		return t.UserId
	}
	return t.AnonymousId
}
