package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
)

// ErrCorrupt is returned for bytes that Encode cannot have written.
var ErrCorrupt = errors.New("state: corrupt set of touches")

// Decode fills the set with the touches of a stored form, reusing the array given. The touches' strings are slices of
// blob, which must not change afterwards. The error is ErrCorrupt.
func Decode(blob []byte, into []journey.Touch, set *journey.Set) error {
	d := decoder{blob: blob}
	if f := d.uvarint(); f != format {
		return fmt.Errorf("%w: format %d", ErrCorrupt, f)
	}
	parts, floor := d.uvarint(), d.uvarint()
	d.texts = make([]string, 1, 8)
	for range d.count() {
		d.texts = append(d.texts, d.text(d.uvarint()))
	}
	var frozen *journey.Frozen
	if parts&partFrozen != 0 {
		frozen = d.frozen()
	}
	touches := into[:0]
	previous := journey.Touch{}
	d.words.count = 0
	for range d.count() {
		previous = d.touch(previous)
		touches = append(touches, previous)
	}
	if d.failed || len(d.blob) != 0 || parts&^partFrozen != 0 {
		return ErrCorrupt
	}
	set.Reset(touches, floor)
	set.Frozen = frozen
	return nil
}

// decoder reads from the front of blob; once failed, it gives zeros.
type decoder struct {
	blob   []byte
	texts  []string
	words  combinations
	failed bool
}

func (d *decoder) touch(previous journey.Touch) journey.Touch {
	t := previous
	flags := d.byte()
	t.Stage = d.stage(flags & flagStage)
	t.Passive = flags&flagPassive != 0
	t.OccurredAt += int64(d.uvarint())
	delay := int64(d.uvarint())
	if flags&flagEarly != 0 {
		delay = -delay
	}
	t.ReceivedAt = t.OccurredAt*1000 + delay
	n := uint64(packedID)
	if flags&flagPacked == 0 {
		n = d.uvarint()
	}
	t.MessageID = journey.MessageID(d.text(n))
	if flags&flagWords != 0 {
		w := d.wordsOf()
		t.Channel, t.Campaign, t.Device, t.Country = w[0], w[1], w[2], w[3]
	}
	t.Revenue = 0
	if flags&flagRevenue != 0 {
		t.Revenue = d.varint()
	}
	return t
}

func (d *decoder) wordsOf() (w words) {
	var n numbers
	switch k := int(d.byte()); {
	case k > d.words.count:
		d.failed = true
	case k > 0:
		n = d.words.list[k-1]
	default:
		for i := range n {
			n[i] = d.number()
		}
		d.words.add(n)
	}
	for i := range w {
		w[i] = d.texts[n[i]]
	}
	return w
}

func (d *decoder) stage(b byte) stages.Stage {
	d.failed = d.failed || stages.Stage(b) > stages.Last
	return stages.Stage(b)
}

func (d *decoder) byte() byte {
	if len(d.blob) == 0 {
		d.failed = true
		return 0
	}
	b := d.blob[0]
	d.blob = d.blob[1:]
	return b
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.blob)
	if n <= 0 {
		d.failed, d.blob = true, nil
		return 0
	}
	d.blob = d.blob[n:]
	return v
}

func (d *decoder) int64() int64 { return int64(d.uvarint()) }

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.blob)
	if n <= 0 {
		d.failed, d.blob = true, nil
		return 0
	}
	d.blob = d.blob[n:]
	return v
}

// count reads a number of things of at least one byte each.
func (d *decoder) count() uint64 {
	n := d.uvarint()
	if n > uint64(len(d.blob)) {
		d.failed = true
		return 0
	}
	return n
}

func (d *decoder) text(n uint64) string {
	if n > uint64(len(d.blob)) {
		d.failed, d.blob = true, nil
		return ""
	}
	if n == 0 {
		return ""
	}
	t := unsafe.String(&d.blob[0], n)
	d.blob = d.blob[n:]
	return t
}

// number reads the number of a text of the set.
func (d *decoder) number() uint32 {
	n := d.uvarint()
	if n >= uint64(len(d.texts)) {
		d.failed = true
		return 0
	}
	return uint32(n)
}

// word reads a text of the set by its number.
func (d *decoder) word() string { return d.texts[d.number()] }

// pick reads one of texts by its number.
func (d *decoder) pick(texts []string) string {
	n := d.uvarint()
	if n >= uint64(len(texts)) {
		d.failed = true
		return ""
	}
	return texts[n]
}
