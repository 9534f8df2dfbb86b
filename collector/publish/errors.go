package publish

import (
	"context"
	"errors"

	"github.com/segmentio/kafka-go"
)

// Errors of Publish; test with errors.Is.
var (
	// ErrOverloaded means that admission is full: nothing of the call was taken. Try again later.
	ErrOverloaded = errors.New("publish: too many bytes wait for the broker")
	// ErrUnavailable means that the broker could not take all of the call in time, or is known to be away. Some
	// records may be in the log nevertheless.
	ErrUnavailable = errors.New("publish: the broker cannot take records")
	// ErrRefused means that the broker will never take one of the records, for its size or form.
	ErrRefused = errors.New("publish: the broker refused a batch")
	// ErrClosed means that Close was called.
	ErrClosed = errors.New("publish: closed")
)

// outcome is what one attempt to send a batch means for it.
type outcome int

const (
	delivered outcome = iota
	again             // the same bytes once more
	reroute           // the same bytes, after looking for the leader anew
	renew             // with a new producer id
	refused           // never
)

func outcomeOf(err error) outcome {
	var code kafka.Error
	switch {
	case err == nil:
		return delivered
	case !errors.As(err, &code):
		return reroute // no answer, or no leader known: the connection or the layout is stale
	}
	switch code {
	case kafka.DuplicateSequenceNumber:
		return delivered // an earlier attempt was written and only its answer was lost
	case kafka.OutOfOrderSequenceNumber, kafka.UnknownProducerId, kafka.InvalidProducerEpoch, kafka.ProducerFenced,
		kafka.InvalidProducerIDMapping:
		return renew
	case kafka.Unknown:
		// The embedded broker says so when its disk is full, but has noted the sequence by then: the same bytes would be taken for a
		// duplicate and acknowledged. Where such an answer hides an append, the second copy is a no-op downstream.
		return renew
	case kafka.MessageSizeTooLarge, kafka.RecordListTooLarge, kafka.InvalidRecord, kafka.InvalidTimestamp,
		kafka.UnsupportedForMessageFormat, kafka.UnsupportedCompressionType, kafka.PolicyViolation, kafka.InvalidTopic:
		return refused
	case kafka.NotLeaderForPartition, kafka.LeaderNotAvailable, kafka.UnknownTopicOrPartition, kafka.BrokerNotAvailable,
		kafka.FencedLeaderEpoch, kafka.UnknownLeaderEpoch, kafka.KafkaStorageError, kafka.NetworkException:
		return reroute
	}
	return again
}

// reason names err for the errors metric: a closed set.
func reason(err error) string {
	var code kafka.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case !errors.As(err, &code):
		return "connection"
	case code == kafka.Unknown:
		return "broker"
	}
	switch outcomeOf(err) {
	case renew:
		return "producer_id"
	case refused:
		return "refused"
	case reroute:
		return "leader"
	}
	return "broker"
}
