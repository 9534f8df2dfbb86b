// Package state takes the touches of each customer as sorted sets and gives them back by customer, together with the
// offset up to which each partition has been applied. It is a cache in Pebble: deleting its folder costs a restore from
// ClickHouse and never data.
package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// Keys: 's' bucket(2) customer key -> set; 'o' partition(4) -> Applied.
const (
	prefixSet     = 's'
	prefixApplied = 'o'
)

// State is the store of one processor. Get and Apply may be called at the same time.
type State struct {
	db *pebble.DB
	// Read while metrics are gathered, written when it closes.
	open sync.RWMutex
	gone bool
}

// Config says where the state lies and how much memory it may use.
type Config struct {
	Dir string
	// Bytes of Pebble's block cache.
	CacheBytes int64
}

// Open opens or creates the state. The error is Pebble's; a folder that cannot be read may be deleted.
func Open(cfg Config, logger pebble.Logger) (*State, error) {
	cache := pebble.NewCache(max(cfg.CacheBytes, 8<<20))
	defer cache.Unref()
	options := &pebble.Options{
		Cache:        cache,
		MemTableSize: 64 << 20,
		Logger:       logger,
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	db, err := pebble.Open(cfg.Dir, options)
	if err != nil {
		return nil, fmt.Errorf("open state in %s: %w", cfg.Dir, err)
	}
	return &State{db: db}, nil
}

// Close flushes and closes.
func (s *State) Close() error {
	s.open.Lock()
	s.gone = true
	s.open.Unlock()
	return s.db.Close()
}

// Key names a customer's set; sets of one bucket lie together.
func Key(b []byte, bucket uint16, c touchpoint.Customer) []byte {
	b = append(b, prefixSet)
	b = binary.BigEndian.AppendUint16(b, bucket)
	return c.AppendKey(b)
}

// Get gives a copy of the stored set, nil when there is none.
func (s *State) Get(key []byte) ([]byte, error) {
	value, closer, err := s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read state: %w", err)
	}
	blob := append([]byte(nil), value...)
	return blob, closer.Close()
}

// Applied says how far a partition's log is in the state.
type Applied struct {
	// The next offset to apply.
	Offset int64
	// How many partitions the topic had: buckets lie elsewhere once that changes.
	Partitions int32
}

// Applied gives how far the partition is applied; ok is false when nothing is known of it.
func (s *State) Applied(partition int32) (a Applied, ok bool, err error) {
	value, closer, err := s.db.Get(appliedKey(partition))
	if errors.Is(err, pebble.ErrNotFound) {
		return a, false, nil
	}
	if err != nil {
		return a, false, fmt.Errorf("read applied offset of partition %d: %w", partition, err)
	}
	defer closer.Close()
	if len(value) != 12 {
		return a, false, nil
	}
	a.Offset = int64(binary.BigEndian.Uint64(value))
	a.Partitions = int32(binary.BigEndian.Uint32(value[8:]))
	return a, true, nil
}

func appliedKey(partition int32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefixApplied}, uint32(partition))
}

// Batch collects what one flush changes; it becomes visible and durable as a whole.
type Batch struct {
	batch *pebble.Batch
}

// NewBatch begins a batch.
func (s *State) NewBatch() *Batch { return &Batch{batch: s.db.NewBatch()} }

// Put sets a customer's set. The bytes are copied.
func (b *Batch) Put(key, blob []byte) error { return b.batch.Set(key, blob, nil) }

// SetApplied records how far a partition is applied.
func (b *Batch) SetApplied(partition int32, a Applied) error {
	value := binary.BigEndian.AppendUint64(nil, uint64(a.Offset))
	value = binary.BigEndian.AppendUint32(value, uint32(a.Partitions))
	return b.batch.Set(appliedKey(partition), value, nil)
}

// Wipe removes the sets of a bucket.
func (b *Batch) Wipe(bucket uint16) error {
	from := binary.BigEndian.AppendUint16([]byte{prefixSet}, bucket)
	to := binary.BigEndian.AppendUint32([]byte{prefixSet}, (uint32(bucket)+1)<<16)[:3]
	return b.batch.DeleteRange(from, to, nil)
}

// Forget removes what is known of a partition's offset.
func (b *Batch) Forget(partition int32) error { return b.batch.Delete(appliedKey(partition), nil) }

// Commit makes the batch durable: it returns after fsync.
func (b *Batch) Commit() error {
	if err := b.batch.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("commit state: %w", err)
	}
	return nil
}
