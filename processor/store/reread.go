package store

import (
	"context"
	"fmt"

	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Month is the touchpoints of one month as they are stored.
type Month struct {
	// 202601 is January of 2026.
	Month uint32
	// How many rows there are, copies included.
	Rows uint64
}

// Months lists in which months a site has touchpoints.
func (s *Store) Months(ctx context.Context, site string) (months []Month, err error) {
	rows, err := s.conn.Query(s.querying(ctx), fmt.Sprintf("SELECT toYYYYMM(occurred_at) AS month, count() FROM %s WHERE site = %s GROUP BY month ORDER BY month",
		s.from(TableTouchpoints), appendLiteral(nil, site)))
	if err != nil {
		return nil, fmt.Errorf("store: months of site %s: %w", site, explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		var m Month
		if err := rows.Scan(&m.Month, &m.Rows); err != nil {
			return nil, fmt.Errorf("store: months of site %s: %w", site, err)
		}
		months = append(months, m)
	}
	return months, rows.Err()
}

// Reread calls fn for each stored touchpoint of a site and month, whole, in no order: to write one again replaces it with itself. The row
// stays valid. It stops at the first error of fn.
func (s *Store) Reread(ctx context.Context, site string, month uint32, fn func(*TouchpointRow) error) error {
	rows, err := s.conn.Query(s.querying(ctx), fmt.Sprintf("SELECT %s FROM %s FINAL WHERE site = %s AND toYYYYMM(occurred_at) = %d",
		rereadColumns, s.from(TableTouchpoints), appendLiteral(nil, site), month))
	if err != nil {
		return fmt.Errorf("store: touchpoints of %d: %w", month, explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		row, err := reread(rows)
		if err != nil {
			return fmt.Errorf("store: touchpoints of %d: %w", month, err)
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("store: touchpoints of %d: %w", month, explain(err))
	}
	return nil
}

// rereadColumns are all that a row is written with, but for the customer, which follows from the ids.
const rereadColumns = `site, message_id, bucket, user_id, anonymous_id, type, event, stage, sent_stage, stage_rule, rules_version, passive,
	toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Micro(received_at), toUnixTimestamp64Milli(client_timestamp), toUnixTimestamp64Milli(sent_at),
	channel, campaign, campaign_source, campaign_medium, campaign_term, campaign_content, click_id_kind, click_id, url, path, referrer, title,
	user_agent, browser, os, device, bot, bot_reason, ip, country, locale,
	toInt64(revenue * 10000), currency, order_id, survey, score, properties, context, source, version`

func reread(rows interface{ Scan(...any) error }) (*TouchpointRow, error) {
	t := &touchpoint.Touchpoint{}
	row := &TouchpointRow{Touchpoint: t}
	var stage, sent uint8
	var properties, context string
	err := rows.Scan(&t.Site, &t.MessageId, &row.Bucket, &t.UserId, &t.AnonymousId, &t.Type, &t.Event, &stage, &sent, &row.StageRule, &row.RulesVersion, &t.Passive,
		&t.OccurredAt, &t.ReceivedAt, &t.ClientTimestamp, &t.SentAt,
		&t.Channel, &t.Campaign, &t.CampaignSource, &t.CampaignMedium, &t.CampaignTerm, &t.CampaignContent, &t.ClickIdKind, &t.ClickId, &t.Url, &t.Path, &t.Referrer, &t.Title,
		&t.UserAgent, &t.Browser, &t.Os, &t.Device, &t.Bot, &t.BotReason, &t.Ip, &t.Country, &t.Locale,
		&t.Revenue, &t.Currency, &t.OrderId, &t.Survey, &t.Score, &properties, &context, &t.Source, &row.Version)
	row.Stage, t.Stage = stages.Stage(stage), uint32(sent)
	t.Properties, t.Context = []byte(properties), []byte(context)
	return row, err
}
