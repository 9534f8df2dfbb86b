package check

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/migrate"
	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

const engineArgument = "check-engine"

// TestMain runs the tests, or the engine where a test has started this binary as its child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == engineArgument {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tables are tables as a good run leaves them, and the ledger of that run.
type tables struct {
	dsn    string
	ledger *Ledger
}

func newTables(t *testing.T) *tables {
	t.Helper()
	lib, err := libchdb.Find()
	must(t, err)
	e, err := engine.Start(t.Context(), engine.Config{LibPath: lib, DataDir: t.TempDir(), Command: []string{engineArgument}})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		must(t, e.Stop(ctx))
	})
	x := &tables{dsn: "http://" + e.Addr() + "/throughline", ledger: NewLedger()}
	_, err = migrate.Apply(t.Context(), x.dsn, migrate.Options{})
	must(t, err)
	return x
}

// exec runs a statement on the tables.
func (x *tables) exec(t *testing.T, sql string) {
	t.Helper()
	options, err := clickhouse.ParseDSN(x.dsn)
	must(t, err)
	conn, err := clickhouse.Open(options)
	must(t, err)
	defer conn.Close()
	must(t, conn.Exec(t.Context(), sql))
}

// fill empties the tables and writes touchpoints with the rows that they amount to.
func (x *tables) fill(t *testing.T) {
	t.Helper()
	for _, table := range []string{"touchpoints_log", "sessions_log", "journeys_log", "stage_transitions_log"} {
		x.exec(t, "TRUNCATE TABLE "+table)
	}
	x.ledger = NewLedger()
	rows, err := store.New(store.Config{DSN: x.dsn}, slog.New(slog.DiscardHandler), nil)
	must(t, err)
	defer rows.Close()
	var batch store.Batch
	r := rand.New(rand.NewPCG(1, 1))
	for c := range 20 {
		batch = x.customer(t, r, fmt.Sprint("c", c), batch)
	}
	must(t, rows.Write(t.Context(), &batch))
}

// customer adds one customer's touchpoints and rows to a batch, and to the ledger.
func (x *tables) customer(t *testing.T, r *rand.Rand, id string, batch store.Batch) store.Batch {
	t.Helper()
	base := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	var set journey.Set
	for n := range 12 {
		tp := &touchpoint.Touchpoint{
			Site: "main", MessageId: fmt.Sprint(id, "-", n), AnonymousId: id, Type: "track", Event: "x", Stage: uint32(r.IntN(6)),
			OccurredAt: base + r.Int64N(6*3600_000), Channel: "email", Source: "http",
		}
		tp.ReceivedAt = (tp.OccurredAt + 1000) * 1000
		batch.Touchpoints = append(batch.Touchpoints, &store.TouchpointRow{
			Touchpoint: tp, Bucket: tp.Customer().Bucket(), Stage: stages.Stage(tp.Stage), Version: 1,
		})
		set.Add(&journey.Touch{
			MessageID: journey.PackMessageID(tp.MessageId), OccurredAt: tp.OccurredAt, ReceivedAt: tp.ReceivedAt,
			Stage: stages.Stage(tp.Stage), Channel: "email",
		})
		x.ledger.Sent(Event{"main", tp.MessageId, id, "x", tp.OccurredAt, uint8(tp.Stage)})
		x.ledger.Acknowledged("main", tp.MessageId)
	}
	set.Sort()
	var built, out journey.Rows
	options := journey.Options{SessionGap: 30 * 60_000, JourneyTimeout: 30 * 24 * 3600_000, RepeatIsLoyalty: true}
	journey.NewBuilder(&options).Build(touchpoint.Customer{Site: "main", Kind: touchpoint.KindAnonymous, ID: id}, &set, &built)
	journey.Diff(&journey.Rows{}, &built, &out)
	batch.Sessions = append(batch.Sessions, out.Sessions...)
	batch.Journeys = append(batch.Journeys, out.Journeys...)
	batch.Transitions = append(batch.Transitions, out.Transitions...)
	return batch
}

// again inserts rows of a table once more with some columns changed, as of a version that wins.
func again(table, columns, where string) string {
	return fmt.Sprintf("INSERT INTO %s SELECT * REPLACE (%s, version + 1 AS version) FROM (SELECT * FROM %s FINAL WHERE %s ORDER BY ALL LIMIT 1)",
		table, columns, table, where)
}

