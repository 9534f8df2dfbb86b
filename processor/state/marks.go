package state

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/throughline/throughline/processor/erasure"
)

// Marks of what was erased: 'e' partition(4) kind(1) hash(16) -> until(8) bucket(2) salt. Sites are in the hash.
const (
	prefixMark = 'e'
	markKey    = 1 + 4 + 1 + erasure.HashBytes
	markHead   = 8 + 2
)

// markKinds gives the kinds their bytes.
var markKinds = map[erasure.Kind]byte{erasure.User: 'u', erasure.Anonymous: 'a', erasure.Shared: 's', erasure.Seen: 'l', erasure.Source: 'c'}

// PutMark remembers for a partition that something was erased.
func (b *Batch) PutMark(partition int32, m erasure.Mark) error {
	key := append(markPrefix(partition), markKinds[m.Kind])
	value := binary.BigEndian.AppendUint64(nil, uint64(m.Until))
	value = binary.BigEndian.AppendUint16(value, m.Bucket)
	return b.batch.Set(append(key, m.Hash[:]...), append(value, m.Salt...), nil)
}

func markPrefix(partition int32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefixMark}, uint32(partition))
}

// WipeMarks forgets what was erased of a partition.
func (b *Batch) WipeMarks(partition int32) error {
	return b.batch.DeleteRange(markPrefix(partition), markPrefix(partition+1), nil)
}

// Marks gives what was erased, as far as a partition has come; sites and requests are not kept.
func (s *State) Marks(partition int32) (all []erasure.Mark, err error) {
	rows, err := s.db.NewIter(&pebble.IterOptions{LowerBound: markPrefix(partition), UpperBound: markPrefix(partition + 1)})
	if err != nil {
		return nil, fmt.Errorf("read what was erased: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.First(); rows.Valid(); rows.Next() {
		key, value := rows.Key(), rows.Value()
		if len(key) != markKey || len(value) < markHead {
			return nil, fmt.Errorf("%w: a mark of an erasure", ErrCorrupt)
		}
		m := erasure.Mark{
			Until: int64(binary.BigEndian.Uint64(value)), Bucket: binary.BigEndian.Uint16(value[8:]), Salt: append([]byte(nil), value[markHead:]...),
		}
		copy(m.Hash[:], key[6:])
		for kind, b := range markKinds {
			if b == key[5] {
				m.Kind = kind
			}
		}
		all = append(all, m)
	}
	return all, rows.Error()
}

// Drop removes a customer's set.
func (b *Batch) Drop(key []byte) error { return b.batch.Delete(key, nil) }

// Scrub has what some buckets had before leave the disk too, not only the view: what is deleted or overwritten stays in Pebble's
// files until they are merged. It returns at once; Close waits for it a while.
func (s *State) Scrub(buckets []uint16) {
	s.scrubs.Go(func() {
		for _, bucket := range buckets {
			// What fails is left to Pebble's own merging, which comes sooner or later.
			if s.closing.Err() != nil || errors.Join(s.merge(bucket), s.merge(bucket)) != nil {
				return
			}
		}
		// The manifest and the one before it have the bounds of those files. Each flush begins a new one.
		for range manifestsKept + 1 {
			if s.closing.Err() != nil || errors.Join(s.db.Set([]byte(keyLayout), []byte{layout}, pebble.Sync), s.db.Flush()) != nil {
				return
			}
		}
	})
}

// manifestsKept is how many Pebble keeps, the current one included.
const manifestsKept = 2

// merge merges the files of a bucket. A file that overlaps no other one would only be moved down, with what it deletes; so one
// that deletes the bucket's range keys, of which there are none, is laid over it: at the second time at the latest there are two.
func (s *State) merge(bucket uint16) error {
	from, to := bounds(bucket)
	if err := s.db.RangeKeyDelete(from, to, pebble.Sync); err != nil {
		return err
	}
	return s.db.Compact(s.closing, from, to, false)
}
