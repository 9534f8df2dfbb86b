package faults

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/deploy/migrate"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/tests/faults/check"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/ports"
)

// options of a rig; the zero value is two partitions, one collector and one processor.
type options struct {
	partitions, collectors, processors int
	// kfake puts the broker into the test's own process, so that it can be told to answer wrongly.
	kfake bool
	// How long clients pause between two posts; default 15 ms.
	pause time.Duration
	// Folders to use in place of new ones; dir is for all that have none of their own.
	dir, spoolDir, stateDir, engineDir string
	// Further variables of collectors and processors, NAME=value without the prefix.
	env []string
}

// rig is the pipeline in parts: each collector and processor and, usually, the broker is a process of its own, and
// whatever goes to Kafka or ClickHouse goes through a proxy.
type rig struct {
	options
	logFile    string
	kafka      string // where the broker listens
	link       *link  // the way to it
	broker     *process
	inside     *broker.Broker
	engine     *engine.Engine
	clickhouse string // where the engine listens
	gateway    *gateway
	collectors []*service
	processors []*service
	ledger     *check.Ledger
	traffics   int // that were started
}

// service is a collector or a processor with its addresses and its folder.
type service struct {
	*process
	kind, admin, http, dir string
	env                    []string
	// How far its clock is wrong.
	skew time.Duration
}

func newRig(t testing.TB, o options) *rig {
	t.Helper()
	o.partitions, o.collectors, o.processors = max(o.partitions, 2), max(o.collectors, 1), max(o.processors, 1)
	if o.dir == "" {
		o.dir = t.TempDir()
	}
	r := &rig{options: o, logFile: filepath.Join(t.TempDir(), "log"), kafka: ports.For(t), clickhouse: ports.For(t), ledger: check.NewLedger()}
	t.Cleanup(func() { r.end(t) })
	r.link = newLink(t, r.kafka)
	r.gateway = newGateway(t, r.clickhouse)
	r.startBroker(t)
	r.startEngine(t)
	_, err := migrate.Apply(t.Context(), r.engine.DSN(), migrate.Options{Fsync: true})
	must(t, err)
	for range o.collectors {
		r.addCollector(t)
	}
	for range o.processors {
		r.addProcessor(t)
	}
	for _, c := range r.collectors {
		r.ready(t, c)
	}
	return r
}

// end kills what is left and shows what the parts have said when the test has failed.
func (r *rig) end(t testing.TB) {
	for _, s := range append(r.collectors, r.processors...) {
		s.signal(syscall.SIGCONT)
		s.kill()
	}
	r.stopBroker(t)
	if r.engine != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_ = r.engine.Stop(ctx) // killed at times
	}
	if text, err := os.ReadFile(r.logFile); t.Failed() && err == nil {
		t.Logf("what the parts have said:\n%s", text[max(0, len(text)-12_000):])
	}
}

// startBroker starts the broker on its folder and address, and waits until it listens.
func (r *rig) startBroker(t testing.TB) {
	t.Helper()
	folder := filepath.Join(r.dir, "kafka")
	if r.kfake {
		b, err := broker.New(broker.Config{DataDir: folder, Listen: r.kafka, Advertise: r.link.addr, Partitions: r.partitions}, slog.New(slog.DiscardHandler))
		must(t, err)
		must(t, b.Start(t.Context()))
		r.inside = b
		return
	}
	r.broker = launch(t, r.logFile, os.Environ(), os.Args[0], brokerArgument, folder, r.kafka, r.link.addr, strconv.Itoa(r.partitions))
	harness.Eventually(t, 20*time.Second, "the broker listens", func() error {
		c, err := net.Dial("tcp", r.kafka)
		if err == nil {
			_ = c.Close()
		}
		return err
	})
}

func (r *rig) stopBroker(t testing.TB) {
	t.Helper()
	if r.inside != nil {
		must(t, r.inside.Stop())
		r.inside = nil
	}
	r.broker.kill()
	r.broker = nil
}

func (r *rig) startEngine(t testing.TB) {
	t.Helper()
	lib, err := libchdb.Find()
	must(t, err)
	folder := r.engineDir
	if folder == "" {
		folder = filepath.Join(r.dir, "clickhouse")
	}
	r.engine, err = engine.Start(t.Context(), engine.Config{
		LibPath: lib, DataDir: folder, Listen: r.clickhouse, Command: []string{engineArgument},
		MaxMemory: 1<<30 + uint64(*events)<<10, // the check joins whole tables
	})
	must(t, err)
}

// stopEngine takes ClickHouse away until startEngine.
func (r *rig) stopEngine(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	must(t, r.engine.Stop(ctx))
}

