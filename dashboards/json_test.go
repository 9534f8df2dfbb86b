package dashboards_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/throughline/throughline/dashboards"
	"github.com/throughline/throughline/dashboards/internal/boards"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestJSONIsCurrent(t *testing.T) {
	var names []string
	for _, board := range boards.All() {
		want, err := board.JSON()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("json", boards.File(board))
		if got, err := os.ReadFile(file); err != nil || string(got) != string(want) {
			t.Errorf("%s is not current (%v): run go generate ./dashboards and commit", file, err)
		}
		names = append(names, file)
	}
	found, err := filepath.Glob("json/*")
	if err != nil {
		t.Fatal(err)
	}
	if slices.Sort(names); !slices.Equal(found, names) {
		t.Errorf("json/ holds %v, and should hold %v", found, names)
	}
}

// TestIDsStay: links, alerts and bookmarks name dashboards and panels by their ids. Adding is fine; the golden file shows what changes.
func TestIDsStay(t *testing.T) {
	var out strings.Builder
	for _, board := range read(t) {
		fmt.Fprintf(&out, "%s\n", board.UID)
		for _, p := range board.all() {
			fmt.Fprintf(&out, "  %d %s %s\n", p.ID, p.Type, p.Title)
		}
	}
	const golden = "testdata/ids.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || out.String() != string(want) {
		t.Errorf("ids differ from %s (%v): an id never changes its meaning. Run go test -update and read the difference", golden, err)
	}
}

func TestEveryQueryIsShown(t *testing.T) {
	text := map[string]string{}
	for _, board := range boards.All() {
		all, err := board.JSON()
		if err != nil {
			t.Fatal(err)
		}
		text[boards.Folder(board)] = string(all)
	}
	for _, q := range dashboards.Queries() {
		quoted, err := json.Marshal(strings.TrimRight(q.SQL, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(quoted))
		in := text[q.Dashboard]
		if q.Dashboard == "variables" || q.Dashboard == "annotations" {
			in = text["journey-funnel"]
		}
		if !strings.Contains(in, plain) {
			t.Errorf("no panel shows %s/%s.sql", q.Dashboard, q.Panel)
		}
	}
}

// board is what the tests look at in a dashboard's JSON.
type board struct {
	urls                                   []string
	file, UID, Title, Description, Refresh string
	ID                                     any
	Editable                               bool
	SchemaVersion, GraphTooltip            int
	Tags                                   []string
	Panels                                 []panel
	Inputs                                 any `json:"__inputs"`
	Templating                             struct{ List []choice }
	Annotations                            struct {
		List []struct {
			Datasource source
			Name       string
		}
	}
}

type source struct{ Type, UID string }

type choice struct {
	Type, Name, Label, AllValue string
	Query                       any
	Multi                       bool
	Refresh                     int
	Datasource                  *source
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	Panels                   []panel
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct {
		Defaults  map[string]any
		Overrides []struct {
			Matcher    struct{ Options string }
			Properties []struct {
				ID    string
				Value any
			}
		}
	}
	Targets []struct {
		RefID, RawSQL, Expr, QueryType, EditorType string
		Format                                     any
		Datasource                                 source
	}
}

// all gives the panels, those of collapsed rows too, without the rows.
func (b board) all() []panel {
	var all []panel
	for _, p := range b.Panels {
		if p.Type == "row" {
			all = append(all, p.Panels...)
		} else {
			all = append(all, p)
		}
	}
	return all
}

// read gives the dashboards as Grafana will find them.
func read(t *testing.T) []board {
	t.Helper()
	files, err := filepath.Glob("json/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var all []board
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b := board{file: file}
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatal(file, err)
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			b.urls = append(b.urls, string(m[1]))
		}
		all = append(all, b)
	}
	return all
}

// link is a URL in the JSON.
var link = regexp.MustCompile(`"url": "(/[^"]*)"`)
