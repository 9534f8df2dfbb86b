package state

import (
	"encoding/binary"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
)

// The stored form of what is folded, all numbers varints:
//
//	has, until (ms), until − last (ms; until + 1 for none), purchases, cycles, number of message ids, their prints, [journey], [session]
//
// A journey or session is its id, the time of its start before until, other times after that start, counts, and numbers
// of texts; the arrays of a journey are a list of touches.
const (
	hasJourney = 0x01
	hasSession = 0x02
	// The session's journey is the one before it in the stored form.
	hasSameJourney = 0x04
)

func (e *encoder) collectFrozen(f *journey.Frozen) {
	if j := f.Journey; j != nil {
		e.texts.addAll(journeyTexts(j))
		e.texts.addAll(j.TouchChannel)
		e.texts.addAll(j.TouchCampaign)
	}
	if s := f.Session; s != nil {
		e.texts.addAll([]string{s.EntryChannel, s.EntryCampaign, s.Device, s.Country, f.SessionCampaign})
	}
}

func journeyTexts(j *journey.Journey) []string {
	return []string{
		j.FirstChannel, j.LastChannel, j.LastNonDirectChannel, j.FirstCampaign, j.LastCampaign, j.Device, j.Country,
	}
}

func (e *encoder) frozen(b []byte, f *journey.Frozen) []byte {
	same := f.Journey != nil && f.Session != nil && f.Session.JourneyID == f.Journey.ID
	b = append(b, flag(f.Journey != nil, hasJourney)|flag(f.Session != nil, hasSession)|flag(same, hasSameJourney))
	last := f.Until + 1
	if f.Last != 0 {
		last = f.Until - f.Last
	}
	b = appendNumbers(b, f.Until, last)
	b = appendNumbers(b, f.Purchases, f.Cycles, uint32(f.IDs.Len()))
	b = append(b, f.IDs...)
	if f.Journey != nil {
		b = e.journey(b, f)
	}
	if f.Session != nil {
		b = e.session(b, f, same)
	}
	return b
}

