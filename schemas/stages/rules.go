package stages

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"time"
)

// Input is what rules look at in a touchpoint.
type Input struct {
	Event   string // name, letter case does not count
	Type    string // track, page, screen, identify, group or alias
	Channel string
	Path    string // of the page's URL, empty when there is no page; a query or fragment is not looked at
	// Properties is a valid JSON object or nil.
	Properties []byte
}

// Rules is an ordered rule set. It is immutable and safe for concurrent use.
type Rules struct {
	version string
	date    time.Time
	digest  [sha256.Size]byte
	rules   []rule
	index   index
}

// Version names the rule set; a set that extends the built-in one has both versions, as "7+builtin-1".
func (r *Rules) Version() string { return r.version }

// Date is when the rule set was last changed, the later one of a set and what it extends. Rows that a change of rules
// rewrites carry it as their version.
func (r *Rules) Date() time.Time { return r.date }

// Digest tells rule sets apart whose version was left as it was: a hash of their text, and of that of what they extend.
func (r *Rules) Digest() string { return hex.EncodeToString(r.digest[:16]) }

// Len is the number of rules.
func (r *Rules) Len() int { return len(r.rules) }

// All gives id and stage of the rules, in the order they are tried.
func (r *Rules) All() iter.Seq2[string, Stage] {
	return func(yield func(string, Stage) bool) {
		for i := range r.rules {
			if !yield(r.rules[i].id, r.rules[i].stage) {
				return
			}
		}
	}
}

// Match gives stage and id of the first rule that holds, None and "" when none does. A rule may say that a touchpoint
// has no stage: then it gives None and the rule's id.
func (r *Rules) Match(in Input) (stage Stage, ruleID string) {
	l := lookup{index: &r.index, event: r.index.named(in.Event), generic: r.index.generic, types: typeMask(in.Type)}
	for i := l.next(); i >= 0; i = l.next() {
		rule := &r.rules[i]
		if l.possible(rule, in.Path) && rule.failing(&in, l.types) == conditionNone {
			return rule.stage, rule.id
		}
	}
	return None, ""
}
