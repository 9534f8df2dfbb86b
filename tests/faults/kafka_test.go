package faults

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/throughline/throughline/tests/harness"
)

// TestKafkaAnswersWrongly: the broker does what it was asked and says that it has not, or does not do it, or loses its
// coordinators, for producers, consumers and the group.
func TestKafkaAnswersWrongly(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{kfake: true, collectors: 2})
	x := r.startTraffic(t)
	cluster := r.inside.Cluster()
	for _, f := range []kfake.Fault{
		{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.RequestTimedOut, Count: 20},     // applied
		{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.RequestTimedOut, Count: 3}, // applied
		{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, Count: 5},
		{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicasAfterAppend, Count: 5},
		{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.KafkaStorageError, Count: 5},
		{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.UnknownProducerID, Count: 3},
		{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.CoordinatorLoadInProgress, Count: 3},
		{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.UnknownServerError, Count: 5},
		{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: 2},
		{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.RebalanceInProgress, Count: 2},
		{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, Count: 1},
		{Keys: []kmsg.Key{kmsg.ListOffsets, kmsg.OffsetFetch, kmsg.Metadata, kmsg.FindCoordinator}, Err: kerr.UnknownServerError, Count: 6},
	} {
		faults := []*kfake.FaultHandle{cluster.Fault(f)}
		if f.Keys[0] == kmsg.InitProducerID { // asked for only by who was told that its id is unknown
			faults = append(faults, cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.UnknownProducerID, Count: 3}))
		}
		harness.Eventually(t, 30*time.Second, "requests meet the fault "+f.Err.Message, func() error {
			if faults[0].Hits() == 0 {
				return errNone
			}
			return nil
		})
		x.more(t, 100)
		for _, fault := range faults {
			fault.Remove()
		}
	}
	x.stop(t)
	r.verdict(t)
}

// TestKafkaAwayAndSlow: the way to the broker is cut, is a hole that swallows all, swallows answers only, is slow; the broker
// is away and comes back.
func TestKafkaAwayAndSlow(t *testing.T) {
	t.Parallel()
	r := newRig(t, options{collectors: 2})
	x := r.startTraffic(t)
	for _, m := range []mode{cut, hole, muted, slow} {
		x.more(t, 300)
		r.link.set(m)
		x.more(t, 300) // by way of the spool
		time.Sleep(time.Second)
		r.link.set(open)
	}
	x.more(t, 200)
	r.stopBroker(t)
	x.more(t, 300)
	r.startBroker(t)
	x.stop(t)
	r.verdict(t)
}
