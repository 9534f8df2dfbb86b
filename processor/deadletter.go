package processor

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Reasons of what the processor puts into the dead letter.
const (
	reasonUndecodable = "undecodable"
	reasonUnreadable  = "unreadable_batch"
	reasonRefused     = "refused_by_store"
)

// deadLetter is the topic of rejections.
type deadLetter struct {
	writer *kafka.Writer
}

func newDeadLetter(cfg consume.Config) deadLetter {
	return deadLetter{writer: &kafka.Writer{
		Addr: kafka.TCP(cfg.Brokers...), Topic: topics.Rejected, RequiredAcks: kafka.RequireAll, Balancer: &kafka.RoundRobin{},
		BatchTimeout: 5 * time.Millisecond, BatchBytes: topics.MaxMessageBytes,
		Transport: &kafka.Transport{TLS: cfg.TLS, SASL: cfg.SASL, MetadataTTL: 2 * time.Second},
	}}
}

// send returns once every rejection is acknowledged by all replicas.
func (d deadLetter) send(ctx context.Context, rejections []*touchpoint.Rejection) error {
	messages := make([]kafka.Message, 0, len(rejections))
	for _, r := range rejections {
		record := touchpoint.Record{Kind: &touchpoint.Record_Rejection{Rejection: r}}
		value, err := record.MarshalVT()
		if err != nil {
			return fmt.Errorf("encode rejection: %w", err)
		}
		messages = append(messages, kafka.Message{Value: value})
	}
	if err := d.writer.WriteMessages(ctx, messages...); err != nil {
		return fmt.Errorf("write to %s: %w", topics.Rejected, err)
	}
	return nil
}

func (d deadLetter) close() error { return d.writer.Close() }
