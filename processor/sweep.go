package processor

import (
	"bytes"
	"slices"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/state"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// sweep goes round the sets of a partition, a few in each cut, and folds those of customers who have not come for long.
type sweep struct {
	// Reads sets of a bucket behind a key: see state.Scan.
	scan func(bucket uint16, behind []byte, fn func(key, blob []byte) (enough bool, err error)) error
	// Gives a set that changed lately, nil for none. Those wait for the next round.
	recent func(key string) []byte
	// Where it stands, and how far it is to the partition's next bucket.
	bucket, step int
	behind       []byte
	// The newest receipt of the partition so far: its clock. Unix milliseconds.
	now int64
}

// sweepSets is how many sets are looked at in a cut: at two cuts a second, ten million a day.
const sweepSets = 64

// retire folds some customers who have not come for long. It changes the state and no rows.
func (c *cutter) retire(out *portion) error {
	s := c.sweep
	if s == nil {
		return nil
	}
	for _, at := range out.received {
		s.now = max(s.now, at/1000)
	}
	var folded []change
	seen := 0
	err := s.scan(uint16(s.bucket), s.behind, func(key, blob []byte) (bool, error) {
		seen++
		s.behind = append(s.behind[:0], key...)
		if s.recent(string(key)) != nil || out.changes(key) {
			return seen == sweepSets, nil
		}
		smaller, err := c.smaller(key, blob, s.now)
		if smaller != nil {
			folded = append(folded, change{string(key), smaller})
		}
		return seen == sweepSets, err
	})
	if seen < sweepSets {
		s.bucket, s.behind = s.bucket+s.step, nil
		if s.bucket >= touchpoint.Buckets {
			s.bucket %= s.step
		}
	}
	if len(folded) > 0 {
		out.sets = append(out.sets, folded...)
		slices.SortFunc(out.sets, change.compare)
	}
	return err
}

// changes tells whether the portion changes a set; its sets are in order.
func (p *portion) changes(key []byte) bool {
	_, found := slices.BinarySearchFunc(p.sets, change{key: string(key)}, change.compare)
	return found
}

// smaller gives the set with what is old folded, nil where there is nothing to fold.
func (c *cutter) smaller(key, blob []byte, now int64) ([]byte, error) {
	_, customer, err := state.CustomerOf(key)
	if err != nil {
		return nil, err
	}
	var who identity.Person
	if err := state.DecodePerson(bytes.Clone(blob), &who); err != nil {
		return nil, err
	}
	rules := c.rules.of(customer.Site)
	line, fold := who.Dormant(&rules.options, now)
	if !fold {
		line, fold = who.Line(&rules.options)
	}
	if !fold || who.Unsure || who.Own.Frozen != nil && line <= who.Own.Frozen.Until {
		return nil, nil
	}
	who.Fold(c.builder(rules), customer, line)
	return state.EncodePerson(nil, &who), nil
}
