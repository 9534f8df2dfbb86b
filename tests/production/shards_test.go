package production

import (
	"strings"
	"testing"

	schema "github.com/throughline/throughline/schemas/clickhouse"
	"github.com/throughline/throughline/tests/faults/check"
	"github.com/throughline/throughline/tests/harness"
)

// TestMovingToOtherShards does what deploy/README.md says of adding shards: with the processor stopped, the tables are copied
// into a database of the new form, and the processor goes on there with the state that it has. Copying twice changes nothing.
func TestMovingToOtherShards(t *testing.T) {
	t.Parallel()
	s := harness.NewServicesConfigured(t, "", shards(1))
	server := "http://" + s.ClickHouse
	processor := s.AddProcessor(t, 1)
	ledger := check.NewLedger()
	post(t, s, ledger, 1, 50)
	processor.Stop(t)

	for _, sql := range migration(t, schema.Form{Cluster: "main", Database: "journeys"}) {
		ask(t, server, oneServer(sql))
	}
	tables := strings.Fields(ask(t, server, "SELECT name FROM system.tables WHERE database = 'throughline' AND name LIKE '%\\_log' ORDER BY name"))
	if len(tables) < 6 {
		t.Fatal(tables)
	}
	for range 2 {
		for _, table := range tables {
			ask(t, server, "INSERT INTO journeys."+table+" SELECT * FROM throughline."+table)
		}
	}
	moved := s.AddProcessor(t, 1, "CLICKHOUSE_DSN="+server+"/journeys")
	post(t, s, ledger, 2, 50)
	intact(t, server+"/journeys", ledger)
	moved.Stop(t)
}
