package forget

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// parts are the records that take from each id what is the person's, and from each user what came from the person's ids.
func (r *Run) parts() (all []*touchpoint.Erase) {
	for _, id := range r.plan.IDs {
		part := r.plan.User
		if id.Alone {
			part = ""
		}
		all = append(all, r.record(touchpoint.KindAnonymous, id.ID, part))
		users := id.Users
		if r.plan.User != "" {
			users = []string{r.plan.User}
		}
		for _, user := range users {
			all = append(all, r.record(touchpoint.KindUser, user, id.ID))
		}
	}
	return all
}

func (r *Run) record(kind touchpoint.Kind, id, part string) *touchpoint.Erase {
	return &touchpoint.Erase{
		Site: r.plan.Site, Kind: kind.String(), Id: id, Part: part, ReceivedAt: r.until.UnixMicro(), Salt: r.salt, Request: r.request,
	}
}

// send puts records into the partitions of their customers.
func (r *Run) send(ctx context.Context, all []*touchpoint.Erase) error {
	messages := make([]kafka.Message, len(all))
	for i, e := range all {
		message, err := messageOf(e, e.Customer().Bucket())
		if err != nil {
			return err
		}
		messages[i] = message
	}
	return r.write(ctx, messages)
}

// broadcast tells every partition that customers are gone.
func (r *Run) broadcast(ctx context.Context, customers []touchpoint.Customer, partitions int) error {
	var messages []kafka.Message
	for _, c := range customers {
		e := r.record(c.Kind, c.ID, "")
		e.Everywhere = true
		for p := range partitions {
			message, err := messageOf(e, uint16(p)) // a bucket below the number of partitions lies in the partition of that number
			if err != nil {
				return err
			}
			messages = append(messages, message)
		}
	}
	return r.write(ctx, messages)
}

func messageOf(e *touchpoint.Erase, bucket uint16) (kafka.Message, error) {
	value, err := (&touchpoint.Record{Kind: &touchpoint.Record_Erase{Erase: e}}).MarshalVT()
	if err != nil {
		return kafka.Message{}, fmt.Errorf("encode an erasure: %w", err)
	}
	return kafka.Message{Key: topics.Key(bucket), Value: value}, nil
}

func (r *Run) write(ctx context.Context, messages []kafka.Message) error {
	w := &kafka.Writer{
		Addr: kafka.TCP(r.cfg.Kafka.Brokers...), Topic: topics.Touchpoints, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
		Balancer: kafka.BalancerFunc(func(m kafka.Message, partitions ...int) int {
			return int(topics.Partition(topics.Bucket(m.Key), len(partitions)))
		}),
		Transport: r.cfg.Kafka.Transport,
	}
	err := w.WriteMessages(ctx, messages...)
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("send erasures to %s: %w", topics.Touchpoints, err)
	}
	return nil
}
