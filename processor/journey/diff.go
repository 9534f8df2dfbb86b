package journey

import "slices"

// Diff gives what must be written to turn the rows of before into those of after: the rows that are new or differ in more
// than their version, and a tombstone for each that is no more. Tombstones carry the version given, which is the
// version of after.
func Diff(before, after Rows, version uint64) Rows {
	return Rows{
		Sessions:    diff(before.Sessions, after.Sessions, version),
		Journeys:    diff(before.Journeys, after.Journeys, version),
		Transitions: diff(before.Transitions, after.Transitions, version),
	}
}

// row is what diff needs of the three kinds of row.
type row[T any] interface {
	*T
	key() *Key
	// equal compares everything but the version.
	equal(*T) bool
}

func (k *Key) key() *Key { return k }

func diff[T any, P row[T]](before, after []T, version uint64) (out []T) {
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
	a, b := *s, *o
	a.Version, b.Version = 0, 0
	return a == b
}

func (t *Transition) equal(o *Transition) bool {
	a, b := *t, *o
	a.Version, b.Version = 0, 0
	return a == b
}

func (j *Journey) equal(o *Journey) bool {
	return j.Key.ID == o.Key.ID && j.Deleted == o.Deleted && j.Cycle == o.Cycle &&
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

// Version of the rows, 0 where there are none.
func (r *Rows) Version() uint64 {
	if len(r.Journeys) == 0 {
		return 0
	}
	return r.Journeys[0].Version
}
