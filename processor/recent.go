package processor

import (
	"slices"
	"strings"
)

// recent keeps the sets that a partition changed last, so that most are read without asking the state. It always has
// those of the newest flush, which the state may not have yet. It is not safe for concurrent use.
type recent struct {
	young, old map[string][]byte
	// What the newest flush changed, in the order of keys.
	newest []change
	// Bytes of young, and how many it may reach before it becomes old and old is dropped.
	bytes, most int
}

func newRecent(most int) *recent {
	return &recent{young: map[string][]byte{}, most: most}
}

// get gives a set, nil when it is not here.
func (r *recent) get(key string) []byte {
	if blob, ok := r.young[key]; ok {
		return blob
	}
	return r.old[key]
}

// read puts the newest set of each customer into the customer's first item. Those that are not here are asked of the state in
// the order of their keys, which is twice as fast as in any other.
func (r *recent) read(firsts []*item, get func(key []byte) ([]byte, error)) (err error) {
	var others []*item
	for _, first := range firsts {
		if first.blob = r.get(first.key); first.blob == nil {
			others = append(others, first)
		}
	}
	slices.SortFunc(others, func(a, b *item) int { return strings.Compare(a.key, b.key) })
	for _, first := range others {
		if first.blob, err = get([]byte(first.key)); err != nil {
			return err
		}
	}
	return nil
}

// fresh tells that a set is of the newest flush.
func (r *recent) fresh(key string) bool {
	_, found := slices.BinarySearchFunc(r.newest, change{key: key}, change.compare)
	return found
}

// add takes what a flush changed.
func (r *recent) add(sets []change) {
	if r.bytes > r.most {
		r.old, r.young, r.bytes = r.young, make(map[string][]byte, len(r.young)), 0
	}
	r.newest = sets
	for _, s := range sets {
		if before, ok := r.young[s.key]; ok {
			r.bytes += len(s.blob) - len(before)
		} else {
			r.bytes += len(s.key) + len(s.blob) + entryBytes
		}
		r.young[s.key] = s.blob
	}
}

// entryBytes is about what an entry takes beside its key and value.
const entryBytes = 80
