//go:build !unix

package doctor

import "context"

// OpenFiles has nothing to check here: open files are not limited.
func OpenFiles(name string, _ int) Check {
	return Check{Name: name, Run: func(context.Context) Finding { return skip("not limited on this system") }}
}
