package live

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const page = "../../dashboards/live"

// TestBundleIsCurrent builds the page from its sources and its lock file in another folder, and compares it byte for byte with the bundle
// that is committed.
func TestBundleIsCurrent(t *testing.T) {
	dir := t.TempDir()
	modules(t, filepath.Join(page, "web"), dir)
	must(t, os.CopyFS(filepath.Join(dir, "src"), os.DirFS(filepath.Join(page, "web", "src"))))
	for _, name := range []string{"build.mjs", "package.json", "tsconfig.json"} {
		text, err := os.ReadFile(filepath.Join(page, "web", name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	for _, command := range [][]string{{"npm", "run", "--silent", "check"}, {"node", "build.mjs", filepath.Join(dir, "dist")}} {
		run := exec.CommandContext(t.Context(), command[0], command[1:]...)
		run.Dir = dir
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	built, committed := files(t, filepath.Join(dir, "dist")), files(t, filepath.Join(page, "dist"))
	for name := range committed {
		if built[name] == nil {
			t.Errorf("%s is not built from the sources", name)
		}
	}
	for name, text := range built {
		if !bytes.Equal(text, committed[name]) {
			t.Errorf("dist/%s is not current: run npm ci && npm run build in dashboards/live/web and commit", name)
		}
	}
}

func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	all := map[string][]byte{}
	for _, entry := range entries {
		all[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name()))
		must(t, err)
	}
	return all
}
