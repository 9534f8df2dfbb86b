package doctor

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Environment is what the configuration is read from.
type Environment struct {
	// Prefix of every variable, with its underscore.
	Prefix string
	// Known lists the names that are read.
	Known []string
	// Set is the environment as NAME=VALUE.
	Set []string
	// Problems are values that do not parse or cannot be used.
	Problems []error
}

// Check finds values that cannot be used and names that nobody reads.
func (e Environment) Check(name string) Check {
	return Check{Name: name, Run: func(context.Context) Finding { return e.look() }}
}

func (e Environment) look() Finding {
	var p problems
	for _, err := range e.Problems {
		p.fail(err.Error(), "set it to a value as in .env.example, or unset it for the default")
	}
	set := 0
	names := e.names()
	for _, name := range names {
		switch known := slices.Contains(e.Known, name); {
		case known:
			set++
		case strings.HasPrefix(name, e.Prefix) && !injected.MatchString(strings.TrimPrefix(name, e.Prefix)):
			e.unknown(&p, name)
		}
	}
	return p.or(good("%d variables, %d set, the others at their defaults", len(e.Known), set))
}

// injected are variables that Kubernetes gives each pod for a service whose name begins like ours.
var injected = regexp.MustCompile(`^(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?)$`)

func (e Environment) names() []string {
	var names []string
	for _, pair := range e.Set {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (e Environment) unknown(p *problems, name string) {
	if near := nearest(name, e.Known); near != "" {
		p.warn(name+" is not a variable of ours", fmt.Sprintf("rename %s to %s, if that is what was meant", name, near))
		return
	}
	p.warn(name+" is not a variable of ours", fmt.Sprintf("unset %s, or look for its right name in .env.example", name))
}

// nearest is the known name that is fewest edits away, "" when none is near.
func nearest(name string, known []string) string {
	best, least := "", len(name)/4+1
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts insertions, deletions and replacements between two ASCII names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
