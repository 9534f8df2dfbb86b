package processor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/processor/identity"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// outgoing is a contribution on its way to the owner of a user.
type outgoing struct {
	bucket uint16
	value  []byte
	// A record that lay in another partition than its bucket's.
	forwarded bool
}

// sender takes contributions to the log; it returns once they are there for good.
type sender interface {
	send(ctx context.Context, all []outgoing) error
}

// exchange sends contributions back into the topic that touchpoints come from.
type exchange struct {
	writer *kafka.Writer
}

func newExchange(cfg consume.Config) exchange {
	return exchange{writer: &kafka.Writer{
		Addr: kafka.TCP(cfg.Brokers...), Topic: topics.Touchpoints, RequiredAcks: kafka.RequireAll, Balancer: kafka.BalancerFunc(byBucket),
		BatchTimeout: 5 * time.Millisecond, BatchSize: 2000, BatchBytes: topics.MaxMessageBytes,
		Transport: &kafka.Transport{TLS: cfg.TLS, SASL: cfg.SASL, MetadataTTL: 2 * time.Second},
	}}
}

func byBucket(m kafka.Message, partitions ...int) int {
	return int(topics.Partition(topics.Bucket(m.Key), len(partitions)))
}

// send returns once every contribution is acknowledged by all replicas. Sending one again changes nothing.
func (e exchange) send(ctx context.Context, all []outgoing) error {
	messages := make([]kafka.Message, len(all))
	for i, c := range all {
		messages[i] = kafka.Message{Key: topics.Key(c.bucket), Value: c.value}
		if c.forwarded {
			messages[i].Headers = []kafka.Header{{Key: topics.HeaderForwarded}}
		}
	}
	if err := e.writer.WriteMessages(ctx, messages...); err != nil {
		return fmt.Errorf("write contributions to %s: %w", topics.Touchpoints, err)
	}
	return nil
}

func (e exchange) close() error { return e.writer.Close() }

// contributions tells the owners of users what those have from the anonymous ids of this flush. It comes after the store, so
// that ClickHouse has whatever a contribution is made of, and before the state, so that what the state has was told.
func (o *owner) contributions(ctx context.Context, f *flush) error {
	var all []outgoing
	for _, p := range f.portions {
		all = append(all, p.contributions...)
	}
	if len(all) == 0 {
		return nil
	}
	o.metrics.contributions.WithLabelValues("sent").Add(float64(len(all)))
	return o.retry(ctx, "contributions", func() error { return o.exchange.send(ctx, all) })
}

// The first byte of a record that is about ids: its field's number and that it is a message.
const (
	tagLink         = 3<<3 | 2
	tagContribution = 4<<3 | 2
	tagUnlink       = 5<<3 | 2
	tagErase        = 6<<3 | 2
)

func aboutIDs(value []byte) bool {
	return len(value) > 0 && value[0] >= tagLink && value[0] <= tagErase && value[0]&7 == 2
}

// decodeExchange reads a link, an unlink, a contribution or an erasure. tp, which is empty, is made to name the customer.
func decodeExchange(r consume.Record, tp *touchpoint.Touchpoint) (it item, err error) {
	record := new(touchpoint.Record)
	if err := record.UnmarshalVTUnsafe(r.Value); err != nil {
		return it, fmt.Errorf("not a record about ids: %w", err)
	}
	var customer touchpoint.Customer
	ok := false
	switch kind := record.Kind.(type) {
	case *touchpoint.Record_Link:
		l := kind.Link
		customer = l.Customer()
		ok = l.Site != "" && l.AnonymousId != "" && l.UserId != "" && l.Source != "" && l.AssertedAt > 0 && l.ReceivedAt > 0
	case *touchpoint.Record_Unlink:
		u := kind.Unlink
		customer = u.Customer()
		ok = u.Site != "" && u.AnonymousId != "" && u.UserId != "" && u.Until >= 0 && u.ReceivedAt > 0
	case *touchpoint.Record_Contribution:
		c := kind.Contribution
		customer = c.Customer()
		ok = c.Site != "" && c.AnonymousId != "" && c.UserId != "" && c.Partitions > 0 && c.Offset > 0 && c.ReceivedAt >= 0 && soundTouches(c)
	case *touchpoint.Record_Erase:
		if err := erasure.Check(kind.Erase); err != nil {
			return it, err
		}
		customer, ok = kind.Erase.Customer(), true
	}
	if !ok {
		return it, errors.New("a record about ids without ids, or with impossible times")
	}
	if tp.Site = customer.Site; customer.Kind == touchpoint.KindUser {
		tp.UserId = customer.ID
	} else {
		tp.AnonymousId = customer.ID
	}
	it = item{hash: customer.Hash(), offset: r.Offset, record: record}
	it.row.Touchpoint, it.row.Bucket = tp, touchpoint.BucketOf(it.hash)
	return it, nil
}

func soundTouches(c *touchpoint.Contribution) bool {
	for _, t := range c.Touches {
		if len(t.MessageId) == 0 || t.OccurredAt <= 0 || t.ReceivedAt <= 0 || t.Stage > uint32(stages.Last) {
			return false
		}
	}
	return true
}

// received gives the contribution of a record. Its touches' strings are slices of the record.
func received(c *touchpoint.Contribution) *identity.Contribution {
	out := &identity.Contribution{
		Part: identity.Part{UserID: c.UserId, Day: c.Day, Number: c.Part}, Sweep: c.Sweep, AnonymousID: c.AnonymousId,
		Sequence: identity.Sequence{Partitions: c.Partitions, Offset: c.Offset},
	}
	for _, t := range c.Touches {
		out.Touches = append(out.Touches, journey.Touch{
			MessageID: journey.MessageID(t.MessageId), OccurredAt: t.OccurredAt, ReceivedAt: t.ReceivedAt, Stage: stages.Stage(t.Stage),
			Passive: t.Passive, Channel: t.Channel, Campaign: t.Campaign, Device: t.Device, Country: t.Country, Revenue: t.Revenue,
		})
	}
	return out
}

// sent gives the record of a contribution of an anonymous id; receivedAt is the greatest of any record that the id has,
// rebuilt the last rebuild that its touches' stages are of.
func sent(site string, c *identity.Contribution, receivedAt uint64, rebuilt int64) (outgoing, error) {
	message := &touchpoint.Contribution{
		Site: site, AnonymousId: c.AnonymousID, UserId: c.UserID, Sweep: c.Sweep, Day: c.Day, Part: c.Number,
		Partitions: c.Sequence.Partitions, Offset: c.Sequence.Offset, ReceivedAt: int64(receivedAt), Rebuilt: rebuilt,
		Touches: make([]*touchpoint.Touch, len(c.Touches)),
	}
	touches := make([]touchpoint.Touch, len(c.Touches))
	for i, t := range c.Touches {
		to := &touches[i]
		to.MessageId, to.OccurredAt, to.ReceivedAt, to.Stage, to.Passive = []byte(t.MessageID), t.OccurredAt, t.ReceivedAt, uint32(t.Stage), t.Passive
		to.Channel, to.Campaign, to.Device, to.Country, to.Revenue = t.Channel, t.Campaign, t.Device, t.Country, t.Revenue
		message.Touches[i] = to
	}
	record := touchpoint.Record{Kind: &touchpoint.Record_Contribution{Contribution: message}}
	value, err := record.MarshalVT()
	if err != nil {
		return outgoing{}, fmt.Errorf("encode a contribution: %w", err)
	}
	return outgoing{bucket: message.Customer().Bucket(), value: value}, nil
}
