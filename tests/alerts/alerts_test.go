package alerts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"

	rules "github.com/throughline/throughline/dashboards/alerts"
	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/ports"
)

// TestMain runs the tests, or the engine where a test has started this binary as its child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == harness.EngineArgument {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// smallDisk puts everything that the test writes from now on onto a disk of its own, which the test can fill.
func smallDisk(t *testing.T) (dir string, mounted bool) {
	t.Helper()
	dir, err := os.MkdirTemp("", "alerts")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1g"); err != nil {
		if os.Getenv("REQUIRE_CONTAINERS") == "1" {
			t.Fatalf("REQUIRE_CONTAINERS=1, and no small disk can be mounted: %v", err)
		}
		t.Logf("no small disk can be mounted (%v): alerts about disks are left out", err)
		return dir, false
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	t.Setenv("TMPDIR", dir)
	return dir, true
}

// fill leaves a twentieth of the disk.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	var stat unix.Statfs_t
	must(t, unix.Statfs(dir, &stat))
	name := filepath.Join(dir, "ballast")
	file, err := os.Create(name)
	must(t, err)
	defer file.Close()
	size := (int64(stat.Bavail) - int64(stat.Blocks)/20) * stat.Bsize
	must(t, unix.Fallocate(int(file.Fd()), 0, 0, size))
	return func() { must(t, os.Remove(name)) }
}

// pages are the alerts that page.
func pages() (names []string) {
	for _, g := range rules.All() {
		for _, r := range g.Rules {
			if r.Severity == rules.Page {
				names = append(names, r.Name)
			}
		}
	}
	return names
}

const undisturbed = 30 * time.Second

func TestEachPageFiresOnItsFaultAndNoneWithout(t *testing.T) {
	needed(t, "prometheus")
	if _, err := libchdb.Find(); err != nil {
		t.Skip(err)
	}
	harness.Binary(t) // built before the disk is small
	disk, small := smallDisk(t)
	s := harness.NewServices(t, "", "COLLECTOR_SPOOL_BYTES=1048576", "COLLECTOR_MAX_BODY_BYTES=65536", "COLLECTOR_DELIVERY_TIMEOUT=5s")
	admin := ports.For(t)
	startProcessor := func() *harness.Process {
		p, _ := s.StartWatched(t, 1, "PROCESSOR_ADMIN_LISTEN="+admin)
		return p
	}
	processor := startProcessor()
	t.Cleanup(func() { processor.Kill() })
	shop := startShop(t, s.HTTP)
	harness.Eventually(t, time.Minute, "touchpoints are stored", func() error {
		if s.Query(t, "SELECT count() > 0 FROM touchpoints") != "1" {
			return fmt.Errorf("none yet")
		}
		return nil
	})
	prom := startPrometheus(t, s.Admin, admin)

	time.Sleep(undisturbed)
	if fired := prom.fired(); len(fired) > 0 {
		prom.says(t, "min_over_time(up[45s])", "max_over_time(scrape_duration_seconds[45s])", "min_over_time(scrape_samples_scraped[45s])", "ALERTS")
		t.Fatalf("nothing was disturbed, and %v fired", fired)
	}
	if n := prom.samples(t, `rate(throughline_processor_stored_touchpoints_total{site="main"}[10s]) > 1`); n == 0 {
		t.Fatal("nothing was stored either: silence says nothing")
	}

	t.Log("ClickHouse is away")
	s.StopEngine(t)
	prom.fires(t, 40*time.Second, "ThroughlineDataStale")
	s.StartEngine(t)

	t.Log("Kafka is slow, the disk nearly full")
	slow := slowBroker(s)
	empty := func() {}
	expected := []string{"ThroughlineAnswersSlow"}
	if small {
		empty = fill(t, disk)
		expected = append(expected, "ThroughlineDiskFilling", "ClickHouseDiskFilling")
	}
	prom.fires(t, 60*time.Second, expected...)
	slow.Store(false)
	empty()
	prom.ends(t, 60*time.Second, "ThroughlineDataStale")

	t.Log("the processor is gone, and Kafka removes what it has not read")
	processor.Kill()
	prom.fires(t, 90*time.Second, "ThroughlineProcessorAbsent", "ThroughlineAcceptedNotStored")
	removeRecords(t, s.Kafka)
	processor = startProcessor()
	prom.fires(t, 60*time.Second, "ThroughlineRecordsLost")

	t.Log("Kafka is away, and the spool fills")
	s.StopBroker(t)
	shop.hurry()
	prom.fires(t, 60*time.Second, "ThroughlineSpoolFilling", "ThroughlineEventsRefused")

	t.Log("the collector is gone")
	s.Collector.Kill()
	prom.fires(t, 30*time.Second, "ThroughlineCollectorAbsent")

	for _, page := range pages() {
		if !small && (page == "ThroughlineDiskFilling" || page == "ClickHouseDiskFilling") {
			continue
		}
		if !slices.Contains(prom.fired(), page) {
			t.Errorf("%s never fired: this test has no fault for it", page)
		}
	}
}

// slowBroker makes every produce request take one and a half seconds, until it is set to false.
func slowBroker(s *harness.Services) *atomic.Bool {
	var slow atomic.Bool
	slow.Store(true)
	cluster := s.Broker().Cluster()
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if slow.Load() {
			cluster.SleepControl(func() { time.Sleep(1500 * time.Millisecond) })
		}
		return nil, nil, false
	})
	return &slow
}

// removeRecords does what retention does: it removes everything that is in the log now.
func removeRecords(t *testing.T, broker string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	must(t, err)
	defer client.Close()
	request := kmsg.NewPtrDeleteRecordsRequest()
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic = topics.Touchpoints
	meta, err := (&kafka.Client{Addr: kafka.TCP(broker)}).Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{topics.Touchpoints}})
	must(t, err)
	for i := range int32(len(meta.Topics[0].Partitions)) {
		partition := kmsg.NewDeleteRecordsRequestTopicPartition()
		partition.Partition, partition.Offset = i, -1
		topic.Partitions = append(topic.Partitions, partition)
	}
	request.Topics = append(request.Topics, topic)
	request.TimeoutMillis = 5000
	response, err := request.RequestWith(t.Context(), client)
	must(t, err)
	for _, p := range response.Topics[0].Partitions {
		if p.ErrorCode != 0 {
			t.Fatalf("records of partition %d not removed: error %d", p.Partition, p.ErrorCode)
		}
	}
}
