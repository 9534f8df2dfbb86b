package state

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Scan calls fn for the sets of a bucket from behind a key on, in the order of keys, until fn says that it has enough. A nil
// key is the bucket's beginning. What fn is given is valid until it returns.
func (s *State) Scan(bucket uint16, behind []byte, fn func(key, blob []byte) (enough bool, err error)) (err error) {
	from, to := bounds(bucket)
	if behind != nil {
		from = append(append([]byte(nil), behind...), 0)
	}
	rows, err := s.db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return fmt.Errorf("scan state: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.First(); rows.Valid(); rows.Next() {
		blob, err := rows.ValueAndErr()
		if err != nil {
			return fmt.Errorf("scan state: %w", err)
		}
		if enough, err := fn(rows.Key(), blob); err != nil || enough {
			return err
		}
	}
	return rows.Error()
}

// bounds are the first key of a bucket and the first behind it.
func bounds(bucket uint16) (from, to []byte) {
	from = binary.BigEndian.AppendUint16([]byte{prefixSet}, bucket)
	to = binary.BigEndian.AppendUint32([]byte{prefixSet}, (uint32(bucket)+1)<<16)[:3]
	return from, to
}
