package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/collector/delivery"
	"github.com/throughline/throughline/collector/links"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// The routes.
const (
	RouteTouchpoints = "/v1/touchpoints"
	RouteImport      = "/v1/import"
	RouteOpenAPI     = "/v1/openapi.yaml"
	RouteScript      = "/v1/throughline.js"
	RouteHelp        = "/"
)

// Config bounds what a request may ask for. Zero rates are off; the other limits must be above zero.
type Config struct {
	// MaxBodyBytes bounds a body as sent and again after inflation.
	MaxBodyBytes int
	// MaxEvents bounds the events of one request.
	MaxEvents int
	// MaxInFlight bounds the requests in work at once; more are answered 429.
	MaxInFlight int
	// ClientRequestsPerSecond by address and SiteEventsPerSecond by site; 0 is off.
	ClientRequestsPerSecond, SiteEventsPerSecond int
	// ClientsRemembered bounds the addresses whose rate is known.
	ClientsRemembered int
	// LinksRemembered bounds the pairs of ids that are known to be sent.
	LinksRemembered int
	// TrustedProxies are believed about X-Forwarded-For and the country header.
	TrustedProxies []netip.Prefix
	// CountryHeader is the canonical header name with a country code, empty for none.
	CountryHeader string
	// RetryAfter is what clients are told when there is no room.
	RetryAfter time.Duration
	// RulesVersion is stored with refused events.
	RulesVersion string
	// OpenAPI is the document served at RouteOpenAPI; empty answers 404.
	OpenAPI []byte
}

// Admitter checks one event and fills the touchpoint; a nil problem is an accepted event. The touchpoint may alias raw.
type Admitter interface {
	Admit(req *admission.Request, raw []byte, into *touchpoint.Touchpoint) *admission.Problem
}

// Sink makes records durable. It returns nil only then; delivery.ErrOverloaded asks the client to slow down, any other
// error says that nothing can be stored now. It keeps no reference to the records after it has returned.
type Sink interface {
	Touchpoints(ctx context.Context, records []delivery.Record) error
	Rejected(ctx context.Context, records []delivery.Record) error
}

// Deps are what a Handler works with; all but the script, the tracer and the clock are needed.
type Deps struct {
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Sites      *sites.Sites
	Admitter   Admitter
	Sink       Sink
	// Script is nil where none is served.
	Script Script
	// Tracer is nil where nothing is traced.
	Tracer trace.TracerProvider
	// Now is the clock that receipts are stamped with; nil is the machine's.
	Now func() time.Time
}

// Handler is the public HTTP API.
type Handler struct {
	cfg      Config
	log      *slog.Logger
	sites    *sites.Sites
	admitter Admitter
	sink     Sink
	script   Script
	inflater *inflater
	limits   *limits
	links    *links.Cache
	metrics  *metrics
	tracer   trace.Tracer
	works    sync.Pool
	inFlight atomic.Int64
	retry    []string
	now      func() time.Time
}

// New builds the handler and registers its metrics.
func New(cfg Config, deps Deps) (*Handler, error) {
	inflater, err := newInflater(cfg.MaxBodyBytes)
	if err != nil {
		return nil, err
	}
	limits, err := newLimits(cfg, deps.Sites)
	if err != nil {
		return nil, err
	}
	links, err := links.New(cfg.LinksRemembered)
	if err != nil {
		return nil, err
	}
	cfg.CountryHeader = http.CanonicalHeaderKey(cfg.CountryHeader)
	h := &Handler{
		cfg: cfg, log: deps.Logger, sites: deps.Sites, admitter: deps.Admitter, sink: deps.Sink, script: deps.Script,
		inflater: inflater, limits: limits, links: links, retry: seconds(cfg.RetryAfter), tracer: newTracer(deps.Tracer),
	}
	if h.now = deps.Now; h.now == nil {
		h.now = time.Now
	}
	h.works.New = func() any { return newWork() }
	if h.metrics, err = newMetrics(deps.Registerer, deps.Sites, &h.inFlight, cfg.MaxInFlight); err != nil {
		return nil, err
	}
	return h, nil
}

// ServeHTTP routes by the exact path: there are no redirects, so nothing of a request comes back in a header.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case RouteTouchpoints:
		h.timed(routeTouchpoints, w, r)
	case RouteImport:
		h.timed(routeImport, w, r)
	case RouteHelp:
		h.static(w, r, "text/plain; charset=utf-8", help)
	case RouteOpenAPI:
		h.static(w, r, "application/yaml", h.cfg.OpenAPI)
	case RouteScript:
		h.serveScript(w, r)
	default:
		h.count(routeOther, h.refuse(w, noRoute))
	}
}

var noRoute = &refusal{status: http.StatusNotFound, reason: reasonNoRoute, detail: "there is no such route: GET / lists them"}

// timed serves the two routes that take events.
func (h *Handler) timed(route route, w http.ResponseWriter, r *http.Request) {
	start := h.now()
	var status int
	switch r.Method {
	case http.MethodPost:
		status = h.post(route, w, r, start)
	case http.MethodOptions:
		status = h.preflight(w, r)
	default:
		w.Header()["Allow"] = allowedMethods
		status = h.refuse(w, &refusal{status: http.StatusMethodNotAllowed, reason: reasonMethod, detail: "send events with POST"})
	}
	h.count(route, status)
	h.metrics.seconds[route].Observe(h.now().Sub(start).Seconds())
}

// count takes the status of an answer.
func (h *Handler) count(route route, status int) { h.metrics.requests[route][status/100].Inc() }

// static answers GET and HEAD with a fixed text.
func (h *Handler) static(w http.ResponseWriter, r *http.Request, kind string, text []byte) {
	if !h.reads(w, r) {
		return
	}
	if len(text) == 0 {
		h.count(routeOther, h.refuse(w, noRoute))
		return
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header["X-Content-Type-Options"] = noSniff
	h.count(routeOther, http.StatusOK)
	h.wrote(w.Write(text))
}

// reads refuses other methods than GET and HEAD.
func (h *Handler) reads(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	h.count(routeOther, h.refuse(w, &refusal{status: http.StatusMethodNotAllowed, reason: reasonMethod, detail: "use GET here"}))
	return false
}

// wrote takes the result of writing an answer: a client that has gone is its own affair.
func (h *Handler) wrote(_ int, err error) {
	if err != nil {
		h.log.Debug("answer not written", "error", err)
	}
}
