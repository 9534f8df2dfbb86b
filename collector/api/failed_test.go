package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/throughline/throughline/collector/delivery"
)

// What nobody may find in a log: keys, addresses of people and machines, what a client has written.
var secrets = []string{"shop-key", "shop-import-secret", "jane@example.com", "203.0.113.77", "secret-visitor", "/account/jane"}

// logged makes a bench whose log, down to debug, is kept.
func logged(t *testing.T, change func(*Config)) (*bench, *bytes.Buffer) {
	t.Helper()
	b, log := newBench(t, change), &bytes.Buffer{}
	b.log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return b, log
}

func personal(body string) *http.Request {
	r := request(body, "X-Forwarded-For", "203.0.113.77", "Referer", "https://shop.example/account/jane", "X-Request-Id", "mine")
	r.RemoteAddr = "203.0.113.77:4000"
	return r
}

const personalEvent = `{"message_id":"1","event":"Signed Up","anonymous_id":"secret-visitor","properties":{"email":"jane@example.com"},` +
	`"context":{"page":{"path":"/account/jane"}}}`

func TestFailuresHaveAnIDThatTheLogNames(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		sink       error
		status     int
		reason     string
		told       bool
	}{
		{"nothing can be stored", personalEvent, errors.New("disk is gone"), 503, reasonUnavailable, true},
		{"too much at once", personalEvent, delivery.ErrOverloaded, 429, reasonOverloaded, true},
		{"no JSON", `[{"email":"jane@example.com"`, nil, 400, reasonNotJSON, false},
		{"all went well", personalEvent, nil, 200, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, log := logged(t, nil)
			b.sink.touchError = tt.sink
			a := b.do(t, personal(tt.body))
			id := a.header.Get(RequestIDHeader)
			if a.status != tt.status || id == "mine" || (id == "") != (tt.status == 200) {
				t.Fatalf("%d, request id %q: %s", a.status, id, a.text)
			}
			if tt.status == 200 {
				return
			}
			if got := testutil.ToFloat64(b.metrics.refused[tt.reason]); got != 1 {
				t.Errorf("%s was counted %v times", tt.reason, got)
			}
			var line struct {
				Level     string
				RequestID string `json:"request_id"`
				Status    int
				Reason    string
			}
			if err := json.Unmarshal(log.Bytes(), &line); err != nil {
				t.Fatalf("%v: %s", err, log)
			}
			if line.RequestID != id || line.Status != tt.status || line.Reason != tt.reason || (line.Level == "WARN") != tt.told {
				t.Errorf("logged %s", log)
			}
		})
	}
}

func TestRefusalsCarryTheirID(t *testing.T) {
	b := newBench(t, nil)
	a := b.do(t, request("["))
	if id := a.header.Get(RequestIDHeader); id == "" || !strings.Contains(a.text, `"request_id":"`+id+`"`) {
		t.Errorf("header %q, body %s", id, a.text)
	}
	if other := b.do(t, request("[")).header.Get(RequestIDHeader); other == a.header.Get(RequestIDHeader) {
		t.Errorf("two requests share %s", other)
	}
}

func TestLogsHoldNothingPersonal(t *testing.T) {
	b, log := logged(t, func(c *Config) { c.ClientRequestsPerSecond, c.SiteEventsPerSecond = 5, 5 })
	bodies := []string{personalEvent, `{"email":"jane@example.com"}`, `["jane@example.com`, strings.Repeat(" ", 2<<20), "jane@example.com"}
	for _, fail := range []error{nil, errors.New("away"), delivery.ErrOverloaded} {
		b.sink.touchError, b.sink.rejectFail = fail, fail
		for range 5 {
			for _, body := range bodies {
				b.do(t, personal(body))
			}
		}
	}
	wrong := personal(personalEvent)
	wrong.Header.Set("Authorization", "Bearer shop-import-secret")
	b.do(t, wrong)
	if log.Len() == 0 {
		t.Fatal("nothing was logged: the test looks at nothing")
	}
	for _, secret := range secrets {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
