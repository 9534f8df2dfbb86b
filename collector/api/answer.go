package api

import (
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/throughline/throughline/collector/delivery"
)

// Shared header values: nobody may change them.
var (
	jsonType = []string{"application/json"}
	noSniff  = []string{"nosniff"}
)

func seconds(d time.Duration) []string { return []string{strconv.Itoa(int(d / time.Second))} }

// smallAnswer is below the size up to which the server itself adds Content-Length.
const smallAnswer = 2000

// reply writes a JSON body and gives the status back.
func (h *Handler) reply(w http.ResponseWriter, status int, body []byte) int {
	header := w.Header()
	header["Content-Type"] = jsonType
	header["X-Content-Type-Options"] = noSniff
	if len(body) > smallAnswer {
		header["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	h.wrote(w.Write(body))
	return status
}

// refuse answers a whole request that was refused.
func (h *Handler) refuse(w http.ResponseWriter, r *refusal) int {
	id := h.failed(w, r.status, r.reason, r.cause)
	if r.retryAfter > 0 {
		w.Header()["Retry-After"] = []string{strconv.Itoa(r.retryAfter)}
	}
	b := append(make([]byte, 0, 256), `{"error":{"reason":`...)
	b = appendString(b, r.reason)
	if r.field != "" {
		b = appendString(append(b, `,"field":`...), r.field)
	}
	b = appendString(append(b, `,"detail":`...), r.detail)
	b = appendString(append(b, `,"request_id":`...), id)
	return h.reply(w, r.status, append(b, "}}\n"...))
}

// answer writes the verdicts. 429 or 503 says that not one event could be stored.
func (h *Handler) answer(w http.ResponseWriter, work *work, o *outcome) int {
	status := http.StatusOK
	if o.retries > 0 {
		w.Header()["Retry-After"] = h.retry
		if o.retries == len(work.results) {
			err, reason := errors.Join(o.accepted, o.rejected), reasonUnavailable
			status = http.StatusServiceUnavailable
			if errors.Is(err, delivery.ErrOverloaded) {
				status, reason = http.StatusTooManyRequests, reasonOverloaded
			}
			h.failed(w, status, reason, err)
		}
	}
	work.out = work.appendAnswer(work.out, o)
	return h.reply(w, status, work.out)
}

func (w *work) appendAnswer(b []byte, o *outcome) []byte {
	b = append(b, `{"accepted":`...)
	b = strconv.AppendInt(b, int64(o.accepts), 10)
	b = append(b, `,"rejected":`...)
	b = strconv.AppendInt(b, int64(o.rejects), 10)
	b = append(b, `,"retry":`...)
	b = strconv.AppendInt(b, int64(o.retries), 10)
	b = append(b, `,"results":[`...)
	for i := range w.results {
		if i > 0 {
			b = append(b, ',')
		}
		b = w.results[i].append(b, i, o)
	}
	return append(b, "]}\n"...)
}

// append writes one verdict. What was wrong with an event is told even when it could not be stored.
func (r *result) append(b []byte, index int, o *outcome) []byte {
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, int64(index), 10)
	if r.messageID != "" {
		b = appendString(append(b, `,"message_id":`...), r.messageID)
	}
	b = append(b, `,"status":"`...)
	b = append(append(b, r.verdict(o)...), '"')
	if p := r.problem; p != nil {
		b = appendString(append(b, `,"reason":`...), string(p.Reason))
		if p.Field != "" {
			b = appendString(append(b, `,"field":`...), p.Field)
		}
		b = appendString(append(b, `,"detail":`...), p.Detail)
	}
	return append(b, '}')
}

func (r *result) verdict(o *outcome) string {
	switch {
	case r.problem == nil && o.accepted == nil:
		return verdictAccepted
	case r.problem != nil && o.rejected == nil:
		return verdictRejected
	}
	return verdictRetry
}

const hexDigits = "0123456789abcdef"

// appendString appends a JSON string; bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if c >= utf8.RuneSelf && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		b = append(b, s[from:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, "\uFFFD"...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i += size
		from = i
	}
	return append(append(b, s[from:]...), '"')
}
