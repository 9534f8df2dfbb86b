package stages

import (
	_ "embed"
	"fmt"
	"sync"
)

//go:embed builtin.yaml
var builtin []byte

// Builtin gives the rules for the event names of Segment's specs and Google Analytics 4, for common page categories, and
// for e-mail, ads, support, surveys, referrals and stores.
func Builtin() *Rules { return loadBuiltin() }

var loadBuiltin = sync.OnceValue(func() *Rules {
	r, _, err := parse(builtin)
	if err != nil {
		panic(fmt.Sprintf("built-in stage rules: %v", err)) // the file is part of the program
	}
	r.index = newIndex(r.rules)
	return r
})

// BuiltinFile gives the text of the built-in rules file, a copy.
func BuiltinFile() []byte { return append([]byte(nil), builtin...) }
