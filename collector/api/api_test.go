package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
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
		m.touchpoints = append(m.touchpoints, decode(r).GetTouchpoint())
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
	return Config{MaxBodyBytes: 1 << 20, MaxEvents: 500, MaxInFlight: 100, ClientsRemembered: 100, RetryAfter: 2 * time.Second, RulesVersion: "r1"}
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

func TestAnswers(t *testing.T) {
	big := strings.Repeat("x", admission.MaxBytes)
	tests := []struct {
		name     string
		body     string
		headers  []string
		status   int
		accepted int
		rejected int
		reason   string // of the whole request, or of the first rejected event
		kept     int    // records in the dead letter
	}{
		{"object", event("a"), nil, 200, 1, 0, "", 0},
		{"object with space and mark", "\xef\xbb\xbf \n" + event("a") + "\r\n ", nil, 200, 1, 0, "", 0},
		{"array", "[" + event("a") + " ,\n" + event("b") + "]", nil, 200, 2, 0, "", 0},
		{"empty array", "[]", nil, 200, 0, 0, "", 0},
		{"batch", `{"sent_at":"2026-03-01T12:00:00Z","batch":[` + event("a") + "," + event("b") + `]}`, nil, 200, 2, 0, "", 0},
		{"batch then sent_at", `{"batch" : [` + event("a") + `] , "sent_at":"2026-03-01T12:00:00Z"}`, nil, 200, 1, 0, "", 0},
		{"batch with a bad time", `{"sent_at":"today","batch":[` + event("a") + `]}`, nil, 400, 0, 0, "invalid_value", 1},
		{"batch with a number as time", `{"sent_at":5,"batch":[` + event("a") + `]}`, nil, 400, 0, 0, "wrong_type", 1},
		{"batch with a stranger", `{"integrations":{},"batch":[` + event("a") + `]}`, nil, 400, 0, 0, "unknown_field", 1},
		{"batch that is no array", `{"batch":{}}`, nil, 400, 0, 0, "wrong_type", 1},
		{"batch twice", `{"batch":[],"batch":[]}`, nil, 400, 0, 0, "duplicate_field", 1},
		{"batch cut", `{"batch":[` + event("a") + `]`, nil, 400, 0, 0, "not_json", 1},
		{"the word batch inside", `{"type":"track","event":"e","anonymous_id":"a","properties":{"batch":[1]}}`, nil, 200, 1, 0, "", 0},
		{"lines", event("a") + "\n" + event("b") + "\n", []string{"Content-Type", "application/x-ndjson"}, 200, 2, 0, "", 0},
		{"lines without the type", event("a") + "\r\n\n" + event("b"), nil, 200, 2, 0, "", 0},
		{"a bad line", event("a") + "\n{\"type\":\n" + event("b"), []string{"Content-Type", "application/x-ndjson"}, 200, 2, 1, "not_json", 1},
		{"a bad first line", `{"type":"x` + "\n" + event("b"), nil, 200, 1, 1, "not_json", 1},
		{"two events in one line", event("a") + event("b"), nil, 400, 0, 0, "not_json", 1},
		{"pretty", "{\n \"type\": \"page\",\n \"anonymous_id\": \"v\"\n}\n", nil, 200, 1, 0, "", 0},
		{"pretty and more", "{\n \"type\": \"page\"\n}\n{\n}", nil, 400, 0, 0, "not_json", 1},
		{"pretty and words", "{\n \"type\": \"page\"\n} x", nil, 400, 0, 0, "not_json", 1},
		{"pretty and broken", "{\n \"type\": \"page\n}", nil, 400, 0, 0, "not_json", 1},
		{"text/plain", event("a"), []string{"Content-Type", "text/plain;charset=UTF-8"}, 200, 1, 0, "", 0},
		{"type with parameter", event("a"), []string{"Content-Type", "Application/JSON; charset=utf-8"}, 200, 1, 0, "", 0},
		{"no type", event("a"), []string{"Content-Type", ""}, 200, 1, 0, "", 0},
		{"form", "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, 0, 0, "media_type", 0},
		{"odd type", "a=b", []string{"Content-Type", ";;"}, 415, 0, 0, "media_type", 0},
		{"unknown encoding", event("a"), []string{"Content-Encoding", "lzma"}, 415, 0, 0, "encoding", 0},
		{"two encodings", event("a"), []string{"Content-Encoding", "gzip, br"}, 415, 0, 0, "encoding", 0},
		{"not the encoding it says", event("a"), []string{"Content-Encoding", "gzip"}, 400, 0, 0, "encoding", 0},
		{"empty", "", nil, 400, 0, 0, "empty", 0},
		{"space", " \n ", nil, 400, 0, 0, "empty", 0},
		{"number", "5", nil, 400, 0, 0, "not_json", 1},
		{"words", "hello", nil, 400, 0, 0, "not_json", 1},
		{"object not closed", `{"type":"page"`, nil, 400, 0, 0, "not_json", 1},
		{"object broken inside", `{"type":pag}`, nil, 400, 0, 0, "not_json", 1},
		{"array not closed", "[" + event("a"), nil, 400, 0, 0, "not_json", 1},
		{"array with a trailing comma", "[" + event("a") + ",]", nil, 400, 0, 0, "not_json", 1},
		{"array without commas", "[" + event("a") + event("b") + "]", nil, 400, 0, 0, "not_json", 1},
		{"array with a string not closed", `["a` + event("a"), nil, 400, 0, 0, "not_json", 1},
		{"array and more", "[]x", nil, 400, 0, 0, "not_json", 1},
		{"array with a broken event", `[{"type":pag},` + event("a") + "]", nil, 200, 1, 1, "not_json", 1},
		{"array of other things", `[1, "x", null, ` + event("a") + "]", nil, 200, 1, 3, "not_json", 3},
		{"missing field", `{"type":"track","anonymous_id":"v"}`, nil, 200, 0, 1, "missing", 1},
		{"500 events", events(500), nil, 200, 500, 0, "", 0},
		{"501 events", events(501), nil, 413, 0, 0, "too_many_events", 0},
		{"event of 32 KB and more", `[{"message_id":"` + big + `"},` + event("a") + "]", nil, 200, 1, 1, "too_large", 1},
		{"body too large", strings.Repeat(" ", 1<<20) + event("a"), nil, 413, 0, 0, "too_large", 0},
		{"unknown key", event("a"), []string{"Authorization", "Bearer other"}, 401, 0, 0, "unknown_key", 0},
		{"no key", event("a"), []string{"Authorization", ""}, 401, 0, 0, "unknown_key", 0},
		{"import key on the wrong route", event("a"), []string{"Authorization", "Bearer shop-import-secret"}, 401, 0, 0, "unknown_key", 0},
		{"X-Write-Key", event("a"), []string{"Authorization", "", "X-Write-Key", "shop-key"}, 200, 1, 0, "", 0},
		{"basic", event("a"), []string{"Authorization", "Basic c2hvcC1rZXk6"}, 200, 1, 0, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, nil)
			a := b.do(t, request(tt.body, tt.headers...))
			if a.status != tt.status || a.Accepted != tt.accepted || a.Rejected != tt.rejected || a.Retry != 0 {
				t.Fatalf("status %d, %d accepted, %d rejected, %d retry, want %d, %d, %d, 0: %s", a.status, a.Accepted, a.Rejected, a.Retry,
					tt.status, tt.accepted, tt.rejected, a.text)
			}
			if got := a.firstReason(); got != tt.reason {
				t.Errorf("reason %q, want %q: %s", got, tt.reason, a.text)
			}
			if len(b.sink.touchpoints) != tt.accepted || len(b.sink.rejected) != tt.kept {
				t.Errorf("stored %d and %d, want %d and %d", len(b.sink.touchpoints), len(b.sink.rejected), tt.accepted, tt.kept)
			}
			for i, r := range a.Results {
				if r.Index != i {
					t.Errorf("result %d has index %d", i, r.Index)
				}
			}
		})
	}
}

