package api

import "net/http"

// Reasons of a whole request's refusal, next to those of admission.
const (
	reasonKey         = "unknown_key"
	reasonOrigin      = "origin"
	reasonMethod      = "method"
	reasonNoRoute     = "no_such_route"
	reasonMediaType   = "media_type"
	reasonEncoding    = "encoding"
	reasonTooLarge    = "too_large"
	reasonTooMany     = "too_many_events"
	reasonTruncated   = "truncated"
	reasonSlow        = "timeout"
	reasonEmpty       = "empty"
	reasonNotJSON     = "not_json"
	reasonWrongType   = "wrong_type"
	reasonUnknown     = "unknown_field"
	reasonDuplicate   = "duplicate_field"
	reasonInvalid     = "invalid_value"
	reasonRateLimited = "rate_limited"
	reasonOverloaded  = "overloaded"
	reasonUnavailable = "unavailable"
	reasonInternal    = "internal"
)

// reasons lists those above, as labels.
var reasons = []string{
	reasonKey, reasonOrigin, reasonMethod, reasonNoRoute, reasonMediaType, reasonEncoding, reasonTooLarge, reasonTooMany,
	reasonTruncated, reasonSlow, reasonEmpty, reasonNotJSON, reasonWrongType, reasonUnknown, reasonDuplicate, reasonInvalid,
	reasonRateLimited, reasonOverloaded, reasonUnavailable, reasonInternal,
}

// Limits, as labels.
const (
	limitClient   = "client"
	limitSite     = "site"
	limitInFlight = "in_flight"
)

// refusal is the refusal of a whole request: nothing of it was accepted.
type refusal struct {
	status                int
	reason, field, detail string
	// retryAfter in seconds; 0 leaves the header out.
	retryAfter int
	// keep says that the body goes to the dead letter.
	keep bool
	// cause is what an operator should hear of; nil where the client alone is at fault.
	cause error
}

// Error makes a refusal usable as an error.
func (r *refusal) Error() string { return r.reason + ": " + r.detail }

func notJSON(detail string) *refusal {
	return &refusal{status: http.StatusBadRequest, reason: reasonNotJSON, detail: detail, keep: true}
}

func badEnvelope(reason, field, detail string) *refusal {
	return &refusal{status: http.StatusBadRequest, reason: reason, field: field, detail: detail, keep: true}
}

func tooLarge(detail string) *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, reason: reasonTooLarge, detail: detail}
}
