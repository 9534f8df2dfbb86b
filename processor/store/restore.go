package store

import (
	"context"
	"fmt"
	"time"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// TouchRow is a stored touchpoint, as far as journeys look at it.
type TouchRow struct {
	Customer touchpoint.Customer
	Bucket   uint16
	// Revenue is as stored, in whatever currency.
	Touch               journey.Touch
	UserID, AnonymousID string
	Currency            string
	Bot                 bool
	// Floor is the greatest version of the customer's stored journeys, tombstones included: rows of a lesser version lose.
	Floor uint64
	// What stage rules look at; nil where it was not asked for.
	Given *Given
}

// Restore calls fn for each stored touchpoint of the buckets with bucket mod partitions = partition, not before since
// (the zero time is no bound), customer by customer and in order of time. It stops at the first error of fn. The row
// is valid until fn returns; its strings stay valid.
func (s *Store) Restore(ctx context.Context, partition, partitions int, since time.Time, fn func(*TouchRow) error) error {
	return s.inPasses(ctx, partition, partitions, func(of scope) error { return s.restore(ctx, of, since, fn) })
}

// Touches is Restore for some customers, a few thousand at the most.
func (s *Store) Touches(ctx context.Context, customers []touchpoint.Customer, fn func(*TouchRow) error) error {
	return s.restore(ctx, only(customers), time.Time{}, fn)
}

func (s *Store) restore(ctx context.Context, of scope, from time.Time, fn func(*TouchRow) error) error {
	if err := s.touches(ctx, of, from, fn); err != nil {
		return fmt.Errorf("store: touchpoints of %v: %w", of, err)
	}
	return nil
}

func (s *Store) touches(ctx context.Context, of scope, from time.Time, fn func(*TouchRow) error) error {
	rows, err := s.conn.Query(s.querying(ctx), fmt.Sprintf(
		`SELECT site, customer_kind, customer_id, bucket, message_id,
			toUnixTimestamp64Milli(occurred_at) AS occurred, toUnixTimestamp64Micro(received_at), stage, passive,
			channel, campaign, device, country, toInt64(revenue * 10000), user_id, anonymous_id, currency, bot, floor%[5]s
		FROM (SELECT * FROM %[1]s FINAL WHERE %[3]s%[4]s) AS t
		LEFT JOIN (
			SELECT site, customer_kind, customer_id, max(version) AS floor FROM %[2]s
			WHERE %[3]s GROUP BY site, customer_kind, customer_id
		) AS j USING (site, customer_kind, customer_id)
		ORDER BY site, customer_kind, customer_id, occurred`,
		s.from(TableTouchpoints), s.from(TableJourneys), of.where("customer_id", "bucket"), since(from), of.columns()))
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r TouchRow
		var kind, message string
		var stage uint8
		t := &r.Touch
		if err := scanTouch(rows, &r, of.given, &r.Customer.Site, &kind, &r.Customer.ID, &r.Bucket, &message, &t.OccurredAt, &t.ReceivedAt, &stage, &t.Passive,
			&t.Channel, &t.Campaign, &t.Device, &t.Country, &t.Revenue, &r.UserID, &r.AnonymousID, &r.Currency, &r.Bot, &r.Floor); err != nil {
			return err
		}
		r.Customer.Kind, t.MessageID, t.Stage = kindOf(kind), journey.PackMessageID(message), stages.Stage(stage)
		if !of.has(r.Customer) {
			continue
		}
		if err := fn(&r); err != nil {
			return err
		}
	}
	return rows.Err()
}
