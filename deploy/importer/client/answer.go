package client

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// RefusedError is a request that the collector refused as a whole: sending it again would not help.
type RefusedError struct {
	// Status is the HTTP status code.
	Status                int
	Reason, Field, Detail string
}

// Error says what was refused and why.
func (e *RefusedError) Error() string {
	text := fmt.Sprintf("the collector refused the request (HTTP %d", e.Status)
	if e.Reason != "" {
		text += ", " + e.Reason
	}
	if e.Field != "" {
		text += ", field " + e.Field
	}
	text += ")"
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// answerLimit bounds what is read of an answer: 500 verdicts with long details stay far below it.
const answerLimit = 8 << 20

// answer is the collector's 200. Results stay raw because they matter only when something was not accepted.
type answer struct {
	Accepted int             `json:"accepted"`
	Rejected int             `json:"rejected"`
	Retry    int             `json:"retry"`
	Results  json.RawMessage `json:"results"`
}

type result struct {
	Index     int    `json:"index"`
	MessageID string `json:"message_id"`
	Status    string `json:"status"`
	Reason    string `json:"reason"`
	Field     string `json:"field"`
	Detail    string `json:"detail"`
}

type refusal struct {
	Error struct {
		Reason string `json:"reason"`
		Field  string `json:"field"`
		Detail string `json:"detail"`
	} `json:"error"`
}

// read turns a response into verdicts of the round, or into an error that says whether to try again.
func (r *round) read(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	switch {
	case response.StatusCode == http.StatusOK:
		if err := r.fold(body); err != nil {
			return backoff.Permanent(err)
		}
		if len(r.pending) == 0 {
			return nil
		}
		return later(response.Header, fmt.Errorf("%d events have to be sent again", len(r.pending)))
	case retryable(response.StatusCode):
		return later(response.Header, fmt.Errorf("HTTP %d", response.StatusCode))
	}
	refused := &RefusedError{Status: response.StatusCode}
	var told refusal
	if json.Unmarshal(body, &told) == nil {
		refused.Reason, refused.Field, refused.Detail = told.Error.Reason, told.Error.Field, told.Error.Detail
	}
	return backoff.Permanent(refused)
}

func retryable(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500
}

// later gives back cause, or the pause that Retry-After names (seconds or a date, at most a minute).
func later(header http.Header, cause error) error {
	value := header.Get("Retry-After")
	if value == "" {
		return cause
	}
	var pause time.Duration
	if seconds, err := strconv.Atoi(value); err == nil {
		pause = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		pause = time.Until(date)
	} else {
		return cause
	}
	if pause <= 0 {
		return cause
	}
	// Spread, so that all who were told the same second do not come back at once.
	pause = min(pause, time.Minute)
	return &backoff.RetryAfterError{Duration: pause + rand.N(pause/4)}
}

// fold takes the verdicts of one answer into the outcome and leaves the events to be sent again pending.
func (r *round) fold(body []byte) error {
	var told answer
	if err := json.Unmarshal(body, &told); err != nil {
		return fmt.Errorf("the answer is not the collector's: %w", err)
	}
	if told.Accepted+told.Rejected+told.Retry != len(r.pending) {
		return fmt.Errorf("the answer gives %d accepted, %d rejected, %d retry for %d events",
			told.Accepted, told.Rejected, told.Retry, len(r.pending))
	}
	r.outcome.Accepted += told.Accepted
	if told.Accepted == len(r.pending) {
		r.pending = nil
		return nil
	}
	var results []result
	if err := json.Unmarshal(told.Results, &results); err != nil {
		return fmt.Errorf("the answer's results: %w", err)
	}
	return r.sortOut(results)
}

func (r *round) sortOut(results []result) error {
	var again []int
	seen := make([]bool, len(r.pending))
	for _, one := range results {
		if one.Index < 0 || one.Index >= len(r.pending) || seen[one.Index] {
			return fmt.Errorf("the answer has a second or unknown index %d for %d events", one.Index, len(r.pending))
		}
		seen[one.Index] = true
		index := r.pending[one.Index]
		switch one.Status {
		case "accepted":
		case "retry":
			again = append(again, index)
		case "rejected":
			r.outcome.Rejected = append(r.outcome.Rejected, Rejected{
				Index: index, MessageID: one.MessageID, Reason: one.Reason, Field: one.Field, Detail: one.Detail})
		default:
			return fmt.Errorf("the answer has the unknown status %q for event %d", one.Status, one.Index)
		}
	}
	if len(results) != len(r.pending) {
		return fmt.Errorf("the answer has %d results for %d events", len(results), len(r.pending))
	}
	r.pending = again
	return nil
}
