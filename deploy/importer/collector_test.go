package importer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// collector is a stand-in for the import endpoint: it remembers the ids that it accepted.
type collector struct {
	mu       sync.Mutex
	ids      map[string]int
	requests int
	largest  int
	// status decides on an event, "accepted" when nil; before may answer the whole request and then gives true.
	status func(id string) string
	before func(n int, w http.ResponseWriter) bool
}

type verdict struct {
	Index     int    `json:"index"`
	MessageID string `json:"message_id"`
	Status    string `json:"status"`
	Reason    string `json:"reason,omitempty"`
	Field     string `json:"field,omitempty"`
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if c.before != nil && c.before(c.requests, w) {
		return
	}
	if r.URL.Path != "/v1/import" || r.Header.Get("Authorization") != "Bearer secret" {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":{"reason":"unknown_key","detail":"no such key"}}`)
		return
	}
	counts := map[string]int{}
	var results []verdict
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		var event struct {
			MessageID string `json:"message_id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		one := verdict{Index: len(results), MessageID: event.MessageID, Status: "accepted"}
		if c.status != nil {
			one.Status = c.status(event.MessageID)
		}
		switch one.Status {
		case "rejected":
			one.Reason, one.Field = "missing", "event"
		case "accepted":
			c.ids[event.MessageID]++
		}
		counts[one.Status]++
		results = append(results, one)
	}
	c.largest = max(c.largest, len(results))
	body, err := json.Marshal(map[string]any{"accepted": counts["accepted"], "rejected": counts["rejected"], "retry": counts["retry"], "results": results})
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(body)
}

// after calls do at the n-th request from now.
func (c *collector) after(n int, do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.requests + n
	c.before = func(n int, _ http.ResponseWriter) bool {
		if n == at {
			do()
		}
		return false
	}
}

func (c *collector) accepted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ids)
}

// setup writes a file of n rows with ids 1 to n and gives the options to import it into the collector.
func setup(t *testing.T, c *collector, n int) Options {
	t.Helper()
	c.ids = map[string]int{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	var text strings.Builder
	text.WriteString("id,what,at\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&text, "%d,open,2024-01-01T00:00:00Z\n", i)
	}
	file := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := ParseMapping("m.yaml", []byte(goodMapping+"  message_id: \"{id}\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return Options{File: file, Mapping: m, URL: server.URL + "/", Key: "secret", Batch: 7}
}
