package stages

import (
	"slices"
	"strings"
)

// rule is a compiled rule: every condition that it has must hold.
type rule struct {
	id         string
	stage      Stage
	events     []string // folded
	types      uint8    // mask of typeNames, 0 when the rule does not look at the type
	channels   []string
	paths      []glob
	properties []property
	bit        int // in the path index, unindexed when the paths have to be tried
}

// condition names one of a rule's conditions.
type condition string

const (
	conditionNone     condition = ""
	conditionEvent    condition = "event"
	conditionType     condition = "type"
	conditionChannel  condition = "channel"
	conditionPath     condition = "path"
	conditionProperty condition = "property"
)

var typeNames = []string{"track", "page", "screen", "identify", "group", "alias"}

// typeMask is the bit of a type, 0 for an unknown one.
func typeMask(name string) uint8 {
	for i, known := range typeNames {
		if name == known {
			return 1 << i
		}
	}
	return 0
}

// failing gives the first condition, the event apart, that does not hold.
func (r *rule) failing(in *Input, types uint8) condition {
	switch {
	case r.types != 0 && r.types&types == 0:
		return conditionType
	case r.channels != nil && !containsFold(r.channels, in.Channel):
		return conditionChannel
	case r.paths != nil && !r.pathHolds(in.Path):
		return conditionPath
	}
	for i := range r.properties {
		if !r.properties[i].holds(in.Properties) {
			return conditionProperty
		}
	}
	return conditionNone
}

// eventHolds takes a folded name.
func (r *rule) eventHolds(folded string) bool {
	return r.events == nil || slices.Contains(r.events, folded)
}

func (r *rule) pathHolds(path string) bool {
	for _, g := range r.paths {
		if g.match(path) {
			return true
		}
	}
	return false
}

func containsFold(list []string, word string) bool {
	for _, w := range list {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
