package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	tables "github.com/throughline/throughline/schemas/clickhouse"
)

// ClickHouse checks the server, its tables, whether they can be read and written, its disks, and its clock.
func ClickHouse(dsn string, authorities *x509.CertPool) []Check {
	s := server{dsn: dsn, authorities: authorities}
	return []Check{
		{Name: "clickhouse", Run: s.asked(s.version)},
		{Name: "clickhouse-tables", After: "clickhouse", Run: s.asked(s.migrated)},
		{Name: "clickhouse-access", After: "clickhouse-tables", Run: s.asked(s.access)},
		{Name: "clickhouse-disks", After: "clickhouse", Run: s.asked(s.disks)},
		{Name: "clock", After: "clickhouse", Run: s.asked(s.clock)},
	}
}

// Oldest release whose settings and functions are used.
const oldestYear, oldestMonth = 26, 2

type server struct {
	dsn         string
	authorities *x509.CertPool // nil is those of the system
}

// database is where the tables are, as the processor sees it.
func (s server) database() string {
	o, err := clickhouse.ParseDSN(s.dsn)
	if err != nil || o.Auth.Database == "" || o.Auth.Database == "default" {
		return tables.DefaultDatabase
	}
	return o.Auth.Database
}

// address is where it should be.
func (s server) address() string {
	o, err := clickhouse.ParseDSN(s.dsn)
	if err != nil {
		return "the DSN's address"
	}
	return strings.Join(o.Addr, ",")
}

// table is a quoted name with its database.
func (s server) table(name string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s.database()) + "`." + name
}

// asked runs a check with a connection of its own, in the database that is always there.
func (s server) asked(run func(context.Context, driver.Conn) Finding) func(context.Context) Finding {
	return func(ctx context.Context) Finding {
		o, err := clickhouse.ParseDSN(s.dsn)
		if err != nil {
			return fail(err.Error(), "write THROUGHLINE_CLICKHOUSE_DSN as http://user:password@host:8123/throughline")
		}
		if o.TLS != nil {
			o.TLS.RootCAs = s.authorities
		}
		o.Auth.Database = "default"
		o.DialTimeout = 2 * time.Second
		conn, err := clickhouse.Open(o)
		if err != nil {
			return s.trouble(err)
		}
		defer func() { _ = conn.Close() }() // nothing was written
		return run(ctx, conn)
	}
}

func (s server) version(ctx context.Context, conn driver.Conn) Finding {
	var version string
	if err := conn.QueryRow(ctx, "SELECT version()").Scan(&version); err != nil {
		return s.trouble(err)
	}
	if older(version) {
		return fail(fmt.Sprintf("release %s is too old", version), fmt.Sprintf("update ClickHouse to release %d.%d or later", oldestYear, oldestMonth))
	}
	return good("release %s", version)
}

// older tells whether a version such as 25.8.1.1 is before the oldest that works; what cannot be read is not.
func older(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	year, err := strconv.Atoi(parts[0])
	month, err2 := strconv.Atoi(parts[1])
	if err != nil || err2 != nil {
		return false
	}
	return year < oldestYear || (year == oldestYear && month < oldestMonth)
}

// Codes of ClickHouse's exceptions.
const (
	unknownTable    = 60
	unknownDatabase = 81
)

var refusals = map[int32]bool{164: true, 192: true, 193: true, 194: true, 497: true, 516: true}

// trouble says what to do about an error.
func (s server) trouble(err error) Finding {
	var exception *clickhouse.Exception
	switch {
	case errors.As(err, &exception) && refusals[exception.Code]:
		return fail(err.Error(), "give the right user and password in THROUGHLINE_CLICKHOUSE_DSN, and that user its grants")
	case errors.As(err, &exception) && (exception.Code == unknownTable || exception.Code == unknownDatabase):
		return fail(err.Error(), "throughline migrate")
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return fail(err.Error(), "put the authority that signed ClickHouse's certificate into THROUGHLINE_CLICKHOUSE_CA_FILE")
	case errors.Is(err, syscall.ECONNREFUSED):
		return fail("nobody listens at "+s.address(), "start it: throughline up. When ClickHouse is elsewhere: set THROUGHLINE_CLICKHOUSE_DSN")
	case errors.Is(err, context.DeadlineExceeded):
		return fail("no answer in time from "+s.address(), "see ClickHouse's load, and whether THROUGHLINE_CLICKHOUSE_DSN names the right host and port")
	}
	return fail(err.Error(), "see ClickHouse's log, and whether THROUGHLINE_CLICKHOUSE_DSN names the right port for its protocol")
}

// Differences of clocks that matter: touchpoints are stamped by one machine and asked for by the other's now().
const (
	clockWarn = 2 * time.Second
	clockFail = time.Minute
)

// clock compares this machine's clock with the server's, as far as the round trip allows.
func (s server) clock(ctx context.Context, conn driver.Conn) Finding {
	if err := conn.Ping(ctx); err != nil { // connects, so that the question takes one round trip
		return s.trouble(err)
	}
	before := time.Now()
	var micros int64
	if err := conn.QueryRow(ctx, "SELECT toUnixTimestamp64Micro(now64(6))").Scan(&micros); err != nil {
		return s.trouble(err)
	}
	took := time.Since(before)
	return judgeClock(time.UnixMicro(micros).Sub(before.Add(took/2)), took)
}

// judgeClock is given how far the server's clock is ahead of the middle of a round trip, and what that trip took.
func judgeClock(ahead, took time.Duration) Finding {
	off := max(0, ahead.Abs()-took/2)
	way := "ahead of"
	if ahead < 0 {
		way = "behind"
	}
	detail := fmt.Sprintf("ClickHouse's clock is %s %s this machine's (± %s)",
		ahead.Abs().Round(time.Millisecond), way, (took / 2).Round(time.Millisecond))
	const todo = "set both clocks by NTP (timedatectl set-ntp true)"
	switch {
	case off >= clockFail:
		return fail(detail, todo)
	case off >= clockWarn:
		return Finding{Verdict: Warn, Detail: detail, ToDo: []string{todo}}
	}
	return good("%s", detail)
}
