package production

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/tests/harness"
)

// TestMain runs the tests, or the engine where a test has started this binary as its child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == harness.EngineArgument {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(run(m))
}

// sharedDir is the folder of the engine that tests share.
var sharedDir string

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "production")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	sharedDir = dir
	defer stopShared()
	return m.Run()
}
