package admission

// Reason says in one word why an event was refused. The set is closed: it is a metric label and a column.
type Reason string

// The reasons.
const (
	// ReasonNotJSON: the bytes are not one JSON value, or are not valid UTF-8.
	ReasonNotJSON Reason = "not_json"
	// ReasonTooLarge: the event is larger than MaxBytes.
	ReasonTooLarge Reason = "too_large"
	// ReasonTooDeep: objects and arrays are nested deeper than MaxDepth.
	ReasonTooDeep Reason = "too_deep"
	// ReasonTooManyKeys: the event holds more than MaxKeys object keys in all.
	ReasonTooManyKeys Reason = "too_many_keys"
	// ReasonWrongType: the field holds another JSON type than it must.
	ReasonWrongType Reason = "wrong_type"
	// ReasonMissing: the field is required and absent.
	ReasonMissing Reason = "missing"
	// ReasonUnknownField: a top-level field that the contract does not know.
	ReasonUnknownField Reason = "unknown_field"
	// ReasonDuplicateField: the field is given twice.
	ReasonDuplicateField Reason = "duplicate_field"
	// ReasonInvalidValue: the value has the right type and is still unusable.
	ReasonInvalidValue Reason = "invalid_value"
	// ReasonInvalidID: an id is too long, holds control characters, or is a placeholder such as "null".
	ReasonInvalidID Reason = "invalid_id"
	// ReasonTooLong: a text is longer than its limit.
	ReasonTooLong Reason = "too_long"
)

// Reasons lists every reason there is.
func Reasons() []Reason {
	return []Reason{
		ReasonNotJSON, ReasonTooLarge, ReasonTooDeep, ReasonTooManyKeys, ReasonWrongType, ReasonMissing,
		ReasonUnknownField, ReasonDuplicateField, ReasonInvalidValue, ReasonInvalidID, ReasonTooLong,
	}
}

// Problem tells why one event was refused.
type Problem struct {
	// Reason is one of Reasons.
	Reason Reason
	// Field is the dotted path of the JSON field at fault, such as "context.page.url"; empty when the whole event is.
	Field string
	// Detail is a sentence for a human that says what to do.
	Detail string
	// MessageID is the event's message id where it could be read; empty otherwise.
	MessageID string
}

// Error makes a Problem usable as an error.
func (p *Problem) Error() string {
	if p.Field == "" {
		return string(p.Reason) + ": " + p.Detail
	}
	return string(p.Reason) + " " + p.Field + ": " + p.Detail
}