// TestEachBreachIsFound breaks good tables in every way that the check is there to find.
func TestEachBreachIsFound(t *testing.T) {
	x := newTables(t)
	for _, tt := range []struct {
		name  string
		broke func()
		want  map[Kind][]string // where it must be found; nothing else may be
	}{
		{"good", func() {}, nil},
		{"touchpoint lost", func() {
			x.exec(t, again("touchpoints_log", "1 AS is_deleted", "message_id = 'c3-7'"))
		}, map[Kind][]string{Lost: {"touchpoints"}}},
		{"touchpoint twice", func() {
			x.exec(t, again("touchpoints_log", "occurred_at + INTERVAL 1 DAY AS occurred_at", "message_id = 'c3-7'"))
		}, map[Kind][]string{Duplicated: {"touchpoints"}}},
		{"touchpoint that nobody sent", func() {
			x.exec(t, again("touchpoints_log", "'unheard' AS message_id", "message_id = 'c3-7'"))
		}, map[Kind][]string{Phantom: {"touchpoints"}}},
		{"touchpoint at another time", func() {
			x.exec(t, again("touchpoints_log", "occurred_at + INTERVAL 1 SECOND AS occurred_at", "message_id = 'c3-7'"))
		}, map[Kind][]string{Reordered: {"touchpoints"}}},
		{"touchpoint of another customer", func() {
			x.exec(t, again("touchpoints_log", "1 AS is_deleted", "message_id = 'c3-7'"))
			x.exec(t, again("touchpoints_log", "'c4' AS customer_id, 'c3-7' AS message_id", "message_id = 'c4-7'"))
		}, map[Kind][]string{Reordered: {"touchpoints"}}},
		{"session lost", func() {
			x.exec(t, again("sessions_log", "1 AS is_deleted", "customer_id = 'c3'"))
		}, map[Kind][]string{Lost: {"sessions"}}},
		{"session without touchpoints", func() {
			x.exec(t, again("sessions_log", "generateUUIDv4() AS session_id", "customer_id = 'c3'"))
		}, map[Kind][]string{Phantom: {"sessions"}}},
		{"session twice", func() {
			x.exec(t, again("sessions_log", "started_at - INTERVAL 40 DAY AS started_at", "customer_id = 'c3'"))
		}, map[Kind][]string{Duplicated: {"sessions"}}},
		{"session counts wrongly", func() {
			x.exec(t, again("sessions_log", "toUInt32(touchpoints + 1) AS touchpoints", "customer_id = 'c3'"))
		}, map[Kind][]string{Reordered: {"sessions"}}},
		{"journey of an older set", func() {
			x.exec(t, again("journeys_log", "arrayPopBack(touch_at) AS touch_at, toUInt32(touchpoints - 1) AS touchpoints", "customer_id = 'c3'"))
		}, map[Kind][]string{Reordered: {"journeys"}}},
		{"journey lost", func() {
			x.exec(t, again("journeys_log", "1 AS is_deleted", "customer_id = 'c3'"))
		}, map[Kind][]string{Lost: {"journeys"}}},
		{"transitions in another order", func() {
			x.exec(t, again("stage_transitions_log", "toUInt32(seq + 1) AS seq", "customer_id = 'c3'"))
		}, map[Kind][]string{Reordered: {"stage_transitions"}}},
		{"transition that no touch made", func() {
			x.exec(t, again("stage_transitions_log", "generateUUIDv4() AS transition_id", "customer_id = 'c3'"))
		}, map[Kind][]string{Phantom: {"stage_transitions"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x.fill(t)
			tt.broke()
			v, err := Tables(t.Context(), x.dsn, sites.Default(), x.ledger)
			must(t, err)
			if tt.want == nil && !v.Good() {
				t.Fatal(v)
			}
			for kind, names := range tt.want {
				for _, name := range names {
					if !v.has(kind, name) {
						t.Errorf("%s in %s was not found: %s", kind, name, v)
					}
				}
			}
			if v.Rows["sessions"] < 20 || v.Rows["touchpoints"] < 200 {
				t.Errorf("too little was compared: %v", v.Rows)
			}
		})
	}
}

func (v *Verdict) has(kind Kind, table string) bool {
	for _, f := range v.Findings {
		if f.Kind == kind && f.Table == table {
			return true
		}
	}
	return false
}

// TestAcknowledgedAndGone: an event that is nowhere shows only in the ledger.
func TestAcknowledgedAndGone(t *testing.T) {
	l := NewLedger()
	l.Sent(Event{Site: "main", MessageID: "a"}, Event{Site: "main", MessageID: "b"}, Event{Site: "main", MessageID: "c"})
	l.Acknowledged("main", "a")
	l.Acknowledged("main", "b")
	v := &Verdict{}
	l.compare([]Event{{Site: "main", MessageID: "b"}, {Site: "main", MessageID: "b"}, {Site: "main", MessageID: "d"}}, v)
	if v.Count(Lost) != 1 || v.Count(Duplicated) != 1 || v.Count(Phantom) != 1 || v.Count(Reordered) != 0 {
		t.Error(v)
	}
	if !strings.Contains(v.String(), "a was acknowledged") {
		t.Error(v)
	}
}
