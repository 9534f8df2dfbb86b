package api

import (
	"encoding/binary"
	"fmt"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/collector/delivery"
	"github.com/throughline/throughline/collector/links"
	"github.com/throughline/throughline/schemas/touchpoint"
)

const (
	// maxRaw bounds the bytes of a refused body or event that are kept.
	maxRaw = 64 << 10
	// maxPooled bounds the buffers that wait in the pool.
	maxPooled = 4 << 20
	// component names the collector in refused events.
	component = "collector"
)

// result is what became of one event, before it is known whether it could be stored.
type result struct {
	messageID string
	problem   *admission.Problem
}

// work is everything one request needs, reused from request to request.
type work struct {
	body, inflated []byte // as sent, and after inflation
	batch          batch
	request        admission.Request

	touch     touchpoint.Touchpoint
	accepted  touchpoint.Record // wraps touch
	link      touchpoint.Link
	linking   touchpoint.Record // wraps link
	refused   touchpoint.Rejection
	rejection touchpoint.Record // wraps refused

	slab     []byte            // encoded keys and values; full ones are left to the records that lie in them
	records  []delivery.Record // touchpoints and links
	rejected []delivery.Record
	claims   []links.Claim // one a link
	// Links that were sent before.
	suppressed int
	results    []result
	out        []byte
}

func newWork() *work {
	w := &work{}
	w.accepted.Kind = &touchpoint.Record_Touchpoint{Touchpoint: &w.touch}
	w.linking.Kind = &touchpoint.Record_Link{Link: &w.link}
	w.rejection.Kind = &touchpoint.Record_Rejection{Rejection: &w.refused}
	return w
}

// reset lets go of everything that belongs to the last request but the buffers.
func (w *work) reset() {
	clear(w.batch.events)
	clear(w.records)
	clear(w.rejected)
	clear(w.results)
	w.touch.Reset()
	w.link.Reset()
	w.refused.Reset()
	w.batch.events, w.records, w.rejected, w.results = w.batch.events[:0], w.records[:0], w.rejected[:0], w.results[:0]
	w.claims, w.suppressed = w.claims[:0], 0
	w.request = admission.Request{}
	w.body, w.inflated, w.slab, w.out = w.body[:0], w.inflated[:0], w.slab[:0], w.out[:0]
}

// size is the memory that the buffers hold.
func (w *work) size() int { return cap(w.body) + cap(w.inflated) + cap(w.slab) + cap(w.out) }

// take gives n bytes of the slab.
func (w *work) take(n int) []byte {
	used := len(w.slab)
	if cap(w.slab)-used < n {
		w.slab = make([]byte, 0, max(2*cap(w.slab), n, 4<<10))
		used = 0
	}
	w.slab = w.slab[:used+n]
	return w.slab[used : used+n : used+n]
}

// admit gives every event of the batch its result and its record, and pairs of ids that are news a link.
func (w *work) admit(h *Handler) error {
	for _, raw := range w.batch.events {
		problem := h.admitter.Admit(&w.request, raw, &w.touch)
		if problem == nil {
			if err := w.addTouchpoint(); err != nil {
				return err
			}
			if err := w.addLink(h.links); err != nil {
				return err
			}
			w.results = append(w.results, result{messageID: w.touch.MessageId})
			continue
		}
		w.results = append(w.results, result{messageID: problem.MessageID, problem: problem})
		if err := w.addRejection(raw, problem, h.cfg.RulesVersion); err != nil {
			return err
		}
	}
	return nil
}

// addTouchpoint encodes the admitted touchpoint.
func (w *work) addTouchpoint() error {
	if err := w.add(&w.accepted, w.touch.Customer()); err != nil {
		return fmt.Errorf("encode a touchpoint: %w", err)
	}
	return nil
}

// addLink encodes what the admitted touchpoint says about its two ids, where that is news.
func (w *work) addLink(cache *links.Cache) error {
	if w.touch.UserId == "" || w.touch.AnonymousId == "" {
		return nil
	}
	claim, needed := cache.Needed(&w.touch, w.claims)
	if !needed {
		w.suppressed++
		return nil
	}
	w.touch.Linked(&w.link)
	if err := w.add(&w.linking, w.link.Customer()); err != nil {
		return fmt.Errorf("encode a link: %w", err)
	}
	w.claims = append(w.claims, claim)
	return nil
}

// add encodes a record for the bucket of a customer.
func (w *work) add(record *touchpoint.Record, to touchpoint.Customer) error {
	buf := w.take(2 + record.SizeVT())
	binary.BigEndian.PutUint16(buf, to.Bucket())
	if _, err := record.MarshalToSizedBufferVT(buf[2:]); err != nil {
		return err
	}
	w.records = append(w.records, delivery.Record{Key: buf[:2:2], Value: buf[2:]})
	return nil
}

// touchpoints is how many of the records are touchpoints.
func (w *work) touchpoints() int { return len(w.records) - len(w.claims) }

// addRejection encodes what was refused, with its bytes and the reason.
func (w *work) addRejection(raw []byte, problem *admission.Problem, rulesVersion string) error {
	raw = withoutAddress(raw)
	w.refused = touchpoint.Rejection{
		Site: w.request.Site.ID, Reason: string(problem.Reason), Field: problem.Field, Detail: problem.Detail,
		Raw: raw[:min(len(raw), maxRaw)], ReceivedAt: w.request.ReceivedAt.UnixMicro(), RulesVersion: rulesVersion,
		MessageId: problem.MessageID, Component: component,
	}
	buf := w.take(w.rejection.SizeVT())
	if _, err := w.rejection.MarshalToSizedBufferVT(buf); err != nil {
		return fmt.Errorf("encode a rejection: %w", err)
	}
	w.rejected = append(w.rejected, delivery.Record{Value: buf})
	return nil
}
