package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/collector/delivery"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/touchpoint"
)

const sitesFile = `
sites:
  - id: shop
    write_keys: [shop-key]
    import_keys: [shop-import-secret]
    origins: ["https://shop.example", "https://*.shop.example"]
  - id: open
    write_keys: [open-key]
    origins: ["*"]
`

// memory is a sink that decodes what it gets.
type memory struct {
	mu                     sync.Mutex
	touchpoints            []*touchpoint.Touchpoint
	links                  []*touchpoint.Link
	rejected               []*touchpoint.Rejection
	touchError, rejectFail error
}

func (m *memory) Touchpoints(_ context.Context, records []delivery.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.touchError != nil {
		return m.touchError
	}
	for _, r := range records {
		switch kind := decode(r).Kind.(type) {
		case *touchpoint.Record_Touchpoint:
			m.touchpoints = append(m.touchpoints, kind.Touchpoint)
		case *touchpoint.Record_Link:
			m.links = append(m.links, kind.Link)
		default:
			panic("neither touchpoint nor link")
		}
	}
	return nil
}

func (m *memory) Rejected(_ context.Context, records []delivery.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rejectFail != nil {
		return m.rejectFail
	}
	for _, r := range records {
		m.rejected = append(m.rejected, decode(r).GetRejection())
	}
	return nil
}

func decode(r delivery.Record) *touchpoint.Record {
	var record touchpoint.Record
	if err := record.UnmarshalVT(r.Value); err != nil {
		panic(err)
	}
	return &record
}

func testConfig() Config {
	return Config{MaxBodyBytes: 1 << 20, MaxEvents: 500, MaxInFlight: 100, ClientsRemembered: 100, LinksRemembered: 100, RetryAfter: 2 * time.Second, RulesVersion: "r1"}
}

// bench is a handler with its sink.
type bench struct {
	*Handler
	sink     *memory
	registry *prometheus.Registry
}

func newBench(t testing.TB, change func(*Config)) *bench {
	t.Helper()
	list, err := sites.Load([]byte(sitesFile))
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig()
	if change != nil {
		change(&cfg)
	}
	b := &bench{sink: &memory{}, registry: prometheus.NewRegistry()}
	b.Handler, err = New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Registerer: b.registry, Sites: list, Admitter: admission.New(), Sink: b.sink})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reply is an answer, decoded.
type reply struct {
	status                    int
	header                    http.Header
	text                      string
	Accepted, Rejected, Retry int
	Results                   []struct {
		Index                         int
		MessageID                     string `json:"message_id"`
		Status, Reason, Field, Detail string
	}
	Error struct{ Reason, Field, Detail string }
}

func (b *bench) do(t testing.TB, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	a := reply{status: w.Code, header: w.Header(), text: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatalf("answer %q: %v", a.text, err)
		}
	}
	return a
}

// request makes a POST with the shop's key; headers come in pairs.
func request(body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, RouteTouchpoints, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer shop-key")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	return r
}

func event(id string) string {
	return `{"message_id":"` + id + `","type":"track","event":"Product Viewed","anonymous_id":"v1"}`
}

func events(n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat(event("m")+",", n), ",") + "]"
}
