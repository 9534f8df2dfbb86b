package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// thing is a collector with its broker.
type thing struct {
	*Collector
	registry *prometheus.Registry
}

func startBroker(t testing.TB, dir, listen string) *broker.Broker {
	t.Helper()
	b, err := broker.New(broker.Config{DataDir: dir, Listen: listen, Partitions: 4}, slog.New(slog.DiscardHandler))
	if err == nil {
		err = b.Start(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func startCollector(t testing.TB, brokerAddr string, change func(*Config)) *thing {
	t.Helper()
	cfg := defaults(t)
	cfg.Listen, cfg.AdminListen, cfg.SpoolDir, cfg.Brokers = "127.0.0.1:0", "127.0.0.1:0", t.TempDir(), []string{brokerAddr}
	cfg.DeliveryTimeout = 2 * time.Second
	if change != nil {
		change(&cfg)
	}
	x := &thing{registry: prometheus.NewRegistry()}
	var err error
	x.Collector, err = New(cfg, Deps{Logger: slog.New(slog.DiscardHandler), Registerer: x.registry, Gatherer: x.registry, Sites: sites.Default(), RulesVersion: "r1"})
	if err == nil {
		err = x.Start(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *thing) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := x.Stop(ctx); err != nil {
		t.Error(err)
	}
}

type verdicts struct {
	Accepted, Rejected, Retry int
	Results                   []struct{ Status, Reason, Field string }
}

// client opens no connections before they are needed, and none stay for other tests.
func client(t testing.TB) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (x *thing) post(t testing.TB, c *http.Client, body string) (int, verdicts) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+x.PublicAddr()+"/v1/touchpoints", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer local")
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
	}()
	var v verdicts
	if err := json.NewDecoder(answer.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, v
}

func (x *thing) admin(t testing.TB, path string) (int, string) {
	t.Helper()
	answer, err := client(t).Get("http://" + x.AdminAddr() + path)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err == nil {
		err = answer.Body.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// log reads all records of a topic and holds each to its partition.
func readLog(t testing.TB, addr, topic string, partitions int) []*touchpoint.Record {
	t.Helper()
	var all []*touchpoint.Record
	for p := range partitions {
		conn, err := kafka.DialLeader(t.Context(), "tcp", addr, topic, p)
		if err != nil {
			t.Fatal(err)
		}
		first, last, err := conn.ReadOffsets()
		if err != nil {
			t.Fatal(err)
		}
		for ; first < last; first++ {
			m, err := conn.ReadMessage(1 << 20)
			if err != nil {
				t.Fatal(err)
			}
			record := new(touchpoint.Record)
			if err := record.UnmarshalVT(m.Value); err != nil {
				t.Fatal(err)
			}
			if touch := record.GetTouchpoint(); touch != nil {
				if bucket := touch.Customer().Bucket(); topics.Partition(bucket, partitions) != int32(p) || string(m.Key) != string(topics.Key(bucket)) {
					t.Errorf("customer of bucket %d lies in partition %d with key %x", bucket, p, m.Key)
				}
			}
			all = append(all, record)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	return all
}

func page(id string) string {
	return fmt.Sprintf(`{"message_id":%q,"type":"page","anonymous_id":"visitor-%s"}`, id, id)
}

func ids(records []*touchpoint.Record) map[string]int {
	count := make(map[string]int)
	for _, r := range records {
		count[r.GetTouchpoint().MessageId]++
	}
	return count
}