func (a *reply) firstReason() string {
	for _, r := range a.Results {
		if r.Reason != "" {
			return r.Reason
		}
	}
	return a.Error.Reason
}

func TestKeyInAddress(t *testing.T) {
	b := newBench(t, nil)
	r := request(event("a"), "Authorization", "")
	r.URL.RawQuery = "x=1&write_key=shop-key"
	if a := b.do(t, r); a.status != 200 {
		t.Errorf("status %d: %s", a.status, a.text)
	}
}

func TestKeepsWhatWasRefused(t *testing.T) {
	b := newBench(t, nil)
	bad := `[{"type":"page"}, {`
	b.do(t, request(bad))
	b.do(t, request(`{"message_id":"m9","type":"track","user_id":"u"}`))
	if len(b.sink.rejected) != 2 {
		t.Fatalf("kept %d", len(b.sink.rejected))
	}
	whole, one := b.sink.rejected[0], b.sink.rejected[1]
	if string(whole.Raw) != bad || whole.Reason != "not_json" || whole.Site != "shop" || whole.Component != "collector" || whole.RulesVersion != "r1" {
		t.Errorf("kept %v", whole)
	}
	if one.MessageId != "m9" || one.Reason != "missing" || one.Field != "event" || one.ReceivedAt == 0 {
		t.Errorf("kept %v", one)
	}
	long := "{" + strings.Repeat("x", 100<<10)
	b.do(t, request(long))
	if n := len(b.sink.rejected[2].Raw); n != maxRaw {
		t.Errorf("kept %d bytes", n)
	}
}

