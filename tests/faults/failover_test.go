package faults

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

const usualFailovers = 2

var failovers = flag.Int("faults-failovers", usualFailovers, "how many processors to kill in TestFailover; the bound is checked from 3 on")

// failoverBound is what an operator is promised: the 95th percentile of the time from the death of a processor to the first new
// row of each of its partitions, by way of another processor with settings as they come.
const failoverBound = 30 * time.Second

var partitionLag = regexp.MustCompile(`(?m)^throughline_processor_lag_records\{partition="(\d+)",topic="touchpoints\.v1"\}`)

// owns lists the partitions of touchpoints that a processor owns.
func (s *service) owns(t *testing.T) (partitions []int) {
	t.Helper()
	resp, err := http.Get("http://" + s.admin + "/metrics")
	must(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(t, err)
	for _, m := range partitionLag.FindAllStringSubmatch(string(text), -1) {
		p, err := strconv.Atoi(m[1])
		must(t, err)
		partitions = append(partitions, p)
	}
	return partitions
}

// fresh lists the partitions that have rows of touchpoints received since a moment.
func (r *rig) fresh(t *testing.T, since time.Time) (partitions []string) {
	t.Helper()
	return strings.Fields((&harness.Pipeline{ClickHouse: r.clickhouse}).Query(t, fmt.Sprintf(
		"SELECT DISTINCT toString(bucket %% %d) FROM touchpoints_log WHERE received_at > fromUnixTimestamp64Micro(%d)", r.partitions, since.UnixMicro())))
}

// takenOver gives how long each of some partitions took until it had a row of a touchpoint received after a moment.
func (r *rig) takenOver(t *testing.T, partitions []int, since time.Time) (took []time.Duration) {
	t.Helper()
	harness.Eventually(t, 4*failoverBound, "new rows of every partition", func() error {
		found := r.fresh(t, since)
		partitions = slices.DeleteFunc(partitions, func(p int) bool {
			there := slices.Contains(found, strconv.Itoa(p))
			if there {
				took = append(took, time.Since(since))
			}
			return there
		})
		if len(partitions) > 0 {
			return fmt.Errorf("none of partitions %v", partitions)
		}
		return nil
	})
	return took
}

// TestFailover kills one of two processors under load, again and again, and measures how long each of its partitions goes without
// new rows. The bound holds where it was asked for a figure, with more kills than come by themselves; those say that failover works.
func TestFailover(t *testing.T) {
	t.Parallel()
	settings := []string{"PROCESSOR_SESSION_TIMEOUT=12s", "PROCESSOR_FLUSH_INTERVAL=500ms", "PROCESSOR_FLUSH_RECORDS=100000"} // as they come
	r := newRig(t, options{partitions: 4, processors: 2, env: settings, pause: 60 * time.Millisecond})
	x := r.startTraffic(t)
	random := rand.New(rand.NewPCG(*seed, 600))
	var took []time.Duration
	for n := range *failovers {
		r.assigned(t, r.processors...)
		x.more(t, 300)
		time.Sleep(time.Duration(random.IntN(4000)) * time.Millisecond) // anywhere between two heartbeats
		victim := r.processors[n%2]
		lost := victim.owns(t)
		if len(lost) == 0 {
			t.Fatal("the processor to be killed owns nothing")
		}
		died := time.Now()
		victim.kill()
		took = append(took, r.takenOver(t, lost, died)...)
		r.start(t, victim)
	}
	slices.Sort(took)
	at := func(percent int) time.Duration {
		return took[(len(took)*percent+99)/100-1].Round(10 * time.Millisecond)
	}
	t.Logf("failover of %d partitions: p50 %s, p95 %s, longest %s", len(took), at(50), at(95), at(100))
	if *failovers > usualFailovers && at(95) > failoverBound {
		t.Errorf("p95 is above %s", failoverBound)
	}
	x.stop(t)
	r.verdict(t)
}
