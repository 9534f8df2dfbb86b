package processor

import (
	"errors"
	"fmt"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// decodeChunk decodes records of either topic.
func (o *owner) decodeChunk(p *partition, records []consume.Record) pending {
	chunk := pending{records: len(records), next: records[len(records)-1].Offset + 1, oldest: records[0].Time}
	if p.topic == topics.Touchpoints {
		chunk.chunks = [][]item{o.decodeTouchpoints(&chunk, p, records)}
		return chunk
	}
	for _, r := range records {
		if err := decodeRejection(&chunk, r); err != nil {
			chunk.undecodable = append(chunk.undecodable, o.rejection(p, r, err))
		}
	}
	return chunk
}

func (o *owner) decodeTouchpoints(chunk *pending, p *partition, records []consume.Record) []item {
	items, n := make([]item, len(records)), 0
	touchpoints := make([]touchpoint.Touchpoint, len(records))
	for i, r := range records {
		it := &items[n]
		if err := o.rules.decode(r, it, &touchpoints[i]); err != nil {
			chunk.undecodable = append(chunk.undecodable, o.rejection(p, r, err))
			continue
		}
		if e := it.record.GetErase(); e != nil && e.Everywhere && o.stray(p, it) {
			chunk.erased = append(chunk.erased, e)
			*it = item{}
			continue
		} else if e != nil {
			chunk.erasing = true
		}
		if o.stray(p, it) {
			chunk.strays = append(chunk.strays, outgoing{bucket: it.row.Bucket, value: r.Value, forwarded: true})
			*it = item{}
			continue
		}
		it.forwarded = r.Forwarded
		n++
	}
	return items[:n]
}

func decodeRejection(chunk *pending, r consume.Record) error {
	var record touchpoint.Record
	if err := record.UnmarshalVTUnsafe(r.Value); err != nil {
		return fmt.Errorf("not a rejection record: %w", err)
	}
	if record.GetRejection() == nil {
		return errors.New("a record of this topic must hold a rejection")
	}
	chunk.rejected = append(chunk.rejected, record.GetRejection())
	return nil
}

// rejection is what the dead letter keeps of a record that cannot be applied.
func (o *owner) rejection(p *partition, r consume.Record, err error) *touchpoint.Rejection {
	return &touchpoint.Rejection{
		Reason: reasonUndecodable, Detail: err.Error(), Raw: r.Value, ReceivedAt: r.Time.UnixMicro(), Component: "processor",
		RulesVersion: o.rules.other.rules.Version(), Topic: p.topic, Partition: int32(p.id), Offset: r.Offset,
	}
}
