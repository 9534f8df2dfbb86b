package clickhouse

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestRenderGolden(t *testing.T) {
	for name, form := range map[string]Form{
		"single.sql":  {},
		"cluster.sql": {Cluster: "main", Database: "journeys", Fsync: true},
	} {
		t.Run(name, func(t *testing.T) {
			statements, err := Render(form)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(statements, ";\n\n") + ";\n"
			path := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("rendered SQL differs from %s; run go test -update and read the difference", path)
			}
		})
	}
}

func TestClusterFormNamesTheClusterInEveryDefinition(t *testing.T) {
	statements, err := Render(Form{Cluster: "main"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		first, _, _ := strings.Cut(s, "\n")
		if !strings.Contains(first, " ON CLUSTER `main`") {
			t.Errorf("not for the cluster: %s", first)
		}
	}
}

func TestMigrationsAreNumberedWithoutHoles(t *testing.T) {
	for i, m := range Migrations() {
		if int(m.Version) != i+1 {
			t.Errorf("%s is number %d, want %d", m.Name, m.Version, i+1)
		}
	}
}
