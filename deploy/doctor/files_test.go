package doctor

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSitesAndRules(t *testing.T) {
	rules := func(file string) (*stages.Rules, error) {
		if file == "" {
			return stages.Builtin(), nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		return stages.Load(text)
	}
	const site = "sites:\n  - id: shop\n    write_keys: [shop-key]\n"
	for name, c := range map[string]struct {
		text                string
		sites, rules        Verdict
		siteText, rulesText string
	}{
		"good":          {site, OK, OK, "1 site", "1 site with the built-in rules"},
		"unknown field": {site + "    write_kees: [x]\n", Fail, Skipped, "write_kees", "see sites"},
		"no rules file": {site + "    rules: nowhere.yaml\n", OK, Fail, "", "nowhere.yaml"},
		"bad rules":     {site + "    rules: sites.yaml\n", OK, Fail, "", "throughline stages check"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "sites.yaml", c.text)
			load := func() (*sites.Sites, error) { return sites.LoadFile(path) }
			checks := []Check{Sites("sites", path, load), Rules("stage-rules", "sites", load, rules)}
			expect(t, run(t, checks, "sites"), c.sites, c.siteText)
			expect(t, run(t, checks, "stage-rules"), c.rules, c.rulesText)
		})
	}
	none := func() (*sites.Sites, error) { return sites.Default(), nil }
	expect(t, Sites("sites", "", none).Run(t.Context()), OK, "no file")
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	file := write(t, "file", "in the way")
	for name, c := range map[string]struct {
		path    string
		want    uint64
		verdict Verdict
		text    string
	}{
		"good":             {dir, 1, OK, "free"},
		"not there yet":    {filepath.Join(dir, "a", "b"), 1, OK, "not there yet"},
		"a file":           {file, 1, Fail, "is a file, not a folder"},
		"below a file":     {filepath.Join(file, "x"), 1, Fail, "not a directory"},
		"not writable":     {"/proc/throughline", 1, Fail, "cannot be written to"},
		"too little space": {dir, math.MaxUint64, Warn, "free space"},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, Folder("data", c.path, c.want).Run(t.Context()), c.verdict, c.text)
		})
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestLibrary(t *testing.T) {
	find := func(path string, err error) Check {
		return Library("engine", func() (string, error) { return path, err })
	}
	expect(t, find("/x/libchdb.so", nil).Run(t.Context()), OK, "/x/libchdb.so")
	expect(t, find("", libchdb.ErrNotFound).Run(t.Context()), Warn, "throughline libchdb")
	expect(t, find("", errors.New("LIBCHDB: gone")).Run(t.Context()), Warn, "gone")
}
