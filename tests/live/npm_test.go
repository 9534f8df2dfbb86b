package live

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// modules puts node_modules into dir, as the package-lock.json in from has it. They are installed once into the user's cache.
func modules(t *testing.T, from, dir string) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			skipOrFail(t, err)
		}
	}
	lock, err := os.ReadFile(filepath.Join(from, "package-lock.json"))
	must(t, err)
	sum := sha256.Sum256(lock)
	cache, err := os.UserCacheDir()
	if err != nil {
		skipOrFail(t, err)
	}
	home := filepath.Join(cache, "throughline", "clients", "npm-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(filepath.Join(home, "complete")); err != nil {
		install(t, from, home)
	}
	must(t, os.Symlink(filepath.Join(home, "node_modules"), filepath.Join(dir, "node_modules")))
}

// install runs npm ci in a folder beside and moves it into place, as other tests may do the same.
func install(t *testing.T, from, home string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(home), 0o755))
	work, err := os.MkdirTemp(filepath.Dir(home), "installing-")
	must(t, err)
	defer os.RemoveAll(work)
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(work, name), text, 0o600))
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir = work
	if out, err := npm.CombinedOutput(); err != nil {
		skipOrFail(t, "npm ci:", err, string(out))
	}
	must(t, os.WriteFile(filepath.Join(work, "complete"), nil, 0o600))
	if err := os.Rename(work, home); err != nil {
		if _, there := os.Stat(filepath.Join(home, "complete")); there != nil {
			t.Fatal(err)
		}
	}
}
