package e2e

import (
	"bufio"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// shuffled writes a copy of a gzipped CSV file with its rows in random order and some of them twice.
func shuffled(t *testing.T, file string, r *rand.Rand, duplicates float64) string {
	t.Helper()
	in, err := os.Open(file)
	must(t, err)
	defer in.Close()
	unzipped, err := gzip.NewReader(in)
	must(t, err)
	lines := bufio.NewScanner(unzipped)
	lines.Scan()
	header := lines.Text()
	var rows []string
	for lines.Scan() {
		rows = append(rows, lines.Text())
		if r.Float64() < duplicates {
			rows = append(rows, lines.Text())
		}
	}
	must(t, lines.Err())
	r.Shuffle(len(rows), func(i, k int) { rows[i], rows[k] = rows[k], rows[i] })
	path := filepath.Join(t.TempDir(), "shuffled.csv")
	out, err := os.Create(path)
	must(t, err)
	w := bufio.NewWriter(out)
	for _, row := range append([]string{header}, rows...) {
		_, err := io.WriteString(w, row+"\n")
		must(t, err)
	}
	must(t, w.Flush())
	must(t, out.Close())
	return path
}

// TestOrderDuplicatesAndBatchesDoNotMatter imports the rows shuffled and with 5 % of them twice, in requests of 7 and flushes
// of at most 5,000 records, and wants the tables of the plain import.
func TestOrderDuplicatesAndBatchesDoNotMatter(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	want := undisturbed(t)
	file := shuffled(t, dataset(t, "google-merch-events.csv.gz"), rand.New(rand.NewPCG(seed, 1)), 0.05)
	p := harness.New(t, sites, "PROCESSOR_FLUSH_RECORDS=5000", "UP_PARTITIONS=3")
	p.Start(t)
	importFile(t, p, file, "google-merch-events.yaml", "merch-import", " 0 rejected", "--batch", "7", "--in-flight", "16")
	p.CaughtUp(t, 5*time.Minute)
	sameTables(t, p.Tables(t, "merch"), want)
}

// TestSingleEventRequests imports a data set in order and, into another pipeline, shuffled with one event a request.
func TestSingleEventRequests(t *testing.T) {
	const seed = 12
	t.Logf("seed %d", seed)
	plain := dataset(t, "webtrackr.csv.gz")
	a, b := harness.New(t, sites), harness.New(t, sites, "PROCESSOR_FLUSH_RECORDS=100", "PROCESSOR_FLUSH_INTERVAL=20ms")
	a.Start(t)
	importFile(t, a, plain, "webtrackr.yaml", "webtrackr-import", "49612 accepted")
	a.CaughtUp(t, time.Minute)
	want := a.Tables(t, "web")
	a.Kill()
	b.Start(t)
	file := shuffled(t, plain, rand.New(rand.NewPCG(seed, 1)), 0.05)
	importFile(t, b, file, "webtrackr.yaml", "webtrackr-import", " 0 rejected", "--batch", "1", "--in-flight", "32")
	b.CaughtUp(t, 5*time.Minute)
	sameTables(t, b.Tables(t, "web"), want)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
