package doctor

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/migrate"
)

// dsn and readerDSN are those of an engine that all tests share, "" without its library.
var dsn, readerDSN string

const password = "secret"

// TestMain is also the engine's child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine-child" {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(withEngine(m))
}

func withEngine(m *testing.M) int {
	library, err := libchdb.Find()
	if err != nil {
		fmt.Println("skipping the tests that need the engine:", err)
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "doctor-*")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	e, err := engine.Start(ctx, engine.Config{
		LibPath: library, DataDir: dir, Listen: "127.0.0.1:0", ReaderListen: "127.0.0.1:0", AdminPassword: password,
		Command: []string{"engine-child"},
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer e.Stop(context.Background()) //nolint:errcheck // the folder goes with it
	dsn, readerDSN = e.DSN(), "http://reader@"+e.ReaderAddr()+"/"
	return m.Run()
}

// database names a database of its own for a test, migrated or not.
func database(t *testing.T, name string, migrated bool) string {
	t.Helper()
	if dsn == "" {
		t.Skip("no engine library")
	}
	own := strings.TrimSuffix(dsn, "default") + name
	if migrated {
		if _, err := migrate.Apply(t.Context(), own, migrate.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	return own
}

func exec(t *testing.T, statements ...string) {
	t.Helper()
	o, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, s := range statements {
		if err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestClickHouseGood(t *testing.T) {
	checks := ClickHouse(database(t, "good", true), nil)
	expect(t, run(t, checks, "clickhouse"), OK, "release 2")
	expect(t, run(t, checks, "clickhouse-tables"), OK, "migrations applied in database good")
	expect(t, run(t, checks, "clickhouse-access"), OK, "10 tables")
	expect(t, run(t, checks, "clickhouse-disks"), OK, "disk default")
	expect(t, run(t, checks, "clock"), OK, "ClickHouse's clock is")
}

func TestClickHouseNotThere(t *testing.T) {
	addr := free(t)
	for _, scheme := range []string{"http", "clickhouse"} {
		checks := ClickHouse(scheme+"://"+addr+"/x", nil)
		expect(t, run(t, checks, "clickhouse"), Fail, "nobody listens at "+addr, "throughline up")
		expect(t, run(t, checks, "clickhouse-access"), Skipped)
		expect(t, run(t, checks, "clock"), Skipped)
	}
	expect(t, run(t, ClickHouse("mysql://x:y:z", nil), "clickhouse"), Fail, "THROUGHLINE_CLICKHOUSE_DSN as http://")
}

func TestClickHouseHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // connections wait in its queue
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	found := Run(t.Context(), ClickHouse("http://"+l.Addr().String()+"/x", nil), 100*time.Millisecond)
	expect(t, found[0], Fail, "no answer")
}

func TestClickHouseRefusesThePassword(t *testing.T) {
	own := strings.Replace(database(t, "x", false), password, "wrong", 1)
	found := run(t, ClickHouse(own, nil), "clickhouse")
	expect(t, found, Fail, "user and password")
	if strings.Contains(found.Detail, "wrong@") {
		t.Errorf("the password is told: %s", found.Detail)
	}
}

func TestClickHouseNotMigrated(t *testing.T) {
	expect(t, run(t, ClickHouse(database(t, "nothing", false), nil), "clickhouse-tables"), Fail, "throughline migrate")

	half := ClickHouse(database(t, "half", true), nil)
	exec(t, "DELETE FROM half.schema_migrations WHERE version = 3")
	expect(t, run(t, half, "clickhouse-tables"), Fail, "not applied: 0003_journeys", "throughline migrate")
	expect(t, run(t, half, "clickhouse-access"), Skipped, "see clickhouse-tables")

	exec(t, "INSERT INTO half.schema_migrations (version, name, checksum) VALUES (3, 'x', 'other')")
	expect(t, run(t, half, "clickhouse-tables"), Fail, "0003_journeys has changed")

	newer := ClickHouse(database(t, "newer", true), nil)
	exec(t, "INSERT INTO newer.schema_migrations (version, name, checksum) VALUES (900, 'x', 'y')")
	expect(t, run(t, newer, "clickhouse-tables"), Warn, "newer program")
}

func TestClickHouseCannotBeWritten(t *testing.T) {
	database(t, "guarded", true)
	reader := ClickHouse(readerDSN+"guarded", nil)
	expect(t, run(t, reader, "clickhouse"), OK)
	expect(t, run(t, reader, "clickhouse-tables"), OK)
	expect(t, run(t, reader, "clickhouse-access"), Fail, "write touchpoints")

	gone := ClickHouse(database(t, "gone", true), nil)
	exec(t, "DROP TABLE gone.journeys_log")
	expect(t, run(t, gone, "clickhouse-access"), Fail, "read journeys", "throughline migrate")
}

func TestOlder(t *testing.T) {
	for version, want := range map[string]bool{
		"26.2.1.1": false, "26.10.1": false, "27.1": false, "26.1.9.9": true, "25.12.1.1": true, "next": false, "x.y": false,
	} {
		if older(version) != want {
			t.Errorf("older(%q) = %v", version, !want)
		}
	}
}

func TestJudgeClock(t *testing.T) {
	for _, c := range []struct {
		ahead, took time.Duration
		verdict     Verdict
		text        string
	}{
		{0, 0, OK, "0s ahead"},
		{-time.Second, 0, OK, "1s behind"},
		{3 * time.Second, 0, Warn, "3s ahead"},
		{3 * time.Second, 4 * time.Second, OK, "± 2s"},
		{-2 * time.Minute, time.Second, Fail, "2m0s behind"},
	} {
		expect(t, judgeClock(c.ahead, c.took), c.verdict, c.text)
	}
}
