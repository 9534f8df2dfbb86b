package production

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/throughline/throughline/deploy/doctor"
	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/migrate"
	"github.com/throughline/throughline/tests/harness"
)

// clickhouseMistakes are those of the server, its users and its tables.
var clickhouseMistakes = []misconfiguration{
	{"no ClickHouse there", func(t *testing.T, _ *harness.Pipeline) []string {
		return []string{"CLICKHOUSE_DSN=http://" + free(t) + "/throughline"}
	}, "clickhouse", doctor.Fail, "nobody listens at", "THROUGHLINE_CLICKHOUSE_DSN"},
	{"an address that is no DSN", set("CLICKHOUSE_DSN=mysql://x:y:z"), "clickhouse", doctor.Fail, "", "THROUGHLINE_CLICKHOUSE_DSN as http://"},
	{"a wrong password for ClickHouse", func(t *testing.T, _ *harness.Pipeline) []string {
		return []string{"CLICKHOUSE_DSN=http://default:" + secret + "@" + guarded(t).Addr() + "/throughline"}
	}, "clickhouse", doctor.Fail, "code: 516", "user and password"},
	{"no such database", func(t *testing.T, _ *harness.Pipeline) []string { return database(t, "nowhere", nil) },
		"clickhouse-tables", doctor.Fail, "nowhere", "throughline migrate"},
	{"migrations that are missing", func(t *testing.T, _ *harness.Pipeline) []string {
		return database(t, "behind", []string{"DELETE FROM behind.schema_migrations WHERE version = 3"})
	}, "clickhouse-tables", doctor.Fail, "not applied: 0003_journeys", "throughline migrate"},
	{"migrations of a newer program", func(t *testing.T, _ *harness.Pipeline) []string {
		return database(t, "ahead", []string{"INSERT INTO ahead.schema_migrations (version, name, checksum) VALUES (900, 'x', 'y')"})
	}, "clickhouse-tables", doctor.Warn, "1 migration of a newer program", "update this program"},
	{"tables of another program", func(t *testing.T, _ *harness.Pipeline) []string {
		return database(t, "other", []string{"INSERT INTO other.schema_migrations (version, name, checksum, applied_at) SELECT 3, 'x', 'y', now64(3) + 1"})
	}, "clickhouse-tables", doctor.Fail, "0003_journeys has changed", "use the program that made these tables"},
	{"a table that was dropped", func(t *testing.T, _ *harness.Pipeline) []string {
		return database(t, "gap", []string{"DROP TABLE gap.sessions_log"})
	}, "clickhouse-access", doctor.Fail, "read sessions", "throughline migrate"},
	{"a user who may only read", func(t *testing.T, _ *harness.Pipeline) []string {
		database(t, "looked_at", []string{})
		return []string{"CLICKHOUSE_DSN=http://reader@" + guarded(t).ReaderAddr() + "/looked_at"}
	}, "clickhouse-access", doctor.Fail, "write touchpoints", "its grants"},
	{"a ClickHouse that is too old", func(t *testing.T, good *harness.Pipeline) []string {
		return between(t, good, nil, func(answer []byte) []byte { return bytes.ReplaceAll(answer, []byte("26.7."), []byte("25.3.")) })
	}, "clickhouse", doctor.Fail, "release 25.3.", "update ClickHouse to release 26.2"},
	{"clocks that differ", func(t *testing.T, good *harness.Pipeline) []string {
		return between(t, good, func(question string) string {
			return strings.ReplaceAll(question, "now64(6)", "now64(6) - INTERVAL 9 MINUTE")
		}, nil)
	}, "clock", doctor.Fail, "behind this machine's", "NTP"},
}

var shared struct {
	sync.Mutex
	engine *engine.Engine
}

const adminPassword = "only-for-tests"

// guarded is an engine that asks for a password; all misconfigurations share it.
func guarded(t *testing.T) *engine.Engine {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.engine != nil {
		return shared.engine
	}
	lib, err := libchdb.Find()
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Start(t.Context(), engine.Config{
		LibPath: lib, DataDir: sharedDir, Listen: "127.0.0.1:0", ReaderListen: "127.0.0.1:0", AdminPassword: adminPassword,
		Command: []string{harness.EngineArgument},
	})
	if err != nil {
		t.Fatal(err)
	}
	shared.engine = e
	return e
}

func stopShared() {
	if shared.engine != nil {
		_ = shared.engine.Stop(context.Background()) // its folder goes with it
	}
}

// database names one of the guarded engine to the program. It is migrated and then changed by statements, or is not made
// where statements is nil.
func database(t *testing.T, name string, statements []string) []string {
	t.Helper()
	e := guarded(t)
	dsn := strings.TrimSuffix(e.DSN(), "default") + name
	if statements != nil {
		if _, err := migrate.Apply(t.Context(), dsn, migrate.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range statements {
		ask(t, "http://default:"+adminPassword+"@"+e.Addr(), sql)
	}
	return []string{"CLICKHOUSE_DSN=" + dsn}
}

// ask runs one statement at a server and gives the answer as text.
func ask(t *testing.T, server, sql string) string {
	t.Helper()
	answer, err := http.Post(server+"/", "text/plain", strings.NewReader(sql))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s\n%s %v", sql, text, err)
	}
	return strings.TrimRight(string(text), "\n")
}

// between puts a proxy before the pipeline's ClickHouse that changes questions or answers.
func between(t *testing.T, good *harness.Pipeline, question func(string) string, answer func([]byte) []byte) []string {
	t.Helper()
	target := &url.URL{Scheme: "http", Host: good.ClickHouse}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Header.Set("Accept-Encoding", "identity")
		if question == nil || r.Out.Body == nil {
			return
		}
		text, _ := io.ReadAll(r.Out.Body)
		asked := question(string(text))
		r.Out.Body, r.Out.ContentLength = io.NopCloser(strings.NewReader(asked)), int64(len(asked))
	}, ModifyResponse: func(r *http.Response) error {
		if answer == nil {
			return nil
		}
		text, err := io.ReadAll(r.Body)
		text = answer(text)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		r.Header.Set("Content-Length", fmt.Sprint(len(text)))
		return err
	}}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return []string{"CLICKHOUSE_DSN=" + server.URL + "/throughline"}
}
