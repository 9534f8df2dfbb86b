package store

import (
	"cmp"
	"context"
	"fmt"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// pairs selects users with the anonymous ids that they were seen on or have touches from.
func (s *Store) pairs(of scope) string {
	bucket := fmt.Sprintf(`xxHash64(concat(site, '\0', '%c', user_id)) %% %d`, touchpoint.KindUser, touchpoint.Buckets)
	return fmt.Sprintf(`SELECT DISTINCT site, user_id, anonymous_id FROM %s WHERE %s
		UNION DISTINCT SELECT DISTINCT site, user_id, anonymous_id FROM %s WHERE %s`,
		s.from(TableIdentities), of.where("user_id", bucket), s.from(TableContributions), of.where("user_id", "bucket"))
}

// RestoreSources calls fn for each pair of a user of the buckets with bucket mod partitions = partition and an anonymous id that
// the user was ever seen on or has touches from, ordered by site, user and anonymous id. It stops at the first error of fn.
func (s *Store) RestoreSources(ctx context.Context, partition, partitions int, fn func(*SourceOf) error) error {
	return s.inPasses(ctx, partition, partitions, func(of scope) error { return s.restoreSources(ctx, of, fn) })
}

// Sources is RestoreSources for some users, a few thousand at the most.
func (s *Store) Sources(ctx context.Context, users []touchpoint.Customer, fn func(*SourceOf) error) error {
	return s.restoreSources(ctx, only(users), fn)
}

func (s *Store) restoreSources(ctx context.Context, of scope, fn func(*SourceOf) error) error {
	if err := s.sources(ctx, of, fn); err != nil {
		return fmt.Errorf("store: sources of %v: %w", of, err)
	}
	return nil
}

func (s *Store) sources(ctx context.Context, of scope, fn func(*SourceOf) error) error {
	pairs := s.pairs(of)
	touches := &touchStream{}
	defer touches.close()
	query := fmt.Sprintf(`SELECT site, owner, anonymous_id, toUInt8(fact), user, at, source, toUInt8(deleted), toUInt16(bucket),
			toInt64(partitions), toInt64(offset), toUInt64(version)
		FROM (
			SELECT f.*, p.user_id AS owner FROM (%s) AS f JOIN (%s) AS p ON f.site = p.site AND f.anonymous_id = p.anonymous_id
			UNION ALL
			SELECT site, anonymous_id, 2 AS fact, '' AS user, 0 AS at, '' AS source, 0 AS deleted, 0 AS bucket,
				(argMax((kafka_partitions, kafka_offset), (c.version, kafka_partitions, kafka_offset)) AS taken).1 AS partitions, taken.2 AS offset,
				max(version) AS latest, user_id AS owner
			FROM %s AS c WHERE %s GROUP BY site, anonymous_id, user_id
			UNION ALL
			SELECT p.site, p.anonymous_id, 3 AS fact, '' AS user, 0 AS at, '' AS source, 0 AS deleted, 0 AS bucket,
				0 AS partitions, 0 AS offset, j.floor AS latest, p.user_id AS owner
			FROM (%s) AS p JOIN (
				SELECT site, customer_id, max(version) AS floor FROM %s WHERE customer_kind = 'user' AND %s GROUP BY site, customer_id
			) AS j ON p.site = j.site AND p.user_id = j.customer_id
		) ORDER BY site, owner, anonymous_id`, s.facts(), pairs, s.from(TableContributions), of.where("c.user_id", "c.bucket"),
		pairs, s.from(TableJourneys), of.where("customer_id", "bucket"))
	var source SourceOf
	// The touches are asked for after what the users have taken: so they are at least all that was in it.
	opened := func() error { return touches.open(ctx, s, pairs, of.given) }
	return s.eachFact(ctx, query, &source, opened, func() (err error) {
		if source.Touches, err = touches.of(&source); err != nil {
			return err
		}
		if !of.has(touchpoint.Customer{Site: source.Site, Kind: touchpoint.KindUser, ID: source.UserID}) {
			return nil
		}
		return fn(&source)
	})
}

// touchStream reads the touches of anonymous ids beside the facts about them, both in the same order.
type touchStream struct {
	rows interface {
		Next() bool
		Scan(...any) error
		Err() error
		Close() error
	}
	// The row read last and not given yet, and whose it is.
	site, owner string
	row         *TouchRow
	given       bool
}

func (t *touchStream) open(ctx context.Context, s *Store, pairs string, given bool) error {
	t.given = given
	rows, err := s.conn.Query(s.querying(ctx), fmt.Sprintf(
		`SELECT t.site AS site, p.user_id AS owner, t.customer_id AS id, message_id, toUnixTimestamp64Milli(occurred_at) AS occurred,
			toUnixTimestamp64Micro(received_at), stage, passive, channel, campaign, device, country, toInt64(revenue * 10000), currency, bot%[3]s
		FROM (
			SELECT * FROM %[1]s FINAL
			WHERE customer_kind = 'anonymous' AND (site, customer_id) GLOBAL IN (SELECT site, anonymous_id FROM (%[2]s))
		) AS t JOIN (%[2]s) AS p ON t.site = p.site AND t.customer_id = p.anonymous_id
		ORDER BY site, owner, id, occurred`, s.from(TableTouchpoints), pairs, scope{given: given}.columns()))
	if err != nil {
		return explain(err)
	}
	t.rows = rows
	return t.read()
}

func (t *touchStream) read() error {
	t.row = nil
	if !t.rows.Next() {
		return t.rows.Err()
	}
	var r TouchRow
	var message string
	var stage uint8
	touch := &r.Touch
	if err := scanTouch(t.rows, &r, t.given, &t.site, &t.owner, &r.Customer.ID, &message, &touch.OccurredAt, &touch.ReceivedAt, &stage, &touch.Passive,
		&touch.Channel, &touch.Campaign, &touch.Device, &touch.Country, &touch.Revenue, &r.Currency, &r.Bot); err != nil {
		return err
	}
	touch.MessageID, touch.Stage = journey.PackMessageID(message), stages.Stage(stage)
	t.row = &r
	return nil
}

// of gives the touches of a source; those of sources before it are passed over.
func (t *touchStream) of(s *SourceOf) (touches []TouchRow, err error) {
	for t.row != nil {
		order := cmp.Or(cmp.Compare(t.site, s.Site), cmp.Compare(t.owner, s.UserID), cmp.Compare(t.row.Customer.ID, s.AnonymousID))
		if order > 0 {
			break
		}
		if order == 0 {
			touches = append(touches, *t.row)
		}
		if err := t.read(); err != nil {
			return nil, err
		}
	}
	return touches, nil
}

func (t *touchStream) close() {
	if t.rows != nil {
		_ = t.rows.Close()
	}
}
