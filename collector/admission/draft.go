package admission

import (
	"fmt"

	"github.com/throughline/throughline/collector/admission/scan"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// draft is one event while it is read: what goes straight into the touchpoint, and what is settled afterwards.
type draft struct {
	scan    scan.Scanner
	t       *touchpoint.Touchpoint
	problem *Problem
	// Ids that name nobody; nil is the built-in ones.
	placeholders *placeholders

	timestamp, sentAt string
	stage             string
	passive           bool
	passiveGiven      bool

	agent, ip string
	// Where the text of context.ip lies within context; 0, 0 when it is absent.
	ipStart, ipEnd int

	revenue, total answer
	survey         string
	score          answer
	shorthand      [len(surveys)]answer // the properties nps, csat and ces
}

func (d *draft) refuse(reason Reason, field, detail string) bool {
	if d.problem == nil {
		d.problem = &Problem{Reason: reason, Field: field, Detail: detail}
	}
	return false
}

func (d *draft) wrongType(field, want string, got scan.Kind) bool {
	if got == scan.Invalid {
		return d.fault()
	}
	return d.refuse(ReasonWrongType, field, fmt.Sprintf("it is %s: send %s, or leave it out", got, want))
}

// fault turns the scanner's fault into a problem of the whole event.
func (d *draft) fault() bool {
	at := d.scan.Pos()
	switch d.scan.Fault() {
	case scan.UTF8:
		return d.refuse(ReasonNotJSON, "", fmt.Sprintf("the text near byte %d is not valid UTF-8: encode the event as UTF-8", at))
	case scan.Deep:
		return d.refuse(ReasonTooDeep, "", fmt.Sprintf("objects and arrays are nested more than %d deep: flatten properties and context", MaxDepth))
	case scan.Keys:
		return d.refuse(ReasonTooManyKeys, "", fmt.Sprintf("more than %d keys in one event: send fewer properties", MaxKeys))
	}
	return d.refuse(ReasonNotJSON, "", fmt.Sprintf("it is not one JSON object; reading stopped at byte %d: check quotes, commas and brackets", at))
}

// text reads an optional string; null and "" are absent.
func (d *draft) text(field string, into *string) bool {
	switch kind := d.scan.Peek(); kind {
	case scan.String:
		text, ok := d.scan.Text()
		if !ok {
			return d.fault()
		}
		*into = text.String()
		return true
	case scan.Null:
		return d.skip()
	default:
		return d.wrongType(field, "a string", kind)
	}
}

// flag reads an optional boolean; given is false when it is null.
func (d *draft) flag(field string, into, given *bool) bool {
	switch kind := d.scan.Peek(); kind {
	case scan.Bool:
		var ok bool
		if *into, ok = d.scan.Bool(); !ok {
			return d.fault()
		}
		*given = true
		return true
	case scan.Null:
		return d.skip()
	default:
		return d.wrongType(field, "true or false", kind)
	}
}

func (d *draft) skip() bool { return d.scan.Skip() || d.fault() }
