package state

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
)

// The stored form of a customer with whom no other id has to do is that of the own set. Else, all numbers varints:
//
//	formatPerson, flags, own set (length, bytes),
//	texts (number; length and bytes of each), edges (number, edges), unlinks (number, unlinks), sources (number, sources)
//
// with texts the user ids and sources of edges; an edge: time − previous, user, source; an unlink: user, until (0 is
// forever); a source: anonymous id, swept, folded day, folded, parts (number, parts); a part: day, number, sequence, set (length, bytes); a
// sequence: partitions, offset.
const formatPerson = 'P'

const flagUnsure = 1

// EncodePerson appends the stored form of a customer whose own set is sorted.
func EncodePerson(b []byte, p *identity.Person) []byte {
	if p.Alone() {
		return Encode(b, &p.Own)
	}
	flags := byte(0)
	if p.Unsure {
		flags |= flagUnsure
	}
	b = append(b, formatPerson, flags)
	b = appendSized(b, &p.Own)
	b = encodeLinks(b, &p.Links)
	b = binary.AppendUvarint(b, uint64(len(p.Sources)))
	for i := range p.Sources {
		b = encodeSource(b, &p.Sources[i])
	}
	return b
}

func appendSized(b []byte, set *journey.Set) []byte {
	encoded := Encode(nil, set)
	return append(binary.AppendUvarint(b, uint64(len(encoded))), encoded...)
}

func encodeLinks(b []byte, l *identity.Links) []byte {
	var texts texts
	for _, e := range l.Edges {
		texts.add([4]string{e.UserID, e.Source})
	}
	for _, u := range l.Unlinks {
		texts.add([4]string{u.UserID})
	}
	b = encodeTexts(b, texts.list)
	b = binary.AppendUvarint(b, uint64(len(l.Edges)))
	previous := int64(0)
	for _, e := range l.Edges {
		b = binary.AppendVarint(b, e.At-previous)
		b = binary.AppendUvarint(b, texts.number(e.UserID))
		b = binary.AppendUvarint(b, texts.number(e.Source))
		previous = e.At
	}
	b = binary.AppendUvarint(b, uint64(len(l.Unlinks)))
	for _, u := range l.Unlinks {
		b = binary.AppendUvarint(b, texts.number(u.UserID))
		b = binary.AppendVarint(b, until(u.Until))
	}
	return b
}

// until stores forever as 0, and 0 as forever.
func until(at int64) int64 {
	switch at {
	case identity.Forever:
		return 0
	case 0:
		return identity.Forever
	}
	return at
}

func encodeTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, t := range list {
		b = appendText(b, t)
	}
	return b
}

func appendText(b []byte, t string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(t))), t...)
}

func encodeSource(b []byte, s *identity.Source) []byte {
	b = appendText(b, string(journey.PackMessageID(s.AnonymousID)))
	b = encodeSequence(b, s.Swept)
	b = binary.AppendVarint(b, int64(s.FoldedDay))
	b = encodeSequence(b, s.Folded)
	b = binary.AppendUvarint(b, uint64(len(s.Parts)))
	for i := range s.Parts {
		part := &s.Parts[i]
		b = binary.AppendVarint(b, int64(part.Day))
		b = binary.AppendUvarint(b, uint64(part.Number))
		b = encodeSequence(b, part.Sequence)
		b = appendSized(b, &journey.Set{Touches: part.Touches})
	}
	return b
}

func encodeSequence(b []byte, s identity.Sequence) []byte {
	return binary.AppendVarint(binary.AppendUvarint(b, uint64(s.Partitions)), s.Offset)
}

// DecodePerson fills p, whose own touches' memory is used again. Strings are slices of blob, which must not change
// afterwards. The error is ErrCorrupt.
func DecodePerson(blob []byte, p *identity.Person) error {
	into := p.Own.Touches
	p.Reset()
	if len(blob) == 0 || blob[0] != formatPerson {
		return Decode(blob, into, &p.Own)
	}
	d := decoder{blob: blob[1:]}
	flags := d.byte()
	p.Unsure = flags&flagUnsure != 0
	if err := d.set(into, &p.Own); err != nil {
		return err
	}
	d.links(&p.Links)
	p.Sources = make(identity.Sources, 0, d.count())
	for range cap(p.Sources) {
		s, err := d.source()
		if err != nil {
			return err
		}
		p.Sources = append(p.Sources, s)
	}
	if d.failed || len(d.blob) != 0 || flags&^flagUnsure != 0 {
		return fmt.Errorf("%w: of a person", ErrCorrupt)
	}
	return nil
}

func (d *decoder) set(into []journey.Touch, set *journey.Set) error {
	n := d.uvarint()
	if n > uint64(len(d.blob)) {
		return fmt.Errorf("%w: a set of %d bytes", ErrCorrupt, n)
	}
	blob := d.blob[:n:n]
	d.blob = d.blob[n:]
	return Decode(blob, into, set)
}

func (d *decoder) links(l *identity.Links) {
	texts := make([]string, 1, 8)
	for range d.count() {
		texts = append(texts, d.text(d.uvarint()))
	}
	at := int64(0)
	for range d.count() {
		at += d.varint()
		l.Edges = append(l.Edges, identity.Edge{At: at, UserID: d.pick(texts), Source: d.pick(texts)})
	}
	for range d.count() {
		l.Unlinks = append(l.Unlinks, identity.Unlink{UserID: d.pick(texts), Until: until(d.varint())})
	}
}

func (d *decoder) source() (s identity.Source, err error) {
	s.AnonymousID = journey.MessageID(d.text(d.uvarint())).Text()
	s.Swept = d.sequence()
	s.FoldedDay, s.Folded = int32(d.varint()), d.sequence()
	for range d.count() {
		part := identity.Kept{Day: int32(d.varint()), Number: d.uint32(), Sequence: d.sequence()}
		var set journey.Set
		if err := d.set(nil, &set); err != nil {
			return s, err
		}
		part.Touches = set.Touches
		s.Parts = append(s.Parts, part)
	}
	return s, nil
}

func (d *decoder) sequence() identity.Sequence {
	return identity.Sequence{Partitions: int32(d.uint32()), Offset: d.varint()}
}

func (d *decoder) uint32() uint32 {
	n := d.uvarint()
	if n > math.MaxUint32 {
		d.failed = true
	}
	return uint32(n)
}
