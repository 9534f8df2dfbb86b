package api

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// batch is a request's body split into events; each keeps its original bytes.
type batch struct {
	events [][]byte
	// sentAt is the batch's own sent_at; zero when absent.
	sentAt time.Time
	// single says that the body is one event, not a list.
	single bool
	max    int
}

var (
	byteOrderMark = []byte("\xef\xbb\xbf")
	// Without its first quote: quotes are what JSON has most of, and searching stops at each.
	batchKey   = []byte(`batch"`)
	lineObject = []byte("\n{")
)

// split fills the batch from a body. lines says that the media type names one event a line.
func (s *batch) split(body []byte, lines bool, maxEvents int) *refusal {
	s.events, s.sentAt, s.single, s.max = s.events[:0], time.Time{}, false, maxEvents
	body = bytes.TrimPrefix(body, byteOrderMark)
	from := skipSpace(body, 0)
	switch {
	case from == len(body):
		return &refusal{status: http.StatusBadRequest, reason: reasonEmpty, detail: "the body is empty: send an event as a JSON object"}
	case lines:
		return s.lines(body)
	case body[from] == '[':
		return s.whole(body, from)
	case body[from] == '{':
		return s.object(body, from)
	case bytes.Contains(body, lineObject):
		return s.lines(body)
	}
	return notJSON("the body must be a JSON object, an array of objects, or one object a line")
}

// add takes one event.
func (s *batch) add(event []byte) *refusal {
	if len(s.events) == s.max {
		return &refusal{status: http.StatusRequestEntityTooLarge, reason: reasonTooMany,
			detail: fmt.Sprintf("a request may hold at most %d events: split it", s.max)}
	}
	s.events = append(s.events, event)
	return nil
}

// lines takes one event a line; what is wrong with one line stays within it.
func (s *batch) lines(body []byte) *refusal {
	for len(body) > 0 {
		line := body
		if end := bytes.IndexByte(body, '\n'); end >= 0 {
			line, body = body[:end], body[end+1:]
		} else {
			body = nil
		}
		if line = trim(line); len(line) == 0 {
			continue
		}
		if r := s.add(line); r != nil {
			return r
		}
	}
	return nil
}

func trim(b []byte) []byte {
	b = b[skipSpace(b, 0):]
	for n := len(b); n > 0; n-- {
		if c := b[n-1]; c != ' ' && c != '\r' && c != '\t' && c != '\n' {
			return b[:n]
		}
	}
	return b[:0]
}

// whole takes a body that is one array.
func (s *batch) whole(body []byte, from int) *refusal {
	end, r := s.array(body, from)
	if r == nil && skipSpace(body, end) != len(body) {
		return notJSON("something follows the array of events")
	}
	return r
}

// array takes the events of the array that begins at i and gives the index after it.
func (s *batch) array(b []byte, i int) (int, *refusal) {
	broken := func(at int) (int, *refusal) {
		return 0, notJSON(fmt.Sprintf("the array of events is broken after %d of them, near byte %d: nothing of it was taken", len(s.events), at))
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		end := skipValue(b, i)
		if end < 0 {
			return broken(i)
		}
		if r := s.add(b[i:end:end]); r != nil {
			return 0, r
		}
		if i = skipSpace(b, end); i >= len(b) {
			return broken(i)
		}
		switch b[i] {
		case ',':
			i = skipSpace(b, i+1)
		case ']':
			return i + 1, nil
		default:
			return broken(i)
		}
	}
}

// object takes a body that begins with an object: one event, a batch, or the first of several lines.
func (s *batch) object(body []byte, from int) *refusal {
	event := trim(body[from:])
	// In one line it is one object: should something follow it, admission refuses the whole.
	if bytes.IndexByte(event, '\n') >= 0 {
		end := skipValue(event, 0)
		switch {
		case end < 0 && bytes.Contains(event, lineObject), end > 0 && end < len(event) && oneLine(event, end):
			return s.lines(event)
		case end > 0 && end < len(event):
			return notJSON("something follows the event: send several as an array or one a line")
		}
	}
	if bytes.Contains(event, batchKey) {
		found, r := s.envelope(event)
		if found || r != nil {
			return r
		}
		s.events = s.events[:0]
	}
	s.single = true
	return s.add(event)
}

// oneLine says that the first end bytes lie in one line, and nothing else does.
func oneLine(b []byte, end int) bool {
	first := bytes.IndexByte(b, '\n')
	return first >= end && skipSpace(b, end) > first
}

// envelope reads {"batch": […], "sent_at": …}; found is false when the object has no batch at its own level.
func (s *batch) envelope(b []byte) (found bool, r *refusal) {
	unknown := ""
	for i := skipSpace(b, 1); i < len(b) && b[i] == '"'; {
		key, at := member(b, i)
		if at < 0 {
			break
		}
		switch {
		case key == "batch" && found:
			return true, badEnvelope(reasonDuplicate, "batch", "batch is given twice")
		case key == "batch" && b[at] != '[':
			return true, badEnvelope(reasonWrongType, "batch", "batch must be an array of events")
		case key == "batch":
			found = true
			var broken *refusal
			if i, broken = s.array(b, at); broken != nil {
				return true, broken
			}
		default:
			if i = skipValue(b, at); i < 0 {
				return found, brokenEnvelope(found)
			}
			if key != "sent_at" {
				unknown = key
			} else if r == nil {
				r = s.readSentAt(b[at:i])
			}
		}
		if i = skipSpace(b, i); i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
			continue
		}
		if i != len(b)-1 || b[i] != '}' {
			break
		}
		return s.sealed(found, unknown, r)
	}
	return found, brokenEnvelope(found)
}

// sealed ends a well-formed object.
func (s *batch) sealed(found bool, unknown string, r *refusal) (bool, *refusal) {
	if !found {
		s.sentAt = time.Time{}
		return false, nil
	}
	if r == nil && unknown != "" {
		r = badEnvelope(reasonUnknown, unknown, "a batch has the fields batch and sent_at only")
	}
	return true, r
}

// brokenEnvelope leaves objects without a batch to admission, which says more.
func brokenEnvelope(found bool) *refusal {
	if !found {
		return nil
	}
	return notJSON("the object round the batch is broken: nothing of it was taken")
}

// member gives the key that begins at i and the index of its value, -1 when broken.
func member(b []byte, i int) (key string, at int) {
	end := skipString(b, i+1)
	if end < 0 {
		return "", -1
	}
	at = skipSpace(b, end)
	if at >= len(b) || b[at] != ':' {
		return "", -1
	}
	if at = skipSpace(b, at+1); at >= len(b) {
		return "", -1
	}
	return strings.ToValidUTF8(string(b[i+1:end-1]), "\uFFFD"), at
}

func (s *batch) readSentAt(value []byte) *refusal {
	const detail = `sent_at must be a string with an RFC 3339 time such as "2026-03-01T12:00:00.000Z"`
	if value[0] != '"' {
		return badEnvelope(reasonWrongType, "sent_at", detail)
	}
	at, err := time.Parse(time.RFC3339, string(value[1:len(value)-1]))
	if err != nil {
		return badEnvelope(reasonInvalid, "sent_at", detail)
	}
	s.sentAt = at
	return nil
}