// addCollector starts one more collector; ready waits for it.
func (r *rig) addCollector(t testing.TB) *service {
	t.Helper()
	s := &service{kind: "collector", admin: ports.For(t), http: ports.For(t), dir: r.spoolDir}
	if s.dir == "" {
		s.dir = filepath.Join(r.dir, fmt.Sprint("spool", len(r.collectors)))
	}
	s.env = r.environ("COLLECTOR_LISTEN="+s.http, "COLLECTOR_ADMIN_LISTEN="+s.admin, "COLLECTOR_SPOOL_DIR="+s.dir, "COLLECTOR_DELIVERY_TIMEOUT=3s")
	r.collectors = append(r.collectors, s)
	r.start(t, s)
	return s
}

// addProcessor starts one more processor, with a state folder of its own.
func (r *rig) addProcessor(t testing.TB) *service {
	t.Helper()
	s := &service{kind: "processor", admin: ports.For(t), dir: r.stateDir}
	if s.dir == "" {
		s.dir = filepath.Join(r.dir, fmt.Sprint("state", len(r.processors)))
	}
	s.env = r.environ("PROCESSOR_STATE_DIR="+s.dir, "PROCESSOR_ADMIN_LISTEN="+s.admin, "PROCESSOR_SESSION_TIMEOUT=6s",
		"PROCESSOR_FLUSH_INTERVAL=100ms", "PROCESSOR_FLUSH_RECORDS=500", "PROCESSOR_STATE_CACHE=8388608")
	r.processors = append(r.processors, s)
	r.start(t, s)
	return s
}

func (r *rig) environ(variables ...string) []string {
	env := append(os.Environ(), "GOMAXPROCS=2")
	variables = append(variables, "KAFKA_BROKERS="+r.link.addr, "CLICKHOUSE_DSN=http://"+r.gateway.addr+"/throughline")
	for _, v := range append(variables, r.env...) {
		env = append(env, "THROUGHLINE_"+v)
	}
	return env
}

// start starts a service that is not running.
func (r *rig) start(t testing.TB, s *service) {
	t.Helper()
	if s.skew != 0 {
		s.process = launch(t, r.logFile, s.env, os.Args[0], skewedArgument, s.skew.String())
		return
	}
	s.process = launch(t, r.logFile, s.env, harness.Binary(t), s.kind)
}

// ready waits until a service says so.
func (r *rig) ready(t testing.TB, s *service) {
	t.Helper()
	harness.Eventually(t, time.Minute, "the "+s.kind+" is ready", func() error {
		select {
		case <-s.ended:
			t.Fatalf("the %s has ended: %v", s.kind, s.err)
		default:
		}
		resp, err := http.Get("http://" + s.admin + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("status %s", resp.Status)
		}
		return nil
	})
}

// metric reads one sample of a service; labels are part of the name, as it is printed. 0 where there is none.
func (s *service) metric(name string) (value float64, err error) {
	resp, err := http.Get("http://" + s.admin + "/metrics")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if sample, found := strings.CutPrefix(line, name+" "); found {
			return strconv.ParseFloat(strings.TrimSpace(sample), 64)
		}
	}
	return 0, nil
}

// settled waits until nothing is on its way any more: the spools are empty and the processors have caught up.
func (r *rig) settled(t testing.TB, limit time.Duration) {
	t.Helper()
	r.drained(t, limit)
	(&harness.Pipeline{Kafka: r.link.addr}).CaughtUp(t, limit)
}

// drained waits until the spools are empty.
func (r *rig) drained(t testing.TB, limit time.Duration) {
	t.Helper()
	for _, c := range r.collectors {
		harness.Eventually(t, limit, "the spool is drained", func() error {
			bytes, err := c.metric("throughline_spool_used_bytes")
			if err == nil && bytes > 0 {
				err = fmt.Errorf("%.0f bytes wait", bytes)
			}
			return err
		})
	}
}

// verdict waits until everything has settled and fails the test unless the tables are what they should be.
func (r *rig) verdict(t testing.TB) {
	t.Helper()
	r.settled(t, 2*time.Minute+time.Duration(*events)*time.Millisecond)
	v, err := check.Tables(t.Context(), "http://"+r.clickhouse+"/throughline", sites.Default(), r.ledger)
	must(t, err)
	sent, acknowledged := r.ledger.Count()
	t.Logf("seed %d: %d events sent, %d acknowledged; %s", *seed, sent, acknowledged, v)
	if !v.Good() {
		t.Errorf("the guarantee does not hold (seed %d)", *seed)
	}
	if acknowledged < *events/2 || v.Rows["touchpoints"] < acknowledged {
		t.Errorf("too little was acknowledged to prove anything, or too little was looked at")
	}
}
