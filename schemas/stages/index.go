package stages

import "strings"

// index finds the few rules that can hold for a touchpoint. Positions are those in the rule set, ascending.
type index struct {
	byEvent map[string][]int32 // folded event name -> rules that ask for it
	generic []int32            // rules that ask for no event name
	paths   pathIndex
}

func newIndex(rules []rule) index {
	x := index{byEvent: make(map[string][]int32), paths: newPathIndex(rules)}
	for i := range rules {
		if rules[i].events == nil {
			x.generic = append(x.generic, int32(i))
		}
		for _, e := range rules[i].events {
			x.byEvent[e] = append(x.byEvent[e], int32(i))
		}
	}
	return x
}

// named gives the rules that ask for the event name, in any letter case.
func (x *index) named(event string) []int32 {
	if event == "" {
		return nil
	}
	var buf [64]byte
	folded, ok := foldASCII(buf[:], event)
	if !ok {
		return x.byEvent[strings.ToLower(event)]
	}
	return x.byEvent[string(folded)]
}

// foldASCII writes text in lower case into buf; false when it is not ASCII or too long.
func foldASCII(buf []byte, text string) ([]byte, bool) {
	if len(text) > len(buf) {
		return nil, false
	}
	for i := range len(text) {
		c := text[i]
		if c >= 0x80 {
			return nil, false
		}
		buf[i] = lower(c)
	}
	return buf[:len(text)], true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// lookup walks the candidates of one touchpoint in the order of the rules.
type lookup struct {
	index   *index
	event   []int32 // what is left of the rules for the event
	generic []int32 // what is left of the rules for any event
	types   uint8
	hits    bits
	hit     bool // hits is computed
}

// next gives the position of the next candidate, -1 after the last.
func (l *lookup) next() int32 {
	var i int32
	switch {
	case len(l.event) > 0 && (len(l.generic) == 0 || l.event[0] < l.generic[0]):
		i, l.event = l.event[0], l.event[1:]
	case len(l.generic) > 0:
		i, l.generic = l.generic[0], l.generic[1:]
	default:
		i = -1
	}
	return i
}

// possible is false only when type or path exclude the rule, found without trying its globs.
func (l *lookup) possible(r *rule, path string) bool {
	if r.types != 0 && r.types&l.types == 0 {
		return false
	}
	if r.bit == unindexed {
		return true
	}
	if !l.hit {
		l.hits, l.hit = l.index.paths.hits(path), true
	}
	return l.hits.has(r.bit)
}
