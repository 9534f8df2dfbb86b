package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
)

// firstRead bounds what is set aside for a body before any of it has come: a claimed length costs the client nothing.
const firstRead = 64 << 10

// readBody appends the request's body to into, at most limit bytes as sent.
func readBody(w http.ResponseWriter, r *http.Request, limit int, into []byte) ([]byte, *refusal) {
	large := fmt.Sprintf
	switch length := r.ContentLength; {
	case length > int64(limit):
		return into, tooLarge(large("the body is larger than %d bytes: split it", limit))
	case length >= 0:
		// The server itself ends the body at its length.
		if want := int(min(length, firstRead)) + 1; cap(into) < want {
			into = make([]byte, 0, want)
		}
	default:
		r.Body = http.MaxBytesReader(w, r.Body, int64(limit))
	}
	into, err := appendAll(into, r.Body, limit)
	if err == nil {
		return into, nil
	}
	var exceeded *http.MaxBytesError
	if errors.As(err, &exceeded) || errors.Is(err, errTooLarge) {
		return into, tooLarge(large("the body is larger than %d bytes: split it", limit))
	}
	return into, unread(err)
}

// unread words an error of reading the body; the server closes the connection by itself.
func unread(err error) *refusal {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return &refusal{status: http.StatusRequestTimeout, reason: reasonSlow, detail: "the body came too slowly"}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return &refusal{status: http.StatusBadRequest, reason: reasonTruncated, detail: "the body ends before its length"}
	}
	return &refusal{status: http.StatusBadRequest, reason: reasonTruncated, detail: "the body could not be read"}
}

// mediaType says whether the body holds one event a line, or refuses the type. text/plain is JSON: sendBeacon sends it
// so that browsers need no preflight; and so is a form, for that is what curl -d calls whatever it sends.
func mediaType(header string) (lines bool, r *refusal) {
	switch header {
	case "application/json", "text/plain;charset=UTF-8", "text/plain", "":
		return false, nil
	}
	name, _, err := mime.ParseMediaType(header)
	if err != nil {
		name, _, _ = strings.Cut(header, ";")
	}
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "application/json", "text/plain", "text/json", "application/x-www-form-urlencoded":
		return false, nil
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
		return true, nil
	}
	return false, &refusal{status: http.StatusUnsupportedMediaType, reason: reasonMediaType,
		detail: "this Content-Type is not known: use application/json, application/x-ndjson or text/plain"}
}

// identity says that the body is not compressed.
func identity(encoding string) bool { return encoding == "" || encoding == "identity" }
