package live

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TestReaderOnlyReads tries to write and to reach out, as the user reader and as one who may do everything elsewhere.
func TestReaderOnlyReads(t *testing.T) {
	for _, user := range []string{"reader", "default"} {
		r := readerAs(t, user)
		for _, sql := range []string{
			"INSERT INTO throughline.schema_migrations (version) SELECT 999", "CREATE TABLE other (a Int8) ENGINE = Memory", "DROP TABLE throughline.touchpoints_log",
			"ALTER TABLE throughline.touchpoints_log DELETE WHERE 1", "SYSTEM SHUTDOWN", "SET readonly = 0",
		} {
			_, err := r.ask(t.Context(), sql, nil)
			var refused refusal
			if !errors.As(err, &refused) {
				t.Errorf("%s: %s was not refused: %v", user, sql, err)
			}
		}
		if table, err := r.ask(t.Context(), "SELECT toUInt64(getSetting('max_threads')), toUInt64(getSetting('readonly'))", nil); err != nil || table.Rows[0][0] != uint64(1) || table.Rows[0][1] != uint64(1) {
			t.Errorf("%s: %v %v", user, table, err)
		}
	}
	for _, sql := range []string{"SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')", "SELECT * FROM file('/etc/passwd', 'CSV', 'a String')"} {
		if _, err := readerAs(t, "reader").ask(t.Context(), sql, nil); err == nil {
			t.Errorf("%s was answered", sql)
		}
	}
}

func TestReaderErrorsNameNobody(t *testing.T) {
	_, err := readerAs(t, "reader").ask(t.Context(), "SELECT toUInt8('ada@example.com') FROM nowhere", nil)
	if err == nil || strings.Contains(err.Error(), "ada") || strings.Contains(err.Error(), "SELECT") {
		t.Errorf("the error tells too much: %v", err)
	}
	if text := trouble(err); !strings.Contains(text, "throughline migrate") {
		t.Errorf("and does not say what to do: %s", text)
	}
}

func TestReaderTakesParameters(t *testing.T) {
	const odd = "a'b\\c\t\nn{x:String} ? $1"
	table, err := readerAs(t, "reader").ask(t.Context(), "SELECT {x:String} AS x, '?' AS y", map[string]string{"x": odd})
	if err != nil || table.Rows[0][0] != odd || table.Rows[0][1] != "?" {
		t.Errorf("%q %v", table.Rows, err)
	}
}

func TestReaderGivesJSON(t *testing.T) {
	table, err := readerAs(t, "reader").ask(t.Context(), `SELECT toDateTime64('2026-01-02 03:04:05.678', 3, 'UTC') AS at, toDecimal64(1.5, 4) AS money, nan AS nan, 1 / 0 AS inf,
		NULL AS nothing, toNullable(toUInt8(7)) AS some, toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS id, [toDecimal64(2, 2)] AS list, true AS yes, toLowCardinality('x') AS word`, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(table)
	want := `{"columns":["at","money","nan","inf","nothing","some","id","list","yes","word"],` +
		`"rows":[["2026-01-02T03:04:05.678Z",1.5,null,null,null,7,"61f0c404-5cb3-11e7-907b-a6006ad3dba0",[2],true,"x"]]}`
	if err != nil || string(text) != want {
		t.Errorf("%s %v\nwant %s", text, err, want)
	}
}

func TestReaderWithoutServer(t *testing.T) {
	options, err := clickhouse.ParseDSN("http://127.0.0.1:1/throughline")
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(options)
	defer r.close()
	if _, err := r.ask(t.Context(), "SELECT 1", nil); err == nil || trouble(err) != "ClickHouse does not answer." {
		t.Errorf("%v", err)
	}
}

// TestQuestionsAreAnswered runs every question on empty tables: what the page reads must be among the columns.
func TestQuestionsAreAnswered(t *testing.T) {
	r := readerAs(t, "reader")
	columns := map[string]string{
		"summary":              "journeys journeys_change conversion conversion_change revenue_total revenue_change open_share",
		"funnel":               "stage stage_name reached in_order conversion conversion_from_start dropped open skipped in_order_before conversion_before",
		"flows":                "from_stage from to_stage to kind_name transitions share transitions_before",
		"channels":             "channel_name journeys no_stage awareness consideration intent purchase loyalty conversion revenue_total",
		"refusals":             "site reason field events last_seen latest_detail",
		"trend":                "time journeys conversion",
		"arrivals":             "verdict received_at site customer_kind customer_id event stage rule channel device bot id",
		"customers-of-stage":   "site customer_kind customer_id journeys touches orders spent furthest entry last_seen total",
		"customers-of-flow":    "site customer_kind customer_id journeys touches orders spent furthest entry last_seen total",
		"customers-of-channel": "site customer_kind customer_id journeys touches orders spent furthest entry last_seen total",
		"owner":                "user_id",
		"refused":              "received_at site reason field detail total",
		"customer/summary":     "first_seen last_seen journeys session_count touchpoint_count orders revenue_total first_seen_by stage_now",
		"customer/journeys":    "started_at",
		"customer/timeline":    "occurred_at stage event page channel_name campaign_name revenue_amount rule session_started_at",
	}
	parameters := map[string]string{"since": "0", "limit": "5", "offset": "0", "refused": "true", "stage": "2", "part": "", "from": "1", "to": "2", "of": "x", "site": "main"}
	f := filter(t, "site=a&channel=b&campaign=c&device=d&country=e")
	for name, want := range columns {
		q := question{name, "", name}
		for _, chart := range charts {
			if chart.name == name {
				q = chart
			}
		}
		if dashboard, panel, found := strings.Cut(name, "/"); found {
			q = question{name, dashboard, panel}
		}
		sql, err := q.sql(f, time.Now())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := r.ask(t.Context(), sql, parameters); err != nil {
			t.Errorf("%s: %v\n%s", name, err, sql)
			continue
		}
		table, err := r.ask(t.Context(), "DESCRIBE TABLE ("+sql+")", parameters) // an empty answer has no columns
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		have := " "
		for _, row := range table.Rows {
			have += row[0].(string) + " "
		}
		for column := range strings.FieldsSeq(want) {
			if !strings.Contains(have, " "+column+" ") {
				t.Errorf("%s has no column %s, but%s", name, column, have)
			}
		}
	}
}
