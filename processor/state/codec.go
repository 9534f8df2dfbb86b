package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
)

// The stored form of a set of touches, all numbers varints:
//
//	format, floor, number of texts, texts (length, bytes), number of touches, touches
//
// and a touch, in order, so that times are small differences:
//
//	flags, occurred_at − previous (ms), received_at − occurred_at (µs, zigzag), id (16 bytes, or length and bytes),
//	[channel, campaign, device, country: numbers of texts, 0 is empty], [revenue, zigzag]
const format = 1

const (
	flagStage   = 0x07
	flagPassive = 0x08
	flagPacked  = 0x10 // the id is 16 bytes
	flagTexts   = 0x20 // texts differ from the previous touch's
	flagRevenue = 0x40
)

const packedID = 16

// ErrCorrupt is returned for bytes that Encode cannot have written.
var ErrCorrupt = errors.New("state: corrupt set of touches")

// Encode appends the stored form of a sorted set.
func Encode(b []byte, set *journey.Set) []byte {
	var texts texts
	for i := range set.Touches {
		texts.add(textsOf(&set.Touches[i]))
	}
	b = append(b, format)
	b = binary.AppendUvarint(b, set.Floor)
	b = binary.AppendUvarint(b, uint64(len(texts.list)))
	for _, t := range texts.list {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	b = binary.AppendUvarint(b, uint64(len(set.Touches)))
	previous := &journey.Touch{}
	for i := range set.Touches {
		b = encodeTouch(b, &set.Touches[i], previous, &texts)
		previous = &set.Touches[i]
	}
	return b
}

func encodeTouch(b []byte, t, previous *journey.Touch, texts *texts) []byte {
	flags := byte(t.Stage) & flagStage
	if t.Passive {
		flags |= flagPassive
	}
	if len(t.MessageID) == packedID {
		flags |= flagPacked
	}
	if textsOf(t) != textsOf(previous) {
		flags |= flagTexts
	}
	if t.Revenue != 0 {
		flags |= flagRevenue
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, t.OccurredAt-previous.OccurredAt)
	b = binary.AppendVarint(b, t.ReceivedAt-t.OccurredAt*1000)
	if flags&flagPacked == 0 {
		b = binary.AppendUvarint(b, uint64(len(t.MessageID)))
	}
	b = append(b, t.MessageID...)
	if flags&flagTexts != 0 {
		for _, text := range textsOf(t) {
			b = binary.AppendUvarint(b, texts.number(text))
		}
	}
	if flags&flagRevenue != 0 {
		b = binary.AppendVarint(b, t.Revenue)
	}
	return b
}

func textsOf(t *journey.Touch) [4]string {
	return [4]string{t.Channel, t.Campaign, t.Device, t.Country}
}

// texts numbers the few different texts of a customer; a customer has a handful, so a walk beats a map.
type texts struct{ list []string }

func (x *texts) add(of [4]string) {
	for _, t := range of {
		if x.number(t) == unknownText {
			x.list = append(x.list, t)
		}
	}
}

const unknownText = ^uint64(0)

func (x *texts) number(t string) uint64 {
	if t == "" {
		return 0
	}
	for i := len(x.list) - 1; i >= 0; i-- {
		if x.list[i] == t {
			return uint64(i + 1)
		}
	}
	return unknownText
}

// Decode fills the set with the touches of a stored form, reusing the array given. The touches' strings are slices of
// blob, which must not change afterwards. The error is ErrCorrupt.
func Decode(blob []byte, into []journey.Touch, set *journey.Set) error {
	d := decoder{blob: blob}
	if f := d.uvarint(); f != format {
		return fmt.Errorf("%w: format %d", ErrCorrupt, f)
	}
	floor := d.uvarint()
	texts := make([]string, 1, 8)
	for range d.count() {
		texts = append(texts, d.text(d.uvarint()))
	}
	touches := into[:0]
	previous := journey.Touch{}
	for range d.count() {
		previous = d.touch(previous, texts)
		touches = append(touches, previous)
	}
	if d.failed || len(d.blob) != 0 {
		return ErrCorrupt
	}
	set.Reset(touches, floor)
	return nil
}

// decoder reads from the front of blob; once failed, it gives zeros.
type decoder struct {
	blob   []byte
	failed bool
}

func (d *decoder) touch(previous journey.Touch, texts []string) journey.Touch {
	t := previous
	flags := d.byte()
	t.Stage = stages.Stage(flags & flagStage)
	d.failed = d.failed || t.Stage > stages.Last
	t.Passive = flags&flagPassive != 0
	t.OccurredAt += d.varint()
	t.ReceivedAt = d.varint() + t.OccurredAt*1000
	n := uint64(packedID)
	if flags&flagPacked == 0 {
		n = d.uvarint()
	}
	t.MessageID = journey.MessageID(d.text(n))
	if flags&flagTexts != 0 {
		for _, to := range [...]*string{&t.Channel, &t.Campaign, &t.Device, &t.Country} {
			*to = d.pick(texts)
		}
	}
	t.Revenue = 0
	if flags&flagRevenue != 0 {
		t.Revenue = d.varint()
	}
	return t
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

func (d *decoder) pick(texts []string) string {
	n := d.uvarint()
	if n >= uint64(len(texts)) {
		d.failed = true
		return ""
	}
	return texts[n]
}
