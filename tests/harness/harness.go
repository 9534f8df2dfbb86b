// Package harness takes a built throughline program and gives a running pipeline to black-box tests: it is started,
// asked, killed and started again as a user's would be, by its command line, its HTTP API and its query address.
package harness

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/tests/ports"
)

// binary builds the program once for a test run.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "throughline-bin")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "throughline")
	build := exec.Command("go", "build", "-o", path, "github.com/throughline/throughline")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// Binary is the path of the program.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	must(t, err)
	return path
}

// Pipeline is one `throughline up`.
type Pipeline struct {
	Dir                            string
	HTTP, Admin, ClickHouse, Kafka string
	env                            []string
	process                        *Process
	logFile                        string
	conn                           driver.Conn
	remote                         *kafkaconn.Conn // nil for the broker of the program itself
}

// New makes a pipeline with free ports and a folder of its own; sites is the text of a sites file. It is stopped when the test
// ends. Further variables come as NAME=value without the prefix.
func New(t testing.TB, sites string, variables ...string) *Pipeline {
	t.Helper()
	dir := t.TempDir()
	p := &Pipeline{Dir: filepath.Join(dir, "data"), logFile: filepath.Join(dir, "log")}
	for _, addr := range []*string{&p.HTTP, &p.Admin, &p.ClickHouse, &p.Kafka} {
		*addr = ports.For(t)
	}
	p.env = append(os.Environ(),
		"THROUGHLINE_DATA_DIR="+p.Dir, "THROUGHLINE_COLLECTOR_LISTEN="+p.HTTP, "THROUGHLINE_COLLECTOR_ADMIN_LISTEN="+p.Admin,
		"THROUGHLINE_UP_CLICKHOUSE_LISTEN="+p.ClickHouse, "THROUGHLINE_UP_KAFKA_LISTEN="+p.Kafka,
		"THROUGHLINE_URL=http://"+p.HTTP, "THROUGHLINE_CLICKHOUSE_DSN=http://"+p.ClickHouse+"/throughline",
		"THROUGHLINE_KAFKA_BROKERS="+p.Kafka,
	)
	if sites != "" {
		file := filepath.Join(dir, "sites.yaml")
		must(t, os.WriteFile(file, []byte(sites), 0o644))
		p.env = append(p.env, "THROUGHLINE_SITES_FILE="+file)
	}
	for _, v := range variables {
		p.env = append(p.env, "THROUGHLINE_"+v)
	}
	t.Cleanup(func() {
		p.Kill()
		if p.conn != nil {
			_ = p.conn.Close()
		}
		if t.Failed() {
			t.Logf("log of the pipeline:\n%s", p.LogTail(8000))
		}
	})
	return p
}

// Start starts the pipeline and waits until it takes touchpoints.
func (p *Pipeline) Start(t testing.TB) {
	t.Helper()
	p.Launch(t)
	p.WaitReady(t)
}

// Launch starts the pipeline and does not wait.
func (p *Pipeline) Launch(t testing.TB) {
	t.Helper()
	p.process = launch(t, p.logFile, p.env, "up")
}

// WaitReady waits until the collector says that it is ready.
func (p *Pipeline) WaitReady(t testing.TB) {
	t.Helper()
	Eventually(t, time.Minute, "the pipeline is ready", func() error {
		select {
		case err := <-p.process.ended:
			t.Fatalf("the program has ended: %v\n%s", err, p.LogTail(2000))
		default:
		}
		resp, err := http.Get("http://" + p.Admin + "/readyz")
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

// Kill ends the whole program at once, as kill -9 does.
func (p *Pipeline) Kill() {
	p.process.Kill()
	p.process = nil
}

// Stop asks the program to stop and waits for it; the exit must be clean.
func (p *Pipeline) Stop(t testing.TB) {
	t.Helper()
	p.process.Stop(t)
	p.process = nil
}

// Pid of the program.
func (p *Pipeline) Pid() int { return p.process.cmd.Process.Pid }

// LogTail gives the end of what the program has written.
func (p *Pipeline) LogTail(n int) string {
	text, err := os.ReadFile(p.logFile)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-n):])
}

// Command runs another command of the program against this pipeline and gives its output and its error.
func (p *Pipeline) Command(ctx context.Context, args ...string) (string, error) {
	path, err := binary()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = p.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Conn is a connection to the tables.
func (p *Pipeline) Conn(t testing.TB) driver.Conn {
	t.Helper()
	if p.conn == nil {
		conn, err := clickhouse.Open(&clickhouse.Options{
			Protocol: clickhouse.HTTP, Addr: []string{p.ClickHouse}, Auth: clickhouse.Auth{Database: "throughline"},
			ReadTimeout: 5 * time.Minute,
		})
		must(t, err)
		p.conn = conn
	}
	return p.conn
}

// Query gives the rows of a query as text, fields separated by tabs.
func (p *Pipeline) Query(t testing.TB, sql string) string {
	t.Helper()
	resp, err := http.Post("http://"+p.ClickHouse+"/?database=throughline", "text/plain", strings.NewReader(sql))
	must(t, err)
	defer resp.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(resp.Body)
	must(t, err)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s\n%s", sql, body.String())
	}
	return strings.TrimRight(body.String(), "\n")
}

// Tables dumps every derived table of a site in order, as views show them, without what depends on the moment of asking or of
// writing: the version, and whether a journey is open now.
func (p *Pipeline) Tables(t testing.TB, site string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for view, key := range map[string]string{
		"sessions": "session_id", "journeys": "journey_id", "stage_transitions": "transition_id",
	} {
		except := "version"
		if view == "journeys" {
			except = "version, is_open, close_reason"
		}
		out[view] = p.Query(t, "SELECT * EXCEPT("+except+") FROM "+view+" WHERE site = '"+site+"' ORDER BY "+key)
	}
	out["touchpoints"] = p.Query(t, "SELECT site, customer_id, message_id, session_id, journey_id, event, stage, occurred_at "+
		"FROM touchpoints WHERE site = '"+site+"' ORDER BY customer_id, occurred_at, message_id")
	return out
}

// CaughtUp waits until everything in the topics is in the tables.
func (p *Pipeline) CaughtUp(t testing.TB, limit time.Duration) {
	t.Helper()
	client := p.KafkaClient()
	Eventually(t, limit, "the processor has caught up", func() error {
		for _, topic := range topics.All() {
			if err := behind(t.Context(), client, topic.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

// behind tells of the first partition whose end is past the group's committed offset.
func behind(ctx context.Context, client *kafka.Client, topic string) error {
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return err
	}
	var ids []int
	var ends []kafka.OffsetRequest
	for _, partition := range meta.Topics[0].Partitions {
		ids = append(ids, partition.ID)
		ends = append(ends, kafka.LastOffsetOf(partition.ID))
	}
	const group = "throughline-processor"
	committed, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: map[string][]int{topic: ids}})
	if err != nil {
		return err
	}
	listed, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: ends}})
	if err != nil {
		return err
	}
	at := map[int]int64{}
	for _, c := range committed.Topics[topic] {
		at[c.Partition] = max(0, c.CommittedOffset)
	}
	for _, end := range listed.Topics[topic] {
		if end.Error != nil {
			return end.Error
		}
		if at[end.Partition] < end.LastOffset {
			return fmt.Errorf("%s/%d stands at %d of %d", topic, end.Partition, at[end.Partition], end.LastOffset)
		}
	}
	return nil
}

// Eventually repeats check until it gives nil or the limit is over.
func Eventually(t testing.TB, limit time.Duration, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s: %v", limit, what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
