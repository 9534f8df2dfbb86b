package admission

import (
	"net/netip"
	"time"

	"github.com/throughline/throughline/collector/enrich"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// The limits of one event.
const (
	// MaxBytes bounds the raw JSON of one event.
	MaxBytes = 32 << 10
	// MaxDepth bounds the nesting of objects and arrays; the event itself is depth 1.
	MaxDepth = 32
	// MaxKeys bounds the object keys of one event, all levels together.
	MaxKeys = 1000
	// MaxName bounds ids, event names and channels, in bytes.
	MaxName = 200
)

// Values of Touchpoint.Source.
const (
	SourceHTTP   = "http"
	SourceImport = "import"
)

// Request is what the collector knows about the HTTP request an event came in with.
type Request struct {
	// Site is the site whose key was used; never nil.
	Site *sites.Site
	// ReceivedAt is the collector's clock.
	ReceivedAt time.Time
	// SentAt is the sent_at of the batch; zero when absent. An event's own sent_at goes first.
	SentAt time.Time
	// UserAgent is the User-Agent header. It is used where context.user_agent is absent and it is a browser's or an
	// app's: that of a server's HTTP library says nothing about the customer.
	UserAgent string
	// IP is the client's address; context.ip goes first. It is truncated before it is stored.
	IP netip.Addr
	// Country is the ISO 3166-1 alpha-2 code that a proxy named; context.location.country goes first.
	Country string
	// Import marks history: received_at becomes occurred_at, nothing is clamped, touchpoints are passive unless they
	// say otherwise, and user agent, address and country of the request are not the customer's.
	Import bool
}

// agentCache is how many user agents are remembered: a few thousand make up nearly all of a day's traffic.
const agentCache = 8192

// Admitter checks events and turns them into touchpoints. It is safe for concurrent use.
type Admitter struct {
	agents       *enrich.Agents
	placeholders *placeholders
}

// Option of New.
type Option func(*Admitter)

// WithPlaceholders refuses more user ids for naming nobody, in any case; an id with ! in front is allowed again.
func WithPlaceholders(ids []string) Option {
	return func(a *Admitter) { a.placeholders = newPlaceholders(ids) }
}

// New gives an Admitter with empty caches.
func New(options ...Option) *Admitter {
	agents, err := enrich.NewAgents(agentCache)
	if err != nil {
		panic(err) // only a size that is not positive gives an error
	}
	a := &Admitter{agents: agents, placeholders: builtin}
	for _, o := range options {
		o(a)
	}
	return a
}

// Admit reads one event and fills into, which it resets first; nil means accepted. The strings and bytes of into may
// alias raw and req, which must therefore stay untouched until into has been encoded. A Problem never aliases them.
// Properties and Context are the client's bytes, but for context.ip, which is truncated there too.
func (a *Admitter) Admit(req *Request, raw []byte, into *touchpoint.Touchpoint) *Problem {
	into.Reset()
	d := draft{t: into, placeholders: a.placeholders}
	if d.read(raw) && d.settle(req) && a.visit(req, &d) {
		return nil
	}
	d.problem.MessageID = messageID(into.MessageId, raw)
	return d.problem
}

// messageID gives the id of a refused event: the one that was read, else the one that a second look finds.
func messageID(read string, raw []byte) string {
	var d draft
	d.t = new(touchpoint.Touchpoint)
	if d.t.MessageId = read; read == "" && len(raw) <= MaxBytes {
		d.findMessageID(raw)
	}
	if !d.id("message_id", d.t.MessageId) {
		return ""
	}
	return string([]byte(d.t.MessageId))
}
