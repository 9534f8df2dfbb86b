package identities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Send puts an unlink into the log, stamped as received at now. It returns when all replicas have it; the processor then
// withdraws the links and rebuilds the journeys concerned.
func Send(ctx context.Context, to kafkaconn.Conn, site string, u Unlink, now time.Time) error {
	if site == "" || u.AnonymousID == "" || u.UserID == "" {
		return errors.New("an unlink needs a site, an anonymous id and a user id")
	}
	message := &touchpoint.Unlink{
		Site: site, AnonymousId: u.AnonymousID, UserId: u.UserID, Reason: u.Reason, ReceivedAt: now.UnixMicro(),
	}
	if !u.Until.IsZero() {
		message.Until = u.Until.UnixMilli()
	}
	value, err := (&touchpoint.Record{Kind: &touchpoint.Record_Unlink{Unlink: message}}).MarshalVT()
	if err != nil {
		return fmt.Errorf("encode an unlink: %w", err)
	}
	w := &kafka.Writer{
		Addr: kafka.TCP(to.Brokers...), Topic: topics.Touchpoints, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
		Balancer: kafka.BalancerFunc(func(m kafka.Message, partitions ...int) int {
			return int(topics.Partition(topics.Bucket(m.Key), len(partitions)))
		}),
		Transport: &kafka.Transport{TLS: to.TLS, SASL: to.SASL},
	}
	err = w.WriteMessages(ctx, kafka.Message{Key: topics.Key(u.customer(site).Bucket()), Value: value})
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("send an unlink: %w", err)
	}
	return nil
}