// appendNumbers appends numbers that are not negative.
func appendNumbers[N int | int64 | uint32](b []byte, numbers ...N) []byte {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

func (e *encoder) journey(b []byte, f *journey.Frozen) []byte {
	j := f.Journey
	b = append(b, j.ID[:]...)
	b = appendNumbers(b, f.Until-j.StartedAt, j.EndedAt-j.StartedAt, j.TimeoutAt-j.EndedAt)
	for s := stages.Awareness; s <= stages.Last; s++ {
		at := int64(0)
		if j.StageAt[s] != 0 {
			at = j.StageAt[s] - j.StartedAt + 1
		}
		b = appendNumbers(b, at)
	}
	b = append(b, j.Depth, byte(j.EntryStage), byte(j.FurthestStage), byte(j.CurrentStage))
	b = appendNumbers(b, j.Touchpoints, j.Interactions, j.Sessions, j.Purchases)
	b = binary.AppendVarint(b, j.Revenue)
	for _, t := range journeyTexts(j) {
		b = e.text(b, t)
	}
	b = appendNumbers(b, f.Visits)
	if f.Visits > 0 {
		b = appendNumbers(b, f.VisitSince-j.StartedAt)
	}
	return e.arrays(b, j)
}

// arrays appends what the journey keeps of its touches: flags, time since the one before, [words].
func (e *encoder) arrays(b []byte, j *journey.Journey) []byte {
	b = appendNumbers(b, len(j.TouchAt))
	at, last := j.StartedAt, words{}
	e.words.count = 0
	for i := range j.TouchAt {
		w := words{j.TouchChannel[i], j.TouchCampaign[i]}
		b = append(b, j.TouchStage[i]&flagStage|flag(w != last, flagWords))
		b = appendNumbers(b, j.TouchAt[i]-at)
		if w != last {
			b = e.appendWords(b, w)
		}
		at, last = j.TouchAt[i], w
	}
	return b
}

func (e *encoder) session(b []byte, f *journey.Frozen, same bool) []byte {
	s := f.Session
	b = append(b, s.ID[:]...)
	if !same {
		b = append(b, s.JourneyID[:]...)
	}
	b = appendNumbers(b, f.Until-s.StartedAt, s.EndedAt-s.StartedAt, s.CoveredUntil-s.StartedAt)
	b = appendNumbers(b, s.Touchpoints, s.Interactions, s.Purchases)
	b = binary.AppendVarint(b, s.Revenue)
	b = append(b, byte(s.EntryStage), byte(s.FurthestStage))
	for _, t := range [...]string{s.EntryChannel, s.EntryCampaign, s.Device, s.Country, f.SessionCampaign} {
		b = e.text(b, t)
	}
	return b
}

func (d *decoder) frozen() *journey.Frozen {
	has := d.byte()
	f := &journey.Frozen{Until: d.int64()}
	if before := d.int64(); before <= f.Until {
		f.Last = f.Until - before
	}
	f.Purchases, f.Cycles = d.uint32(), d.uint32()
	f.IDs = journey.Prints(d.text(d.count() * journey.PrintLength))
	if has&hasJourney != 0 {
		f.Journey = d.journey(f)
	}
	if has&hasSession != 0 {
		f.Session = d.session(f, has&hasSameJourney != 0)
	}
	return f
}

func (d *decoder) journey(f *journey.Frozen) *journey.Journey {
	j := &journey.Journey{Cycle: f.Cycles}
	copy(j.ID[:], d.text(packedID))
	j.StartedAt = f.Until - d.int64()
	j.EndedAt = j.StartedAt + d.int64()
	j.TimeoutAt = j.EndedAt + d.int64()
	for s := stages.Awareness; s <= stages.Last; s++ {
		if at := d.int64(); at != 0 {
			j.StageAt[s] = j.StartedAt + at - 1
		}
	}
	j.Depth, j.EntryStage, j.FurthestStage, j.CurrentStage = d.byte(), d.stage(d.byte()), d.stage(d.byte()), d.stage(d.byte())
	j.Touchpoints, j.Interactions, j.Sessions, j.Purchases = d.uint32(), d.uint32(), d.uint32(), d.uint32()
	j.Revenue = d.varint()
	j.FirstChannel, j.LastChannel, j.LastNonDirectChannel = d.word(), d.word(), d.word()
	j.FirstCampaign, j.LastCampaign, j.Device, j.Country = d.word(), d.word(), d.word(), d.word()
	if f.Visits = d.uint32(); f.Visits > 0 {
		f.VisitSince = j.StartedAt + d.int64()
	}
	d.arrays(j)
	return j
}

func (d *decoder) arrays(j *journey.Journey) {
	n := d.count()
	j.TouchAt, j.TouchStage = make([]int64, n), make([]uint8, n)
	texts := make([]string, 2*n)
	j.TouchChannel, j.TouchCampaign = texts[:n:n], texts[n:]
	at, w := j.StartedAt, words{}
	d.words.count = 0
	for i := range j.TouchAt {
		flags := d.byte()
		at += d.int64()
		if flags&flagWords != 0 {
			w = d.wordsOf()
		}
		j.TouchAt[i], j.TouchStage[i] = at, uint8(d.stage(flags&flagStage))
		j.TouchChannel[i], j.TouchCampaign[i] = w[0], w[1]
	}
}

func (d *decoder) session(f *journey.Frozen, same bool) *journey.Session {
	s := &journey.Session{}
	copy(s.ID[:], d.text(packedID))
	if same && f.Journey != nil {
		s.JourneyID = f.Journey.ID
	} else {
		copy(s.JourneyID[:], d.text(packedID))
	}
	s.StartedAt = f.Until - d.int64()
	s.EndedAt, s.CoveredUntil = s.StartedAt+d.int64(), s.StartedAt+d.int64()
	s.Touchpoints, s.Interactions, s.Purchases = d.uint32(), d.uint32(), d.uint32()
	s.Revenue = d.varint()
	s.EntryStage, s.FurthestStage = d.stage(d.byte()), d.stage(d.byte())
	s.EntryChannel, s.EntryCampaign, s.Device, s.Country, f.SessionCampaign = d.word(), d.word(), d.word(), d.word(), d.word()
	return s
}
