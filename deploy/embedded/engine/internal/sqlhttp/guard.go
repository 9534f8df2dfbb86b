package sqlhttp

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

// harmless are the table functions that read nothing from outside the statement.
var harmless = set([]string{"numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries", "generate_series", "values", "view", "null", "primes"})

// outside are ordinary functions that read files or the server's insides.
var outside = set([]string{"file", "catboostevaluate", "fuzzquery", "addresstoline", "addresstolinewithinlines", "addresstosymbol", "demangle",
	"gettablemetadata", "filesystemavailable", "filesystemcapacity", "filesystemunreserved", "sleep", "sleepeachrow", "eval"})

// both are names of a table function and of a harmless ordinary function.
var both = set([]string{"format"})

var functionLine = regexp.MustCompile(`^( *)Function ([^ ]+)`)

// guard refuses a reader's statement that reaches outside, before it runs; that it is one statement
// and only reads has been seen already. The engine's own readonly mode stands behind both.
func (s *Server) guard(conn *chdb.Conn, sql string, params []chdb.Param) error {
	tree, err := conn.Query("EXPLAIN AST "+sql, "TSVRaw", params)
	if err != nil {
		return err
	}
	defer tree.Free()
	called, err := s.inspect(string(tree.Bytes()))
	if err != nil {
		return err
	}
	for _, name := range called {
		if err := isView(conn, name); err != nil {
			return err
		}
	}
	return nil
}

// inspect walks the syntax tree's lines for functions that reach outside. It gives the names that stand where a table function
// does and are none of the engine's: only a view with parameters can be meant.
func (s *Server) inspect(tree string) (called []string, err error) {
	table := false // the line before was a TableExpression
	for line := range strings.Lines(tree) {
		if m := functionLine.FindStringSubmatch(line); m != nil {
			plain := strings.TrimSpace(m[2])
			name := strings.ToLower(plain)
			foreign := s.functions[name] && !harmless[name]
			if outside[name] || foreign && (table || !both[name]) {
				return nil, refused(name)
			}
			if table && !s.functions[name] {
				called = append(called, plain)
			}
		}
		table = strings.HasPrefix(strings.TrimLeft(line, " "), "TableExpression")
	}
	return called, nil
}

// isView refuses a name, database.name or name alone, that is no view in the session's engine: what a view reads was for
// whoever made it to decide.
func isView(conn *chdb.Conn, name string) error {
	database, view, qualified := strings.Cut(name, ".")
	where := "database = {database:String}"
	if !qualified {
		view, where = name, "database = currentDatabase()"
	}
	result, err := conn.Query("SELECT count() FROM system.tables WHERE engine = 'View' AND name = {view:String} AND "+where, "TSVRaw",
		[]chdb.Param{{Name: "database", Value: escape(database)}, {Name: "view", Value: escape(view)}})
	if err != nil {
		return err
	}
	defer result.Free()
	if strings.TrimSpace(string(result.Bytes())) != "1" {
		return refused(name)
	}
	return nil
}

func refused(function string) error {
	return exception(497, "ACCESS_DENIED", "reader: Not enough privileges: function %s is not for readers", function)
}

// lower gives the smaller of a reader's wish and the limit; where they are not numbers, or the
// wish is none (0 means without limit), the limit.
func lower(name, wish, limit string) string {
	w, err := strconv.ParseFloat(wish, 64)
	l, err2 := strconv.ParseFloat(limit, 64)
	if err != nil || err2 != nil || !(w > 0 && w <= l) || !strings.HasPrefix(name, "max_") {
		return limit
	}
	return wish
}
