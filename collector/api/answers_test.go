package api

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/tests/hostile"
)

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
		{"what curl -d sends", event("a"), []string{"Content-Type", "application/x-www-form-urlencoded"}, 200, 1, 0, "", 0},
		{"what curl -d sends, lines", event("a") + "\n" + event("b"), []string{"Content-Type", "application/x-www-form-urlencoded"}, 200, 2, 0, "", 0},
		{"a real form", "event=x&user_id=a", []string{"Content-Type", "application/x-www-form-urlencoded"}, 400, 0, 0, "not_json", 1},
		{"form of parts", event("a"), []string{"Content-Type", "multipart/form-data; boundary=x"}, 415, 0, 0, "media_type", 0},
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

func TestEventOfExactlyTheLimit(t *testing.T) {
	shell := `{"type":"page","anonymous_id":"v","properties":{"x":""}}`
	exact := strings.Replace(shell, `""`, `"`+strings.Repeat("x", admission.MaxBytes-len(shell))+`"`, 1)
	b := newBench(t, nil)
	a := b.do(t, request("["+exact+","+strings.Replace(exact, "xx", "xxx", 1)+"]"))
	if a.status != 200 || a.Results[0].Status != "accepted" || a.Results[1].Reason != "too_large" {
		t.Errorf("%d %.300s", a.status, a.text)
	}
}

func TestUnknownLength(t *testing.T) {
	for size, status := range map[int]int{1 << 10: 200, 1 << 20: 200, 1<<20 + 1: 413, 3 << 20: 413} {
		b := newBench(t, nil)
		r := request("[" + strings.Repeat(" ", size-2) + "]")
		r.ContentLength = -1
		if a := b.do(t, r); a.status != status {
			t.Errorf("%d bytes: %d %.200s", size, a.status, a.text)
		}
	}
}

// TestPooledWorkCarriesNothingOver posts different things through the same buffers.
func TestPooledWorkCarriesNothingOver(t *testing.T) {
	b := newBench(t, nil)
	for i := range 50 {
		b.do(t, request(`{"message_id":"long","type":"track","event":"e","user_id":"u","context":{"page":{"title":"t"}},"properties":{"revenue":5}}`))
		b.do(t, request(events(1+i*7)))
		a := b.do(t, request(`{"message_id":"bare","type":"page","anonymous_id":"v"}`))
		if len(a.Results) != 1 || a.Results[0].MessageID != "bare" {
			t.Fatal(a.text)
		}
		last := b.sink.touchpoints[len(b.sink.touchpoints)-1]
		if last.UserId != "" || last.Title != "" || last.Revenue != 0 || len(last.Properties) != 0 || last.Event != admission.PageViewed {
			t.Fatalf("%v", last)
		}
	}
}

func TestParallelRequests(t *testing.T) {
	b := newBench(t, nil)
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			for i := range 40 {
				id := fmt.Sprintf("c%d-%d", c, i)
				if a := b.do(t, request("["+event(id)+",{}]")); a.Accepted != 1 || a.Results[0].MessageID != id {
					t.Errorf("%s: %s", id, a.text)
				}
			}
		})
	}
	clients.Wait()
	seen := make(map[string]bool)
	for _, touch := range b.sink.touchpoints {
		seen[touch.MessageId] = true
	}
	if len(seen) != 320 || len(b.sink.rejected) != 320 {
		t.Errorf("%d touchpoints, %d rejections", len(seen), len(b.sink.rejected))
	}
}

func TestKeyInAddress(t *testing.T) {
	b := newBench(t, nil)
	r := request(event("a"), "Authorization", "")
	r.URL.RawQuery = "x=1&write_key=shop-key"
	if a := b.do(t, r); a.status != 200 {
		t.Errorf("status %d: %s", a.status, a.text)
	}
}

// TestHostileAmongGood posts mutated events, good ones between them: each bad one is refused with a reason.
func TestHostileAmongGood(t *testing.T) {
	const seed, n = 7, 3000
	b := newBench(t, nil)
	for i, bad := range hostile.Mutations(seed, n) {
		a := b.do(t, request(string(bad)))
		switch {
		case a.status == 200 && a.Accepted+a.Rejected == len(a.Results) && a.Retry == 0:
		case a.status >= 400 && a.status < 500 && a.Error.Reason != "":
		default:
			t.Fatalf("seed %d, event %d %q: %d %s", seed, i, bad, a.status, a.text)
		}
		for _, r := range a.Results {
			if r.Status == "rejected" && (r.Reason == "" || r.Detail == "") {
				t.Errorf("seed %d, event %d: %s", seed, i, a.text)
			}
		}
		if a := b.do(t, request(event(fmt.Sprint("good-", i)))); a.Accepted != 1 {
			t.Fatalf("seed %d, good event after %d: %s", seed, i, a.text)
		}
	}
}
