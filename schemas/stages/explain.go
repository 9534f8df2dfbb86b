package stages

import (
	"fmt"
	"strconv"
	"strings"
)

// Step is what happened to one rule.
type Step struct {
	Rule    string
	Stage   Stage
	Matched bool
	// Condition is the first one that failed: event, type, channel, path or property; empty when the rule matched.
	Condition string
	// Reason says in words why the condition failed, or that the rule matched.
	Reason string
}

// Explain gives a step for each rule up to the one that matches, in order; the last one has Matched set if any has.
func (r *Rules) Explain(in Input) []Step {
	var steps []Step
	folded, types := strings.ToLower(in.Event), typeMask(in.Type)
	for i := range r.rules {
		rule := &r.rules[i]
		failed := conditionEvent
		if rule.eventHolds(folded) {
			failed = rule.failing(&in, types)
		}
		matched := failed == conditionNone
		steps = append(steps, Step{rule.id, rule.stage, matched, string(failed), rule.reason(failed, &in)})
		if matched {
			break
		}
	}
	return steps
}

func (r *rule) reason(failed condition, in *Input) string {
	switch failed {
	case conditionEvent:
		return unlike("the event", in.Event, r.events)
	case conditionType:
		return unlike("the type", in.Type, r.typeWords())
	case conditionChannel:
		return unlike("the channel", in.Channel, r.channels)
	case conditionPath:
		return unlike("the path", in.Path, r.pathWords())
	case conditionProperty:
		return r.propertyReason(in)
	}
	return "all its conditions hold"
}

// unlike words a value that is none of those wanted.
func unlike(what, got string, wanted []string) string {
	if got == "" {
		return fmt.Sprintf("%s is missing; wanted %s", what, anyOf(wanted))
	}
	return fmt.Sprintf("%s is %q; wanted %s", what, got, anyOf(wanted))
}

// anyOf lists at most four words.
func anyOf(words []string) string {
	most := 4
	if len(words) == most+1 {
		most++ // "one of 1 others" helps nobody
	}
	quoted := make([]string, 0, most)
	for _, w := range words[:min(most, len(words))] {
		quoted = append(quoted, strconv.Quote(w))
	}
	list := strings.Join(quoted, " or ")
	if len(words) > most {
		return fmt.Sprintf("%s or one of %d others", list, len(words)-most)
	}
	return list
}

func (r *rule) typeWords() []string {
	var words []string
	for i, name := range typeNames {
		if r.types&(1<<i) != 0 {
			words = append(words, name)
		}
	}
	return words
}

func (r *rule) pathWords() []string {
	words := make([]string, len(r.paths))
	for i, g := range r.paths {
		words[i] = g.String()
	}
	return words
}

// String gives the pattern as the matcher sees it.
func (g glob) String() string {
	var b strings.Builder
	for _, s := range g.segments {
		b.WriteString("/" + s.text)
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

func (r *rule) propertyReason(in *Input) string {
	for _, p := range r.properties {
		if p.holds(in.Properties) {
			continue
		}
		words := make([]string, len(p.values))
		for i, v := range p.values {
			words[i] = v.text
		}
		got := ""
		if len(in.Properties) > 0 {
			got = p.get(in.Properties).String()
		}
		return unlike("the property "+strconv.Quote(p.name), got, words)
	}
	return ""
}
