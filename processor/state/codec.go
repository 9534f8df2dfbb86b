package state

import (
	"encoding/binary"

	"github.com/throughline/throughline/processor/journey"
)

// The stored form of a set of touches, all numbers varints:
//
//	format, parts, floor, number of texts, texts (length, bytes), [summary of what is folded], number of touches, touches
//
// and a touch, in order, so that times are small differences:
//
//	flags, occurred_at − previous (ms), ±(received_at − occurred_at) (µs), id (16 bytes, or length and bytes),
//	[words], [revenue, zigzag]
//
// Words are the channel, campaign, device and country of a touch. The first sixteen combinations have numbers from 1, in the
// order of appearance; a new one is 0 and the four numbers of its texts, 0 for the empty text.
const format = 2

// Parts that a stored set may have.
const partFrozen = 0x01

const (
	flagStage   = 0x07
	flagPassive = 0x08
	flagPacked  = 0x10 // the id is 16 bytes
	flagWords   = 0x20 // the words differ from the previous touch's
	flagRevenue = 0x40
	flagEarly   = 0x80 // received before it occurred
)

const packedID = 16

// Encode appends the stored form of a sorted set.
func Encode(b []byte, set *journey.Set) []byte {
	var e encoder
	e.texts.list = make([]string, 0, 8)
	e.collect(set)
	parts := uint64(0)
	if set.Frozen != nil {
		parts |= partFrozen
	}
	b = append(b, format)
	b = binary.AppendUvarint(b, parts)
	b = binary.AppendUvarint(b, set.Floor)
	b = binary.AppendUvarint(b, uint64(len(e.texts.list)))
	for _, t := range e.texts.list {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	if set.Frozen != nil {
		b = e.frozen(b, set.Frozen)
	}
	b = binary.AppendUvarint(b, uint64(len(set.Touches)))
	e.words.count = 0
	previous := &journey.Touch{}
	for i := range set.Touches {
		b = e.touch(b, &set.Touches[i], previous)
		previous = &set.Touches[i]
	}
	return b
}

// words are the channel, campaign, device and country of a touch.
type words [4]string

func wordsOf(t *journey.Touch) words { return words{t.Channel, t.Campaign, t.Device, t.Country} }

// numbers are the words by their numbers among the texts of a set.
type numbers [4]uint32

// combinations are the first different words of a set; those after them are written out each time.
type combinations struct {
	list  [16]numbers
	count int
}

func (c *combinations) add(n numbers) {
	if c.count < len(c.list) {
		c.list[c.count] = n
		c.count++
	}
}

// texts numbers the few different texts of a customer; a customer has a handful, so a walk beats a map.
type texts struct{ list []string }

func (x *texts) add(of [4]string) { x.addAll(of[:]) }

func (x *texts) addAll(of []string) {
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

// encoder numbers the texts and the combinations of a set.
type encoder struct {
	texts texts
	words combinations
}

// collect numbers the texts of the set.
func (e *encoder) collect(set *journey.Set) {
	if set.Frozen != nil {
		e.collectFrozen(set.Frozen)
	}
	last := words{}
	for i := range set.Touches {
		if w := wordsOf(&set.Touches[i]); w != last {
			e.texts.add(w)
			last = w
		}
	}
}

func (e *encoder) text(b []byte, t string) []byte { return binary.AppendUvarint(b, e.texts.number(t)) }

// appendWords appends the number of a combination, or a new one.
func (e *encoder) appendWords(b []byte, w words) []byte {
	var n numbers
	for i := range w {
		n[i] = uint32(e.texts.number(w[i]))
	}
	for i := range e.words.count {
		if e.words.list[i] == n {
			return append(b, byte(i+1))
		}
	}
	e.words.add(n)
	b = append(b, 0)
	for _, text := range n {
		b = binary.AppendUvarint(b, uint64(text))
	}
	return b
}

func (e *encoder) touch(b []byte, t, previous *journey.Touch) []byte {
	flags := byte(t.Stage) & flagStage
	w, delay := wordsOf(t), t.ReceivedAt-t.OccurredAt*1000
	flags |= flag(t.Passive, flagPassive) | flag(len(t.MessageID) == packedID, flagPacked) | flag(w != wordsOf(previous), flagWords) |
		flag(t.Revenue != 0, flagRevenue) | flag(delay < 0, flagEarly)
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(t.OccurredAt-previous.OccurredAt))
	b = binary.AppendUvarint(b, uint64(max(delay, -delay)))
	if flags&flagPacked == 0 {
		b = binary.AppendUvarint(b, uint64(len(t.MessageID)))
	}
	b = append(b, t.MessageID...)
	if flags&flagWords != 0 {
		b = e.appendWords(b, w)
	}
	if flags&flagRevenue != 0 {
		b = binary.AppendVarint(b, t.Revenue)
	}
	return b
}

func flag(on bool, bit byte) byte {
	if on {
		return bit
	}
	return 0
}
