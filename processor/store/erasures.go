package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"

	"github.com/throughline/throughline/processor/erasure"
)

// Erasure is a mark of something that was erased, as it is kept for replays and for the audit.
type Erasure struct {
	erasure.Mark
	// How many touchpoints went.
	Touchpoints int
	Version     uint64
}

func erasureColumns() []column[*Erasure] {
	type r = *Erasure
	return []column[r]{
		newWord("site", func(e r) string { return e.Site }),
		newWord("kind", func(e r) string { return string(e.Kind) }),
		newID("hash", func(e r) [16]byte { return e.Hash }),
		newText("salt", func(e r) string { return hex.EncodeToString(e.Salt) }),
		newText("request", func(e r) string { return e.Request }),
		newMicros("asked_at", func(e r) int64 { return e.Until }),
		newUInt16("bucket", func(e r) uint16 { return e.Bucket }),
		newUInt64("touchpoints", func(e r) uint64 { return uint64(e.Touchpoints) }),
		newUInt64("version", func(e r) uint64 { return e.Version }),
	}
}

// Erasures gives what was ever erased: the latest mark of each hash.
func (s *Store) Erasures(ctx context.Context) (all []erasure.Mark, err error) {
	rows, err := s.conn.Query(s.querying(ctx), `SELECT site, kind, hash, salt, max(bucket), toUnixTimestamp64Micro(max(asked_at))
		FROM `+s.from(TableErasures)+` WHERE kind != 'request' GROUP BY site, kind, hash, salt`)
	if err != nil {
		return nil, fmt.Errorf("store: erasures: %w", explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		var m erasure.Mark
		var kind, salt string
		var hash uuid.UUID
		if err := rows.Scan(&m.Site, &kind, &hash, &salt, &m.Bucket, &m.Until); err != nil {
			return nil, fmt.Errorf("store: erasures: %w", err)
		}
		m.Kind, m.Hash = erasure.Kind(kind), hash
		if m.Salt, err = hex.DecodeString(salt); err != nil {
			return nil, fmt.Errorf("store: erasures: salt: %w", err)
		}
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store: erasures: %w", explain(err))
	}
	return all, nil
}
