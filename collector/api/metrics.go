package api

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/schemas/sites"
)

// route is a label of the request metrics.
type route int

const (
	routeTouchpoints route = iota
	routeImport
	routeOther
	routes
)

var routeNames = [routes]string{"touchpoints", "import", "other"}

// Verdicts of events, as answered and as labels.
const (
	verdictAccepted = "accepted"
	verdictRejected = "rejected"
	verdictRetry    = "retry"
)

// wholeRequest is the reason label of a body that was refused as a whole and kept.
const wholeRequest = "request"

// metrics holds every series from the start, so that the hot path looks none up and no label is unbounded.
type metrics struct {
	requests  [routes][6]prometheus.Counter // by route and first digit of the status
	seconds   [routes]prometheus.Observer
	bodyBytes prometheus.Counter
	// Links of an anonymous id to a user.
	linksSent, linksSuppressed prometheus.Counter
	limited                    map[string]prometheus.Counter
	refused                    map[string]prometheus.Counter
	sites                      map[*sites.Site]*siteMetrics
}

type siteMetrics struct {
	accepted, rejected, retry prometheus.Counter
	// durable is accepted under a name of its own, to compare with what the processor has stored.
	durable prometheus.Counter
	reasons map[admission.Reason]prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, list *sites.Sites, inFlight *atomic.Int64, maxInFlight int) (*metrics, error) {
	m := &metrics{
		bodyBytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "throughline_collector_body_bytes_total", Help: "Bytes of request bodies as sent."}),
		limited: make(map[string]prometheus.Counter),
		refused: make(map[string]prometheus.Counter),
		sites:   make(map[*sites.Site]*siteMetrics),
	}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "throughline_collector_requests_total", Help: "Requests by route and class of the answer's status."}, []string{"route", "status"})
	limited := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "throughline_collector_limited_requests_total", Help: "Requests refused because of a limit."}, []string{"limit"})
	for _, limit := range []string{limitClient, limitSite, limitInFlight} {
		m.limited[limit] = limited.WithLabelValues(limit)
	}
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "throughline_collector_refused_requests_total", Help: "Requests of which nothing was taken, by reason."}, []string{"reason"})
	for _, reason := range reasons {
		m.refused[reason] = refused.WithLabelValues(reason)
	}
	links := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "throughline_collector_links_total",
		Help: "Pairs of an anonymous id and a user id that touchpoints carried: sent to the owner of the anonymous id, or suppressed because it has been told."},
		[]string{"outcome"})
	m.linksSent, m.linksSuppressed = links.WithLabelValues("sent"), links.WithLabelValues("suppressed")
	seconds := m.byRoute(requests)
	limit := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "throughline_collector_requests_in_flight_limit", Help: "Requests that may be in work at once."})
	limit.Set(float64(maxInFlight))
	gauge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "throughline_collector_requests_in_flight", Help: "Requests in work."}, func() float64 { return float64(inFlight.Load()) })
	for _, c := range append(m.bySite(list), requests, limited, refused, links, seconds, gauge, limit, m.bodyBytes) {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of the API: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) byRoute(requests *prometheus.CounterVec) prometheus.Collector {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "throughline_collector_request_seconds", Help: "Time from the request's headers to the answer.",
		Buckets:                     []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .25, .5, 1, 2.5, 10},
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
	}, []string{"route"})
	for r, name := range routeNames {
		for class := 1; class <= 5; class++ {
			m.requests[r][class] = requests.WithLabelValues(name, fmt.Sprintf("%dxx", class))
		}
		m.seconds[r] = seconds.WithLabelValues(name)
	}
	return seconds
}

func (m *metrics) bySite(list *sites.Sites) []prometheus.Collector {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "throughline_collector_events_total", Help: "Events by site and verdict."}, []string{"site", "verdict"})
	accepted := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "throughline_collector_accepted_touchpoints_total", Help: "Touchpoints acknowledged to clients, by site; what the processor stores is compared with it."}, []string{"site"})
	reasons := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "throughline_collector_rejected_events_total", Help: "Rejected events by site and reason; whole bodies count once as request."},
		[]string{"site", "reason"})
	for site := range list.All() {
		s := &siteMetrics{
			accepted: events.WithLabelValues(site.ID, verdictAccepted),
			rejected: events.WithLabelValues(site.ID, verdictRejected),
			retry:    events.WithLabelValues(site.ID, verdictRetry),
			durable:  accepted.WithLabelValues(site.ID),
			reasons:  make(map[admission.Reason]prometheus.Counter),
		}
		for _, reason := range append(admission.Reasons(), wholeRequest) {
			s.reasons[reason] = reasons.WithLabelValues(site.ID, string(reason))
		}
		m.sites[site] = s
	}
	return []prometheus.Collector{events, accepted, reasons}
}
