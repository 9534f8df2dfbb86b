package production

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	schema "github.com/throughline/throughline/schemas/clickhouse"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/tests/faults/check"
	"github.com/throughline/throughline/tests/harness"
)

// clustered starts a pipeline whose tables are those of a cluster of so many shards.
func clustered(t *testing.T, n int) *harness.Services {
	t.Helper()
	s := harness.NewServicesConfigured(t, "", shards(n))
	for _, sql := range migration(t, schema.Form{Cluster: "main", Database: "journeys"}) {
		ask(t, "http://"+s.ClickHouse, oneServer(sql))
	}
	return s
}

// post lets shoppers in until so many requests are answered, and waits until everything is in the tables.
func post(t *testing.T, s *harness.Services, ledger *check.Ledger, prefix, requests int) {
	t.Helper()
	b := newBalancer(s.AddCollector(t, prefix))
	b.ready[0].Store(true)
	load := &shoppers{balancer: b, ledger: ledger, trouble: map[string]int{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var posting sync.WaitGroup
	for n := range 4 {
		posting.Go(func() { load.run(ctx, 10*prefix+n) })
	}
	load.more(t, int64(requests))
	stop()
	posting.Wait()
	if said := load.said(); said != "" {
		t.Error(said)
	}
	s.CaughtUp(t, 2*time.Minute)
}

// intact wants every acknowledged event in the tables once, and the derived rows to be those that the rules give.
func intact(t *testing.T, dsn string, ledger *check.Ledger) {
	t.Helper()
	verdict, err := check.Tables(t.Context(), dsn, sites.Default(), ledger)
	if err != nil {
		t.Fatal(err)
	}
	sent, acknowledged := ledger.Count()
	t.Logf("%d events sent, %d acknowledged; %s", sent, acknowledged, verdict)
	if !verdict.Good() || acknowledged == 0 {
		t.Error(verdict)
	}
}

// TestClusterFormWorks runs a processor on the tables of a cluster of one shard: it writes and reads back by way of
// Distributed tables, and restores its state from them.
func TestClusterFormWorks(t *testing.T) {
	t.Parallel()
	s := clustered(t, 1)
	dsn := "http://" + s.ClickHouse + "/journeys"
	variable := "CLICKHOUSE_DSN=" + dsn
	processor := s.AddProcessor(t, 1, variable)
	ledger := check.NewLedger()
	post(t, s, ledger, 1, 50)
	intact(t, dsn, ledger)
	processor.Kill()
	if err := os.RemoveAll(s.StateDir(1)); err != nil {
		t.Fatal(err)
	}
	processor.Start(t)
	post(t, s, ledger, 2, 50)
	intact(t, dsn, ledger)
	if n := ask(t, "http://"+s.ClickHouse, "SELECT count() > 0 FROM journeys.touchpoints_shard"); n != "1" {
		t.Error("the rows are not on the shard")
	}
	processor.Stop(t)
}

// TestViewsOfSeveralShards asks every view of a cluster of two shards. Both are one server here, so rows count twice; what is
// looked for is a question that ClickHouse refuses to send to several shards.
func TestViewsOfSeveralShards(t *testing.T) {
	t.Parallel()
	s := clustered(t, 2)
	server := "http://" + s.ClickHouse
	processor := s.AddProcessor(t, 1, "CLICKHOUSE_DSN="+server+"/journeys")
	post(t, s, check.NewLedger(), 1, 5)
	// The control: such a question is refused here as on two servers.
	control := "SELECT count() FROM journeys.sessions_log WHERE customer_id IN (SELECT customer_id FROM journeys.touchpoints_log)"
	answer, err := http.Post(server+"/", "text/plain", strings.NewReader(control))
	if err != nil || answer.Header.Get("X-ClickHouse-Exception-Code") != "288" { // DISTRIBUTED_IN_JOIN_SUBQUERY_DENIED
		t.Errorf("the control is answered: %v %v", answer, err)
	}
	views := strings.Fields(ask(t, server, "SELECT name FROM system.tables WHERE database = 'journeys' AND engine = 'View' ORDER BY name"))
	if len(views) < 8 {
		t.Errorf("only %v", views)
	}
	for _, view := range views {
		t.Run(view, func(t *testing.T) {
			definition := ask(t, server, "SELECT create_table_query FROM system.tables WHERE database = 'journeys' AND name = '"+view+"'")
			if text := ask(t, server, "SELECT * FROM journeys."+view+arguments(definition)+" LIMIT 3"); text == "" && view == "touchpoints" {
				t.Error("no rows")
			}
		})
	}
	processor.Stop(t)
}

// arguments gives values for the parameters of a view.
func arguments(definition string) string {
	values := map[string]string{
		"model": "'linear'", "String": "'main'", "DateTime": "'2020-01-01'", "Date": "'2020-01-01'", "Array(String)": "['Product Viewed', 'Product Added']",
	}
	var all []string
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`\{(\w+):([\w()]+?)(\(\d.*?\))?\}`).FindAllStringSubmatch(definition, -1) {
		if seen[m[1]] {
			continue
		}
		seen[m[1]] = true
		value := cmp.Or(values[m[1]], values[strings.TrimSuffix(m[2], "64")], "1800")
		all = append(all, m[1]+" = "+value)
	}
	if len(all) == 0 {
		return ""
	}
	return "(" + strings.Join(all, ", ") + ")"
}
