package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/throughline/throughline/collector/publish"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// Reasons of what the drain puts into the dead letter.
const (
	reasonFrame   = "spool_frame"
	reasonRefused = "refused_by_broker"
)

const maxRaw = 64 << 10

// drain sends what is spooled until ctx ends.
func (d *Delivery) drain(ctx context.Context) {
	for ctx.Err() == nil {
		if waiting, _ := d.spool.Stats(); waiting > 0 && d.Available() {
			err := d.spool.Drain(ctx, d.send)
			if left, _ := d.spool.Stats(); err == nil && left == 0 && d.away.Swap(false) {
				d.log.Info("Kafka is back, the spool is empty")
			}
			if err != nil && ctx.Err() == nil {
				d.log.Warn("spool not drained", "error", err)
			}
		}
		d.rest(ctx)
	}
}

// rest waits a little, so that an unwilling broker is not asked without end, and then for something to do.
func (d *Delivery) rest(ctx context.Context) {
	timer := time.NewTimer(d.pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	if waiting, _ := d.spool.Stats(); waiting > 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-d.spooled:
	}
}

// send publishes frames of the spool in their order by topic. What can never be sent goes to the dead letter, so that
// it does not hold up the rest.
func (d *Delivery) send(ctx context.Context, frames [][]byte) error {
	var records [lanes][]Record
	for _, frame := range frames {
		to, record, err := parseFrame(frame)
		if err != nil {
			if to, record, err = deadLetter(reasonFrame, err.Error(), frame); err != nil {
				return err
			}
			d.metrics.deadLetters.WithLabelValues(reasonFrame).Inc()
		}
		records[to] = append(records[to], record)
	}
	for to, list := range records {
		if err := d.sendLane(ctx, lane(to), list); err != nil {
			return err
		}
	}
	return nil
}

func (d *Delivery) sendLane(ctx context.Context, to lane, records []Record) error {
	if len(records) == 0 {
		return nil
	}
	err := d.lines[to].publish(ctx, records)
	if !errors.Is(err, publish.ErrRefused) {
		return err
	}
	for i := range records {
		if err := d.sendOne(ctx, to, records[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// sendOne sends a single record of a batch that was refused, or says in the dead letter that it was this one.
func (d *Delivery) sendOne(ctx context.Context, to lane, record []Record) error {
	err := d.lines[to].publish(ctx, record)
	if !errors.Is(err, publish.ErrRefused) {
		return err
	}
	d.log.Error("record of the spool refused by Kafka", "error", err)
	to, letter, err := deadLetter(reasonRefused, err.Error(), record[0].Value)
	if err != nil {
		return err
	}
	d.metrics.deadLetters.WithLabelValues(reasonRefused).Inc()
	return d.lines[to].publish(ctx, []Record{letter})
}

func deadLetter(reason, detail string, raw []byte) (lane, Record, error) {
	record := touchpoint.Record{Kind: &touchpoint.Record_Rejection{Rejection: &touchpoint.Rejection{
		Reason: reason, Detail: detail, Raw: raw[:min(len(raw), maxRaw)], ReceivedAt: time.Now().UnixMicro(), Component: "collector",
	}}}
	value, err := record.MarshalVT()
	if err != nil {
		return 0, Record{}, fmt.Errorf("encode a dead letter: %w", err)
	}
	return laneRejected, Record{Value: value}, nil
}
