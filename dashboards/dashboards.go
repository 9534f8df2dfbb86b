// Package dashboards takes one .sql file a panel and gives queries: Queries lists them, SQL finds one, and Expand makes
// of one what Grafana's ClickHouse plugin sends to the server. The built-in live page asks the same files.
//
// The Grafana dashboards themselves lie in json/, made from the same files by `go generate`; see README.md.
package dashboards

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:generate go run ./internal/generate

//go:embed journey-funnel/*.sql stage-transitions/*.sql acquisition/*.sql customer/*.sql data-quality/*.sql
//go:embed variables/*.sql annotations/*.sql
var files embed.FS

// Query is one .sql file: what one panel, variable or annotation asks.
type Query struct {
	// Dashboard is the folder and Panel the file's name without its ending: journey-funnel and funnel. Variables and
	// annotations lie in the folders of these names.
	Dashboard, Panel string
	// SQL has the plugin's macros and variables still in it; see Expand.
	SQL string
}

// Queries lists all queries, ordered by dashboard and panel.
func Queries() []Query {
	names, err := fs.Glob(files, "*/*.sql")
	if err != nil {
		panic(fmt.Sprintf("embedded queries: %v", err)) // cannot happen: the pattern is well formed
	}
	all := make([]Query, 0, len(names))
	for _, name := range names { // Glob sorts
		text, err := files.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("embedded queries: %v", err)) // cannot happen: the file is compiled in
		}
		all = append(all, Query{Dashboard: path.Dir(name), Panel: strings.TrimSuffix(path.Base(name), ".sql"), SQL: string(text)})
	}
	return all
}

// SQL gives the query of a panel, false when there is none of that name.
func SQL(dashboard, panel string) (string, bool) {
	text, err := files.ReadFile(dashboard + "/" + panel + ".sql")
	return string(text), err == nil
}
