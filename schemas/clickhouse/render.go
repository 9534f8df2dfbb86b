package clickhouse

import (
	"fmt"
	"strings"
	"text/template"
)

// DefaultDatabase holds the tables where a Form names no other.
const DefaultDatabase = "throughline"

// Form is what one set of templates is rendered for.
type Form struct {
	// The cluster's name in the server's configuration; empty for a single node. A cluster gets ON CLUSTER,
	// replicated tables <name>_shard and Distributed tables <name>_log over them.
	Cluster string
	// Database holds the tables; DefaultDatabase when empty.
	Database string
	// Fsync makes an acknowledged insert survive the loss of power and not only of the process.
	Fsync bool
}

// Render gives the statements of the migration for a form, in order and without semicolons.
func (m Migration) Render(f Form) ([]string, error) {
	t, err := template.New(m.Name).Funcs(f.functions()).Parse(m.Source)
	if err != nil {
		return nil, fmt.Errorf("migration %s: %w", m.Name, err)
	}
	var out strings.Builder
	if err := t.Execute(&out, nil); err != nil {
		return nil, fmt.Errorf("migration %s: %w", m.Name, err)
	}
	return split(out.String()), nil
}

// Render gives the statements of all migrations for a form.
func Render(f Form) ([]string, error) {
	var all []string
	for _, m := range Migrations() {
		statements, err := m.Render(f)
		if err != nil {
			return nil, err
		}
		all = append(all, statements...)
	}
	return all, nil
}

// split cuts at semicolons that end a line; no statement of ours has one inside.
func split(sql string) []string {
	var statements []string
	for s := range strings.SplitSeq(sql+"\n", ";\n") {
		if s = strings.TrimSpace(s); s != "" {
			statements = append(statements, s)
		}
	}
	return statements
}

func (f Form) database() string {
	if f.Database == "" {
		return quoteName(DefaultDatabase)
	}
	return quoteName(f.Database)
}

// quoteName is for names of the operator's configuration.
func quoteName(name string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(name) + "`"
}

func quoteString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
