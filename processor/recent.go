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
func (r *recent) get(key []byte) []byte {
	if blob, ok := r.young[string(key)]; ok {
		return blob
	}
	return r.old[string(key)]
}

// fresh tells that a set is of the newest flush.
func (r *recent) fresh(key []byte) bool {
	_, found := slices.BinarySearchFunc(r.newest, string(key), func(c change, key string) int { return strings.Compare(c.key, key) })
	return found
}

// add takes what a flush changed.
func (r *recent) add(sets []change) {
	if r.bytes > r.most {
		r.old, r.young, r.bytes = r.young, make(map[string][]byte, len(r.young)), 0
	}
	r.newest = sets
	for _, s := range sets {
		r.young[s.key] = s.blob
		r.bytes += len(s.key) + len(s.blob) + entryBytes
	}
}

// entryBytes is about what an entry takes beside its key and value.
const entryBytes = 80
