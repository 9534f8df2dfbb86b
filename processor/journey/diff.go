package journey

import "slices"

// Diff appends to out what must be written to turn the rows of before into those of after: the rows that are new or differ
// in more than their version, and a tombstone for each that is no more. Tombstones carry the version of after. What is
// appended shares no memory with before and after.
func Diff(before, after, out *Rows) {
	version := after.Version()
	out.Sessions = diff(before.Sessions, after.Sessions, out.Sessions, version)
	changed := len(out.Journeys)
	out.Journeys = diff(before.Journeys, after.Journeys, out.Journeys, version)
	for i := changed; i < len(out.Journeys); i++ {
		out.Journeys[i].own(out)
	}
	out.Transitions = diff(before.Transitions, after.Transitions, out.Transitions, version)
}

// own copies the journey's arrays into memory of r, in which many journeys share an allocation.
func (j *Journey) own(r *Rows) {
	r.at, j.TouchAt = carve(r.at, j.TouchAt)
	r.stages, j.TouchStage = carve(r.stages, j.TouchStage)
	r.texts, j.TouchChannel = carve(r.texts, j.TouchChannel)
	r.texts, j.TouchCampaign = carve(r.texts, j.TouchCampaign)
}

// carveLength is how many elements are allocated at once.
const carveLength = 4096

// carve appends values to slab and gives that part of it; a full slab is left to those who hold parts of it.
func carve[T any](slab, values []T) (grown, part []T) {
	if cap(slab)-len(slab) < len(values) {
		slab = make([]T, 0, max(carveLength, len(values)))
	}
	from := len(slab)
	slab = append(slab, values...)
	return slab, slab[from:len(slab):len(slab)]
}

// row is what diff needs of the three kinds of row.
type row[T any] interface {
	*T
	key() *Key
	// equal compares everything but the version.
	equal(*T) bool
}

func (k *Key) key() *Key { return k }

func diff[T any, P row[T]](before, after, out []T, version uint64) []T {
	from := 0
	for i := range after {
		old := find[T, P](before, P(&after[i]).key().ID, &from)
		if old == nil || !P(old).equal(&after[i]) {
			out = append(out, after[i])
		}
	}
	from = 0
	for i := range before {
		if find[T, P](after, P(&before[i]).key().ID, &from) == nil {
			out = append(out, before[i])
			k := P(&out[len(out)-1]).key()
			k.Version, k.Deleted = version, true
		}
	}
	return out
}

// find looks for an id, first where the previous one was found: the two lists are in one order, so this is nearly
// always a step.
func find[T any, P row[T]](rows []T, id ID, from *int) *T {
	for n := range rows {
		at := *from + n
		if at >= len(rows) {
			at -= len(rows)
		}
		if P(&rows[at]).key().ID == id {
			*from = at + 1
			return &rows[at]
		}
	}
	return nil
}

func (s *Session) equal(o *Session) bool {
	version := s.Version
	s.Version = o.Version // without copying either
	same := *s == *o
	s.Version = version
	return same
}

func (t *Transition) equal(o *Transition) bool {
	version := t.Version
	t.Version = o.Version // without copying either
	same := *t == *o
	t.Version = version
	return same
}

func (j *Journey) equal(o *Journey) bool {
	return j.ID == o.ID && j.Deleted == o.Deleted && j.Cycle == o.Cycle &&
		j.StartedAt == o.StartedAt && j.EndedAt == o.EndedAt && j.TimeoutAt == o.TimeoutAt &&
		j.StageAt == o.StageAt && j.Depth == o.Depth && j.Won == o.Won &&
		j.EntryStage == o.EntryStage && j.FurthestStage == o.FurthestStage && j.CurrentStage == o.CurrentStage &&
		j.Touchpoints == o.Touchpoints && j.Interactions == o.Interactions && j.Sessions == o.Sessions &&
		j.Purchases == o.Purchases && j.Revenue == o.Revenue &&
		j.FirstChannel == o.FirstChannel && j.LastChannel == o.LastChannel && j.LastNonDirectChannel == o.LastNonDirectChannel &&
		j.FirstCampaign == o.FirstCampaign && j.LastCampaign == o.LastCampaign &&
		j.Device == o.Device && j.Country == o.Country &&
		slices.Equal(j.TouchAt, o.TouchAt) && slices.Equal(j.TouchStage, o.TouchStage) &&
		slices.Equal(j.TouchChannel, o.TouchChannel) && slices.Equal(j.TouchCampaign, o.TouchCampaign)
}

// Version of the rows that Build gave, and of what they replace.
func (r *Rows) Version() uint64 { return r.version }
