package store

import (
	"context"
	"fmt"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// LinkedID is an anonymous id with all that is stored of who was seen on it.
type LinkedID struct {
	Site, AnonymousID string
	// Of the anonymous id.
	Bucket  uint16
	Edges   []StoredEdge
	Unlinks []identity.Unlink
	// When each of them was received, Unix microseconds.
	UnlinkedAt []int64
}

// StoredEdge is an edge as it is stored: live, or a tombstone.
type StoredEdge struct {
	identity.Edge
	Deleted bool
}

// SourceOf is an anonymous id as a source of one user's touches.
type SourceOf struct {
	LinkedID
	UserID string
	// How far the user had taken its contributions, 0 where it had not, and the greatest version of what the user then had and of the
	// user's stored journeys, tombstones included.
	Taken   identity.Sequence
	Version uint64
	// All touches of the anonymous id, in order of time; what of them is the user's follows from the links. Only ID of
	// Customer is set.
	Touches []TouchRow
}

// facts selects what is stored of links, a row a fact: 0 an edge, 1 an unlink.
func (s *Store) facts() string {
	return fmt.Sprintf(`SELECT site, anonymous_id, 0 AS fact, user_id AS user, toUnixTimestamp64Milli(asserted_at) AS at, source, max(is_deleted) AS deleted,
			any(bucket) AS bucket, 0 AS partitions, 0 AS offset, 0 AS version
		FROM %s GROUP BY site, anonymous_id, user_id, asserted_at, source
		UNION ALL
		SELECT DISTINCT site, anonymous_id, 1 AS fact, user_id AS user, toUnixTimestamp64Milli(until) AS at, '' AS source, 0 AS deleted,
			bucket, 0 AS partitions, 0 AS offset, toUInt64(toUnixTimestamp64Micro(received_at)) AS version
		FROM %s`, s.from(TableIdentities), s.from(TableUnlinks))
}

// fact is one row about a linked id; user and owner are the same but where the id is looked at as a source of owner.
type fact struct {
	site, owner, anonymous string
	kind                   uint8
	edge                   identity.Edge
	deleted                bool
	bucket                 uint16
	taken                  identity.Sequence
	version                uint64
}

func (f *fact) scan(rows interface{ Scan(...any) error }) error {
	var deleted uint8
	var partitions int64
	if err := rows.Scan(&f.site, &f.owner, &f.anonymous, &f.kind, &f.edge.UserID, &f.edge.At, &f.edge.Source, &deleted,
		&f.bucket, &partitions, &f.taken.Offset, &f.version); err != nil {
		return err
	}
	f.deleted, f.taken.Partitions = deleted != 0, int32(partitions)
	return nil
}

// Kinds of facts.
const (
	factEdge = iota
	factUnlink
	factTaken
	factFloor
)

// add puts the fact where it belongs.
func (f *fact) add(to *SourceOf) {
	switch f.kind {
	case factEdge:
		to.Edges = append(to.Edges, StoredEdge{f.edge, f.deleted})
		to.Bucket = f.bucket
	case factUnlink:
		until := f.edge.At
		if until == 0 {
			until = identity.Forever
		}
		to.Unlinks = append(to.Unlinks, identity.Unlink{UserID: f.edge.UserID, Until: until})
		to.UnlinkedAt = append(to.UnlinkedAt, int64(f.version))
		to.Bucket = f.bucket
	case factTaken:
		to.Taken, to.Version = f.taken, max(to.Version, f.version)
	case factFloor:
		to.Version = max(to.Version, f.version)
	}
}

// RestoreLinks calls fn for each anonymous id of the buckets with bucket mod partitions = partition of which a link or an unlink
// is stored. It stops at the first error of fn.
func (s *Store) RestoreLinks(ctx context.Context, partition, partitions int, fn func(*LinkedID) error) error {
	return s.inPasses(ctx, partition, partitions, func(of scope) error { return s.restoreLinks(ctx, of, fn) })
}

// Links is RestoreLinks for some anonymous ids, a few thousand at the most.
func (s *Store) Links(ctx context.Context, customers []touchpoint.Customer, fn func(*LinkedID) error) error {
	return s.restoreLinks(ctx, only(customers), fn)
}

func (s *Store) restoreLinks(ctx context.Context, of scope, fn func(*LinkedID) error) error {
	query := fmt.Sprintf(`SELECT site, '' AS owner, anonymous_id, toUInt8(fact), user, at, source, toUInt8(deleted), toUInt16(bucket),
			toInt64(partitions), toInt64(offset), toUInt64(version)
		FROM (%s) WHERE %s ORDER BY site, anonymous_id`, s.facts(), of.where("anonymous_id", "bucket"))
	var all SourceOf
	opened := func() error { return nil }
	err := s.eachFact(ctx, query, &all, opened, func() error {
		if !of.has(touchpoint.Customer{Site: all.Site, Kind: touchpoint.KindAnonymous, ID: all.AnonymousID}) {
			return nil
		}
		return fn(&all.LinkedID)
	})
	if err != nil {
		return fmt.Errorf("store: links of %v: %w", of, err)
	}
	return nil
}

// eachFact gathers the facts of one id after another in to and calls fn when they are complete; opened is called when the query
// has begun.
func (s *Store) eachFact(ctx context.Context, query string, to *SourceOf, opened, fn func() error) error {
	rows, err := s.conn.Query(s.querying(ctx), query)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	if err := opened(); err != nil {
		return err
	}
	some := false
	for rows.Next() {
		var f fact
		if err := f.scan(rows); err != nil {
			return err
		}
		if some && (f.site != to.Site || f.owner != to.UserID || f.anonymous != to.AnonymousID) {
			if err := fn(); err != nil {
				return err
			}
			some = false
		}
		if !some {
			*to = SourceOf{LinkedID: LinkedID{Site: f.site, AnonymousID: f.anonymous}, UserID: f.owner}
			some = true
		}
		f.add(to)
	}
	if err := rows.Err(); err != nil || !some {
		return err
	}
	return fn()
}
