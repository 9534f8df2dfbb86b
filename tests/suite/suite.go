// Package suite takes a pipeline, however it runs, and gives a verdict on it: real data with known figures, shuffled and
// repeated input, touchpoints that were acknowledged one by one, and the tables of two runs compared.
package suite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// datasets is where the real data lies, beside the project; tests that need it skip where it is absent.
const datasets = "../../../shared/data"

// Sites: one a data set, and merch sites with other gaps.
const Sites = `
sites:
  - {id: main, write_keys: [local], import_keys: [local-import]}
  - {id: merch, write_keys: [merch], import_keys: [merch-import]}
  - {id: merch15, write_keys: [merch15], import_keys: [merch15-import], session_gap: 15m}
  - {id: bpic, write_keys: [bpic], import_keys: [bpic-import-key], currency: EUR}
  - {id: web, write_keys: [webtrackr], import_keys: [webtrackr-import]}
`

// Dataset is the path of a real data set; the test skips where it is absent.
func Dataset(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(datasets, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the data set %s is not beside the project", name)
	}
	return path
}

// ImportFile imports a file through the public API and checks the summary line.
func ImportFile(t testing.TB, p *harness.Pipeline, file, mapping, key, want string, flags ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args := append([]string{"import", "--mapping", filepath.Join("../mappings", mapping), "--key", key,
		"--state", filepath.Join(t.TempDir(), "progress"), file}, flags...)
	out, err := p.Command(ctx, args...)
	if err != nil || !strings.Contains(out, want) {
		t.Fatalf("import %s: %v, wanted %q in\n%s", file, err, want, out)
	}
}

// ImportUntilDone imports a file of the merchandise data again and again, as a person would, until it is through; want is in what
// the last one says.
func ImportUntilDone(ctx context.Context, t testing.TB, p *harness.Pipeline, file, want string) error {
	state := filepath.Join(t.TempDir(), "progress")
	for try := 0; ; try++ {
		out, err := p.Command(ctx, "import", "--mapping", "../mappings/google-merch-events.yaml", "--key", "merch-import",
			"--state", state, "--batch", "100", file)
		if err == nil {
			if !strings.Contains(out, want) {
				return fmt.Errorf("not all rows were accepted: %s", out)
			}
			return nil
		}
		if try > 100 || ctx.Err() != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
