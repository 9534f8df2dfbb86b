// Package state takes the touches of each customer as sorted sets and gives them back by customer, together with the
// offset up to which each partition has been applied. It is a cache in Pebble: deleting its folder costs a restore from
// ClickHouse and never data.
package state

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable/block"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Keys: 's' bucket(2) site 0x00 kind id -> set, with an id that is a UUID as 16 bytes and the kind then in upper case;
// 'o' partition(4) -> Applied; 'f' -> layout; 'e' -> what was erased: see marks.go.
const (
	prefixSet     = 's'
	prefixApplied = 'o'
	keyLayout     = "f"
)

// layout is the version of keys and values. A state of another one is emptied: it is a cache.
const layout = 3

// State is the store of one processor. Get and Apply may be called at the same time.
type State struct {
	db *pebble.DB
	// Read while metrics are gathered, written when it closes.
	open sync.RWMutex
	gone bool
	// Merges under way, which end when it closes.
	scrubs  sync.WaitGroup
	closing context.Context
	stop    context.CancelFunc
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
		// A new manifest with each change of files: the old ones have keys of files that are gone.
		MaxManifestFileSize: 1,
		// Its blocks lay keys and values out in columns.
		FormatMajorVersion: pebble.FormatTableFormatV6,
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		options.Levels[i].Compression = func() *block.CompressionProfile { return quick }
	}
	last := &options.Levels[len(options.Levels)-1]
	last.BlockSize = 16 << 10
	last.Compression = func() *block.CompressionProfile { return small }
	db, err := pebble.Open(cfg.Dir, options)
	if err != nil {
		return nil, fmt.Errorf("open state in %s: %w", cfg.Dir, err)
	}
	s := &State{db: db}
	s.closing, s.stop = context.WithCancel(context.Background())
	if err := s.checkLayout(); err != nil {
		return nil, errors.Join(fmt.Errorf("layout of the state in %s: %w", cfg.Dir, err), db.Close())
	}
	return s, nil
}

// Both keep even a little gain: half of a set is message ids, which nothing makes smaller, but trying costs the same. The last
// level has nearly all sets: there zstd over larger blocks takes a tenth of the bytes away.
var (
	quick = keepingLittle("Throughline quick", block.SnappyCompression)
	small = keepingLittle("Throughline small", block.BalancedCompression)
)

func keepingLittle(name string, like *block.CompressionProfile) *block.CompressionProfile {
	c := *like
	c.Name, c.MinReductionPercent, c.AdaptiveReductionCutoffPercent = name, 2, 0
	return &c
}

// checkLayout empties a state of another layout.
func (s *State) checkLayout() error {
	value, closer, err := s.db.Get([]byte(keyLayout))
	switch {
	case err == nil:
		same := len(value) == 1 && value[0] == layout
		if err := closer.Close(); err != nil || same {
			return err
		}
	case !errors.Is(err, pebble.ErrNotFound):
		return err
	}
	b := s.db.NewBatch()
	if err := errors.Join(b.DeleteRange([]byte{0}, []byte{0xff}, nil), b.Set([]byte(keyLayout), []byte{layout}, nil)); err != nil {
		return err
	}
	return b.Commit(pebble.Sync)
}

// scrubLimit is how long Close waits for what is leaving the disk.
const scrubLimit = 10 * time.Second

// Close flushes and closes.
func (s *State) Close() error {
	s.open.Lock()
	s.gone = true
	s.open.Unlock()
	limit := time.AfterFunc(scrubLimit, s.stop)
	s.scrubs.Wait()
	limit.Stop()
	s.stop()
	return s.db.Close()
}

// Key names a customer's set; sets of one bucket lie together.
func Key(b []byte, bucket uint16, c touchpoint.Customer) []byte {
	b = append(b, prefixSet)
	b = binary.BigEndian.AppendUint16(b, bucket)
	b = append(b, c.Site...)
	if id := journey.PackMessageID(c.ID); len(id) == packedID {
		b = append(b, 0, byte(c.Kind)&^lowerCase)
		return append(b, id...)
	}
	b = append(b, 0, byte(c.Kind))
	return append(b, c.ID...)
}

// lowerCase is the bit that tells lower from upper case.
const lowerCase = 0x20

// CustomerOf gives the bucket and the customer that a key names.
func CustomerOf(key []byte) (bucket uint16, c touchpoint.Customer, err error) {
	const header = 3
	site := bytes.IndexByte(key[min(header, len(key)):], 0)
	if site < 0 || key[0] != prefixSet || len(key) < header+site+2 {
		return 0, c, fmt.Errorf("%w: key %x", ErrCorrupt, key)
	}
	kind, id := key[header+site+1], key[header+site+2:]
	c = touchpoint.Customer{Site: string(key[header : header+site]), Kind: touchpoint.Kind(kind | lowerCase), ID: string(id)}
	if kind&lowerCase == 0 {
		c.ID = journey.MessageID(id).Text()
	}
	return binary.BigEndian.Uint16(key[1:]), c, nil
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
	// The last rebuild of ClickHouse's tables that the sets are of, 0 where there was none.
	Rebuilt int64
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
	a, ok = decodeApplied(value)
	return a, ok, nil
}

// What is stored: offset(8) partitions(4), and behind them rebuilt(8) where it is not 0.
const (
	appliedLength = 12
	rebuiltLength = appliedLength + 8
)

func decodeApplied(value []byte) (a Applied, ok bool) {
	if len(value) != appliedLength && len(value) != rebuiltLength {
		return a, false
	}
	a.Offset = int64(binary.BigEndian.Uint64(value))
	a.Partitions = int32(binary.BigEndian.Uint32(value[8:]))
	if len(value) == rebuiltLength {
		a.Rebuilt = int64(binary.BigEndian.Uint64(value[appliedLength:]))
	}
	return a, true
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
	if a.Rebuilt != 0 {
		value = binary.BigEndian.AppendUint64(value, uint64(a.Rebuilt))
	}
	return b.batch.Set(appliedKey(partition), value, nil)
}

// Wipe removes the sets of a bucket.
func (b *Batch) Wipe(bucket uint16) error {
	from, to := bounds(bucket)
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
