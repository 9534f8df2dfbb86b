package production

import (
	"context"
	"encoding/xml"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	schema "github.com/throughline/throughline/schemas/clickhouse"
)

// recorder is a connection to nothing that remembers what it is told.
type recorder struct{ statements []string }

func (r *recorder) Exec(_ context.Context, sql string, _ ...any) error {
	r.statements = append(r.statements, sql)
	return nil
}

func (r *recorder) Query(_ context.Context, sql string, _ ...any) (driver.Rows, error) {
	r.statements = append(r.statements, sql)
	return noRows{}, nil
}

// noRows is the answer of a database that has nothing yet.
type noRows struct{ driver.Rows }

func (noRows) Next() bool   { return false }
func (noRows) Err() error   { return nil }
func (noRows) Close() error { return nil }

// migration gives every statement that `throughline migrate` sends to a server.
func migration(t *testing.T, form schema.Form) []string {
	t.Helper()
	r := &recorder{}
	if _, err := schema.Apply(t.Context(), r, form); err != nil {
		t.Fatal(err)
	}
	return r.statements
}

// parses asks a server for the syntax tree of a statement.
func parses(t *testing.T, server, sql string) {
	t.Helper()
	answer, err := http.Post(server+"/", "text/plain", strings.NewReader("EXPLAIN AST "+sql))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("not understood (%s):\n%s", answer.Header.Get("X-ClickHouse-Exception-Code"), sql)
	}
}

// TestClusterFormIsParsed has ClickHouse read every statement of the migration of a cluster as it is sent.
func TestClusterFormIsParsed(t *testing.T) {
	statements := migration(t, schema.Form{Cluster: "main", Database: "journeys", Fsync: true})
	replicated, distributed := 0, 0
	for _, sql := range statements {
		if !strings.HasPrefix(sql, "SELECT") && !strings.HasPrefix(sql, "INSERT") && !strings.Contains(sql, "ON CLUSTER `main`") {
			t.Errorf("on one server only:\n%s", sql)
		}
		parses(t, server(t), sql)
		replicated += strings.Count(sql, "ENGINE = Replicated")
		distributed += strings.Count(sql, "ENGINE = Distributed")
	}
	if replicated < 7 || distributed < 6 {
		t.Errorf("%d replicated and %d distributed tables", replicated, distributed)
	}
}

// server is the guarded engine with its password.
func server(t *testing.T) string {
	t.Helper()
	return "http://default:" + adminPassword + "@" + guarded(t).Addr()
}

// TestUsersFile reads the users of deploy/compose: what each may do, and that ClickHouse understands it.
func TestUsersFile(t *testing.T) {
	text, err := os.ReadFile("../../deploy/compose/clickhouse/users.xml")
	if err != nil {
		t.Fatal(err)
	}
	type user struct {
		Profile  string    `xml:"profile"`
		Password *struct{} `xml:"password"`
		Grants   []string  `xml:"grants>query"`
	}
	var config struct {
		Profiles struct {
			Reader struct {
				Readonly string    `xml:"readonly"`
				Time     int       `xml:"max_execution_time"`
				Memory   int64     `xml:"max_memory_usage"`
				Rows     int64     `xml:"max_rows_to_read"`
				Changes  *struct{} `xml:"constraints>max_execution_time>changeable_in_readonly"`
				NoLonger int       `xml:"constraints>max_execution_time>max"`
			} `xml:"throughline_reader"`
		} `xml:"profiles"`
		Users struct {
			Default struct {
				Remove string `xml:"remove,attr"`
			} `xml:"default"`
			Admin  user `xml:"throughline_admin"`
			Writer user `xml:"throughline_writer"`
			Reader user `xml:"grafana_reader"`
		} `xml:"users"`
	}
	if err := xml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	u, reader := config.Users, config.Profiles.Reader
	if u.Default.Remove == "" {
		t.Error("the user without a password is still there")
	}
	if reader.Readonly != "1" || reader.Time == 0 || reader.Memory == 0 || reader.Rows == 0 || reader.Changes == nil || reader.NoLonger == 0 || u.Reader.Profile != "throughline_reader" {
		t.Errorf("readers are not bounded: %+v", reader)
	}
	for name, who := range map[string]struct {
		user
		may *regexp.Regexp
	}{
		"admin":  {u.Admin, regexp.MustCompile(`^GRANT `)},
		"writer": {u.Writer, regexp.MustCompile(`^GRANT (INSERT, SELECT ON throughline\.\*|SELECT ON system\.\w+)$`)},
		"reader": {u.Reader, regexp.MustCompile(`^GRANT SELECT ON (throughline\.\*|system\.\w+)$`)},
	} {
		if who.Password == nil || len(who.Grants) == 0 {
			t.Errorf("%s: no password, or no grants: %+v", name, who.user)
		}
		for _, grant := range who.Grants {
			if !who.may.MatchString(grant) {
				t.Errorf("the %s may %s", name, grant)
			}
			parses(t, server(t), grant+" TO somebody")
		}
	}
}

// oneServer turns statements for a cluster into ones that a single server without Keeper can run: the tables are not
// replicated, and are made on this server only. Distributed stays as it is.
func oneServer(sql string) string {
	sql = strings.ReplaceAll(sql, " ON CLUSTER `main`", "")
	return regexp.MustCompile(`Replicated(\w+)\('[^']*', '[^']*'(, )?`).ReplaceAllString(sql, "$1(")
}

// shards is a configuration of ClickHouse with a cluster of so many shards, all of them this server itself.
func shards(n int) string {
	const shard = "<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host><port>19000</port></replica></shard>"
	return "<clickhouse><tcp_port>19000</tcp_port><remote_servers><main>" + strings.Repeat(shard, n) + "</main></remote_servers></clickhouse>"
}