func TestImport(t *testing.T) {
	b := newBench(t, nil)
	r := request(`{"message_id":"a","type":"page","user_id":"u1","timestamp":"2015-05-01T00:00:00Z"}`, "Authorization", "Bearer shop-import-secret")
	r.URL.Path = RouteImport
	if a := b.do(t, r); a.status != 200 || a.Accepted != 1 {
		t.Fatal(a.text)
	}
	if got := b.sink.touchpoints[0]; got.OccurredAt*1000 != got.ReceivedAt {
		t.Errorf("received %d, occurred %d", got.ReceivedAt, got.OccurredAt)
	}
}

func TestWithoutRoom(t *testing.T) {
	tests := []struct {
		name                string
		body                string
		accepted, rejected  error
		status              int
		retry, rejectedWant int
		reason              string
	}{
		{"all overloaded", event("a"), delivery.ErrOverloaded, nil, 429, 1, 0, ""},
		{"all away", events(3), io.ErrClosedPipe, nil, 503, 3, 0, ""},
		{"a part", "[" + event("a") + ",{}]", io.ErrClosedPipe, nil, 200, 1, 1, ""},
		{"dead letter away", "[" + event("a") + ",{}]", nil, io.ErrClosedPipe, 200, 1, 0, ""},
		{"both away", "[" + event("a") + ",{}]", io.ErrClosedPipe, delivery.ErrOverloaded, 429, 2, 0, ""},
		{"whole body away", "[", nil, io.ErrClosedPipe, 503, 0, 0, "unavailable"},
		{"whole body overloaded", "[", nil, delivery.ErrOverloaded, 429, 0, 0, "overloaded"},
		{"one broken event away", "{\"a\":x}", nil, io.ErrClosedPipe, 503, 1, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, nil)
			b.sink.touchError, b.sink.rejectFail = tt.accepted, tt.rejected
			a := b.do(t, request(tt.body))
			if a.status != tt.status || a.Retry != tt.retry || a.Rejected != tt.rejectedWant || a.Error.Reason != tt.reason {
				t.Errorf("status %d, %d retry, %d rejected, reason %q: %s", a.status, a.Retry, a.Rejected, a.Error.Reason, a.text)
			}
			if a.header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
		})
	}
}

func TestTooManyInFlight(t *testing.T) {
	b := newBench(t, func(c *Config) { c.MaxInFlight = 1 })
	reader, writer := io.Pipe()
	done := make(chan reply)
	slow := request("")
	slow.Body, slow.ContentLength = reader, -1
	go func() { done <- b.do(t, slow) }()
	if _, err := io.WriteString(writer, event("a")); err != nil {
		t.Fatal(err)
	}
	if a := b.do(t, request(event("b"))); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("status %d: %s", a.status, a.text)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if a := <-done; a.status != 200 {
		t.Errorf("first request: %s", a.text)
	}
}

func TestRoutes(t *testing.T) {
	b := newBench(t, func(c *Config) { c.OpenAPI = []byte("openapi: 3.1.0") })
	tests := []struct {
		method, path string
		status       int
		contains     string
	}{
		{"GET", "/", 200, "POST /v1/touchpoints"},
		{"HEAD", "/", 200, ""},
		{"POST", "/", 405, "method"},
		{"GET", "/v1/openapi.yaml", 200, "openapi: 3.1.0"},
		{"GET", "/v1/touchpoints", 405, "method"},
		{"DELETE", "/v1/import", 405, "method"},
		{"GET", "/metrics", 404, "no_such_route"},
		{"GET", "//v1/touchpoints", 404, "no_such_route"},
		{"GET", "/v1/../debug/pprof", 404, "no_such_route"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(tt.method, "/", nil)
		r.URL.Path = tt.path
		a := b.do(t, r)
		if a.status != tt.status || !strings.Contains(a.text, tt.contains) || a.header.Get("Location") != "" {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, a.status, a.text)
		}
	}
}

func TestBodyReachesAdmissionUnchanged(t *testing.T) {
	b := newBench(t, nil)
	properties := `{"b":1.10,  "a":"\u00e9 \"q\" \\", "c":[{},[]]}`
	body := `[{"type":"track","event":"e","anonymous_id":"v","properties":` + properties + `},` + event("x") + `]`
	if a := b.do(t, request(body)); a.Accepted != 2 {
		t.Fatal(a.text)
	}
	if got := b.sink.touchpoints[0].Properties; !bytes.Equal(got, []byte(properties)) {
		t.Errorf("properties %s", got)
	}
}
