package processor

import (
	"context"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// reach is how far group and log are in each partition of the topic of touchpoints; empty where that is not known.
type reach []consume.Reach

// reached gives the reach now.
type reached func(ctx context.Context) ([]consume.Reach, error)

// look asks for the reach; it comes before what ClickHouse has is read.
func (o *owner) look(ctx context.Context) (reach, error) {
	if o.reached == nil {
		return nil, nil
	}
	return o.reached(ctx)
}

// credible gives what ClickHouse has noted of how far a user has taken an anonymous id's contributions, as far as it can be of
// the log as it is now. Where the topic was deleted and made again, its offsets begin anew, and what was noted of the old one
// would outdo all that the id's owner has to say from now on: there only what is committed counts, which ClickHouse has.
func (r reach) credible(s *store.SourceOf) identity.Sequence {
	count := int32(len(r))
	if count == 0 || s.Taken.Partitions < count {
		return s.Taken
	}
	id := touchpoint.Customer{Site: s.Site, Kind: touchpoint.KindAnonymous, ID: s.AnonymousID}
	at := r[topics.Partition(id.Bucket(), len(r))]
	switch {
	case at.Committed == consume.None:
		return identity.Sequence{}
	case s.Taken.Partitions == count && s.Taken.Offset <= at.End:
		return s.Taken
	}
	return identity.Sequence{Partitions: count, Offset: min(at.Committed, at.End)}
}
