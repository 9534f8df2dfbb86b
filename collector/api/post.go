package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/collector/delivery"
)

// post takes the events of one request and gives the status it answered with.
func (h *Handler) post(route route, w http.ResponseWriter, r *http.Request, now time.Time) int {
	defer h.inFlight.Add(-1)
	if h.inFlight.Add(1) > int64(h.cfg.MaxInFlight) {
		h.metrics.limited[limitInFlight].Inc()
		return h.refuse(w, h.full(delivery.ErrOverloaded))
	}
	work := h.works.Get().(*work)
	defer h.release(work)
	if refused := h.receive(route, work, w, r, now); refused != nil {
		if refused.keep {
			refused = h.keep(r.Context(), work, refused)
		}
		return h.refuse(w, refused)
	}
	span := h.begin(route, r, now)
	status := h.store(r.Context(), &span, work, w)
	span.done(status)
	return status
}

// store admits the events of a request, makes them durable and answers.
func (h *Handler) store(ctx context.Context, span *span, work *work, w http.ResponseWriter) int {
	if err := work.admit(h); err != nil {
		return h.refuse(w, &refusal{status: http.StatusInternalServerError, reason: reasonInternal, detail: "the events could not be encoded", cause: err})
	}
	span.mark(work)
	return h.deliver(ctx, work, w)
}

func (h *Handler) release(w *work) {
	if w.size() <= maxPooled {
		w.reset()
		h.works.Put(w)
	}
}

// receive does all that comes before looking at single events.
func (h *Handler) receive(route route, work *work, w http.ResponseWriter, r *http.Request, now time.Time) *refusal {
	site, refused := h.site(r, route == routeImport)
	if refused != nil {
		if refused.reason == reasonKey && first(r.Header, "Origin") != "" { // its page may read that: there is no site that says whose it is
			w.Header()["Access-Control-Allow-Origin"] = anyOrigin
		}
		return refused
	}
	if origin := first(r.Header, "Origin"); origin != "" {
		allowOrigin(w.Header(), site, origin)
	}
	addr, proxied := h.client(r)
	if refused = h.limits.client(addr, now); refused != nil {
		h.metrics.limited[limitClient].Inc()
		return refused
	}
	work.request = admission.Request{
		Site: site, ReceivedAt: now, UserAgent: first(r.Header, "User-Agent"), IP: addr,
		Country: h.country(r, proxied), Import: route == routeImport,
	}
	if refused = h.read(work, w, r); refused != nil {
		return refused
	}
	work.request.SentAt = work.batch.sentAt
	if refused = h.limits.site(site, len(work.batch.events), now); refused != nil {
		h.metrics.limited[limitSite].Inc()
	}
	return refused
}

// read reads, inflates and splits the body. What it leaves in work.inflated is the body to keep when it is refused.
func (h *Handler) read(work *work, w http.ResponseWriter, r *http.Request) *refusal {
	lines, refused := mediaType(first(r.Header, "Content-Type"))
	if refused != nil {
		return refused
	}
	if work.body, refused = readBody(w, r, h.cfg.MaxBodyBytes, work.body); refused != nil {
		return refused
	}
	h.metrics.bodyBytes.Add(float64(len(work.body)))
	if encoding := first(r.Header, "Content-Encoding"); !identity(encoding) {
		if work.inflated, refused = h.inflater.inflate(encoding, work.body, work.inflated); refused != nil {
			return refused
		}
		work.body, work.inflated = work.inflated, work.body
	}
	return work.batch.split(work.body, lines, h.cfg.MaxEvents)
}

// keep puts a body that was refused as a whole into the dead letter. When that cannot be done the client is to try again.
func (h *Handler) keep(ctx context.Context, work *work, refused *refusal) *refusal {
	problem := admission.Problem{Reason: admission.Reason(refused.reason), Field: refused.field, Detail: refused.detail}
	err := work.addRejection(work.body, &problem, h.cfg.RulesVersion)
	if err == nil {
		err = h.sink.Rejected(context.WithoutCancel(ctx), work.rejected)
	}
	if err != nil {
		return h.full(err)
	}
	h.metrics.sites[work.request.Site].reasons[wholeRequest].Inc()
	return refused
}

// full words an error of the sink.
func (h *Handler) full(err error) *refusal {
	after := int(h.cfg.RetryAfter / time.Second)
	if errors.Is(err, delivery.ErrOverloaded) {
		return &refusal{status: http.StatusTooManyRequests, reason: reasonOverloaded, retryAfter: after, cause: err,
			detail: "more is coming in than can be stored: send this again later"}
	}
	return &refusal{status: http.StatusServiceUnavailable, reason: reasonUnavailable, retryAfter: after, cause: err,
		detail: "nothing can be stored now: send this again later"}
}

// deliver makes accepted and rejected events durable and answers. A client that goes away stops nothing: its events
// are stored all the same, and its buffers stay untouched until then.
func (h *Handler) deliver(ctx context.Context, work *work, w http.ResponseWriter) int {
	ctx = context.WithoutCancel(ctx)
	var outcome outcome
	if len(work.records) > 0 {
		outcome.accepted = h.sink.Touchpoints(ctx, work.records)
	}
	h.countLinks(work, outcome.accepted)
	if len(work.rejected) > 0 {
		outcome.rejected = h.sink.Rejected(ctx, work.rejected)
	}
	h.countEvents(work, &outcome)
	if broken := work.notJSON(); broken != nil && outcome.rejected == nil {
		return h.refuse(w, broken)
	}
	return h.answer(w, work, &outcome)
}

// notJSON says that the body is one event and no JSON: then there is no event to give a verdict on.
func (w *work) notJSON() *refusal {
	if !w.batch.single || w.results[0].problem == nil || w.results[0].problem.Reason != admission.ReasonNotJSON {
		return nil
	}
	p := w.results[0].problem
	return &refusal{status: http.StatusBadRequest, reason: reasonNotJSON, field: p.Field, detail: p.Detail}
}

// outcome says what happened to the two kinds of records.
type outcome struct {
	accepted, rejected error
	// how many events get each verdict
	accepts, rejects, retries int
}

// countLinks remembers the links that are durable, so that they are not sent again.
func (h *Handler) countLinks(work *work, err error) {
	if work.suppressed > 0 {
		h.metrics.linksSuppressed.Add(float64(work.suppressed))
	}
	if len(work.claims) > 0 && err == nil {
		h.links.Sent(work.claims)
		h.metrics.linksSent.Add(float64(len(work.claims)))
	}
}

// countEvents turns errors into verdicts and counts them.
func (h *Handler) countEvents(work *work, o *outcome) {
	m := h.metrics.sites[work.request.Site]
	if n := work.touchpoints(); o.accepted == nil {
		o.accepts = n
	} else {
		o.retries = n
	}
	if n := len(work.rejected); o.rejected == nil {
		o.rejects = n
	} else {
		o.retries += n
	}
	m.accepted.Add(float64(o.accepts))
	m.durable.Add(float64(o.accepts))
	m.retry.Add(float64(o.retries))
	if o.rejects == 0 {
		return
	}
	m.rejected.Add(float64(o.rejects))
	for i := range work.results {
		if p := work.results[i].problem; p != nil {
			if c := m.reasons[p.Reason]; c != nil {
				c.Inc()
			}
		}
	}
}
