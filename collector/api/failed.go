package api

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
)

// NewRequestID makes the id that an answer other than success carries and that the log names.
func NewRequestID() string {
	var b [8]byte
	n := rand.Uint64()
	for i := range b {
		b[i] = byte(n >> (8 * i))
	}
	return hex.EncodeToString(b[:])
}

// RequestIDHeader is the canonical name of the header with a request's id. Only answers other than success have it: a
// request that went well costs nothing, and nothing of a request comes back in a header.
const RequestIDHeader = "X-Request-Id"

// failed counts a request of which nothing was taken, gives its answer an id, and tells the operator where there is a
// cause to look into.
func (h *Handler) failed(w http.ResponseWriter, status int, reason string, cause error) (id string) {
	id = NewRequestID()
	w.Header()[RequestIDHeader] = []string{id}
	if c := h.metrics.refused[reason]; c != nil {
		c.Inc()
	}
	log := h.log.Debug
	if cause != nil {
		log = h.log.Warn
	}
	log("request refused", "request_id", id, "status", status, "reason", reason, "error", cause)
	return id
}
