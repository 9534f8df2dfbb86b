package cli

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/kelseyhightower/envconfig"
)

const (
	exampleFile = "../../.env.example"
	exampleHead = `# Every variable that Throughline reads, with its default. Copy this file to .env, take the # away from what you change,
# and hand it to the process: 'set -a; . ./.env', systemd's EnvironmentFile=, docker's --env-file.
# Durations are written 500ms, 10s or 1h30m, lists with commas.
# 'throughline doctor' finds misspelt names and values that do not parse.
#
# Beside these there is LIBCHDB: the path of the ClickHouse engine's library for 'up', where it is not to be fetched.
`
)

var update = flag.Bool("update", false, "rewrite .env.example")

// example gives the file as it has to be.
func example(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	out.WriteString(exampleHead)
	seen := map[string]variable{}
	for _, s := range sections() {
		fmt.Fprintf(&out, "\n# ---- %s ----\n", s.title)
		for _, v := range known(t, s.config) {
			if before, ok := seen[v.Name]; ok {
				if before != v {
					t.Errorf("%s is described differently in two places: %+v and %+v", v.Name, before, v)
				}
				continue
			}
			seen[v.Name] = v
			fmt.Fprintf(&out, "\n# %s\n#%s=%s\n", v.Description, v.Name, v.Default)
		}
	}
	return out.String()
}

func known(t *testing.T, config any) []variable {
	t.Helper()
	all, err := variablesOf(config)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEnvExample(t *testing.T) {
	want := example(t)
	if *update {
		if err := os.WriteFile(exampleFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf(".env.example is not current: run go test ./deploy/cli -run TestEnvExample -update")
	}
	written := parseExample(t, string(text))
	names, err := variableNames()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, ok := written[name]; !ok {
			t.Errorf("%s is read and not in .env.example", name)
		}
	}
	if len(written) != len(names) {
		t.Errorf(".env.example names %d variables, %d are read", len(written), len(names))
	}
}

var assignment = regexp.MustCompile(`^#?(THROUGHLINE_[A-Z0-9_]+)=(.*)$`)

// parseExample gives name and value of each variable, and checks that a description stands above it.
func parseExample(t *testing.T, text string) map[string]string {
	t.Helper()
	written := map[string]string{}
	before := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := assignment.FindStringSubmatch(line); m != nil {
			if !strings.HasPrefix(before, "# ") || len(before) < 10 {
				t.Errorf("%s has no description", m[1])
			}
			if _, twice := written[m[1]]; twice {
				t.Errorf("%s is there twice", m[1])
			}
			written[m[1]] = m[2]
		}
		before = line
	}
	return written
}

// The written defaults are the real ones: what an empty environment gives is what the file gives.
func TestEnvExampleDefaultsAreReal(t *testing.T) {
	text, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	written := parseExample(t, string(text))
	bare := sections()
	for name := range written {
		unset(t, name)
	}
	for _, s := range bare {
		if err := read(s.config); err != nil {
			t.Fatal(err)
		}
		if c, ok := s.config.(interface{ Validate() error }); ok {
			if err := c.Validate(); err != nil {
				t.Errorf("the defaults of %s are not valid: %v", s.title, err)
			}
		}
	}
	for name, value := range written {
		if value != "" {
			t.Setenv(name, value)
		}
	}
	for i, s := range sections() {
		if err := read(s.config); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(s.config, bare[i].config) {
			t.Errorf("%s:\n written %+v\n real    %+v", s.title, s.config, bare[i].config)
		}
	}
}

// unset takes a variable away for the time of the test.
func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "")
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

// A variable of another program, such as LOG_LEVEL, must not become ours.
func TestNamesWithoutPrefixAreNotRead(t *testing.T) {
	unset(t, "THROUGHLINE_LOG_LEVEL")
	t.Setenv("LOG_LEVEL", "of another program")
	var c Common
	if err := read(&c); err != nil || c.LogLevel != "info" {
		t.Errorf("level %q, %v", c.LogLevel, err)
	}
}

// No struct with variables is forgotten: every field with a description in this module's code is a known variable.
func TestEveryVariableIsListed(t *testing.T) {
	names, err := variableNames()
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, name := range names {
		listed[name] = true
	}
	found := map[string]string{}
	for _, dir := range []string{"../../collector", "../../processor", "../../deploy", "../../schemas"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				maps.Copy(found, tagged(t, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < len(names) {
		t.Errorf("found %d tagged fields for %d variables: the search is broken", len(found), len(names))
	}
	for name, path := range found {
		if !listed[name] {
			t.Errorf("%s of %s is in no section: see sections()", name, path)
		}
	}
}

// tagged gives the variables of a file's struct fields.
func tagged(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if ok && field.Tag != nil {
			if name := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("envconfig"); name != "" {
				found[name] = path
			}
		}
		return true
	})
	return found
}

func TestVariablesOf(t *testing.T) {
	var cfg struct {
		Size int `envconfig:"THROUGHLINE_SIZE" default:"7" desc:"how large"`
		Kept int `ignored:"true"`
	}
	all := known(t, &cfg)
	if len(all) != 1 || all[0] != (variable{"THROUGHLINE_SIZE", "7", "how large"}) {
		t.Errorf("got %+v", all)
	}
	if err := envconfig.Process("", &cfg); err != nil || cfg.Size != 7 {
		t.Errorf("got %+v, %v", cfg, err)
	}
}
