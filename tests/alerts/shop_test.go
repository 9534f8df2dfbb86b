package alerts

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// shop sends touchpoints without a break, whatever the answers are.
type shop struct {
	url    string
	number atomic.Int64
	fast   atomic.Bool
}

func startShop(t *testing.T, collector string) *shop {
	t.Helper()
	s := &shop{url: "http://" + collector + "/v1/touchpoints"}
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	client := &http.Client{Timeout: 10 * time.Second}
	for range 8 {
		go func() {
			for {
				s.send(client)
				pause := 200 * time.Millisecond
				if s.fast.Load() {
					pause = 20 * time.Millisecond
				}
				select {
				case <-done:
					return
				case <-time.After(pause):
				}
			}
		}()
	}
	return s
}

// hurry sends ten times as much.
func (s *shop) hurry() { s.fast.Store(true) }

// send posts two touchpoints of one of a hundred visitors.
func (s *shop) send(client *http.Client) {
	n := s.number.Add(1)
	body := fmt.Sprintf(`[{"event":"Product Viewed","anonymous_id":"v%d","properties":{"note":%q}},{"event":"Product Added","anonymous_id":"v%d"}]`,
		n%100, strings.Repeat("x", 400), n%100)
	r, err := http.NewRequest(http.MethodPost, s.url, strings.NewReader(body))
	if err != nil {
		panic(err) // of constant parts
	}
	r.Header.Set("Authorization", "Bearer local")
	resp, err := client.Do(r)
	if err != nil {
		return // the collector is gone, as it should be
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
}
