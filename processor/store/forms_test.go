package store

import (
	"testing"

	tables "github.com/throughline/throughline/schemas/clickhouse"
)

// The cluster form cannot be run without a cluster, but the engine's parser can read it.
func TestClusterFormParses(t *testing.T) {
	conn := connect(t, runEngine(t).DSN())
	statements, err := tables.Render(tables.Form{Cluster: "main", Database: "odd `name'"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if one[string](t, conn, "SELECT formatQuery("+string(appendLiteral(nil, s))+")") == "" {
			t.Errorf("nothing is left of %s", s)
		}
	}
}

func TestFsyncFormApplies(t *testing.T) {
	conn := connect(t, runEngine(t).DSN())
	form := tables.Form{Database: "fsync`'name", Fsync: true}
	defer func() { _ = conn.Exec(t.Context(), "DROP DATABASE "+quoteName(form.Database)) }()
	applied, err := tables.Apply(t.Context(), conn, form)
	if err != nil || len(applied) != len(tables.Migrations()) {
		t.Errorf("applied %v: %v", applied, err)
	}
}
