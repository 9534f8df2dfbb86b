package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/throughline/throughline/deploy/topics"
	schema "github.com/throughline/throughline/schemas/topics"
)

// alterTopic changes a setting of the topic of touchpoints behind the command's back.
func alterTopic(t *testing.T, brokers []string, name, value string) {
	t.Helper()
	client := &kafka.Client{Addr: kafka.TCP(brokers...), Transport: &kafka.Transport{}}
	res, err := client.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: schema.Touchpoints,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: name, Value: value}},
		}},
	})
	if err == nil {
		err = res.Resources[0].Error
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTopics(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	t.Setenv("THROUGHLINE_KAFKA_BROKERS", strings.Join(cluster.ListenAddrs(), ","))
	expect := func(code int, args string, says ...string) string {
		t.Helper()
		got, out, errs := run(append([]string{"topics"}, strings.Fields(args)...)...)
		if got != code {
			t.Errorf("topics %s: exit code %d, want %d:\n%s%s", args, got, code, out, errs)
		}
		for _, want := range says {
			if !strings.Contains(out+errs, want) {
				t.Errorf("topics %s does not say %q:\n%s%s", args, want, out, errs)
			}
		}
		return out
	}
	expect(exitFailed, "verify", "touchpoints.v1", "missing", "throughline topics create")
	expect(exitOK, "", "missing")
	expect(exitOK, "create", "partitions", "12", "copies", "min.insync.replicas")
	expect(exitOK, "create")
	if out := expect(exitOK, "verify"); strings.Contains(out, "DIFFERS") {
		t.Error(out)
	}

	alterTopic(t, cluster.ListenAddrs(), "retention.ms", "60000")
	alterTopic(t, cluster.ListenAddrs(), "min.insync.replicas", "1")
	expect(exitFailed, "verify", "retention.ms", "60000", "≥ 604800000", "loses what it has not read", "survive the loss of a broker", "What to do")
	var answer struct {
		Good bool
		Rows []topics.Row
	}
	if err := json.Unmarshal([]byte(expect(exitFailed, "verify --json")), &answer); err != nil || answer.Good || len(answer.Rows) < 8 {
		t.Errorf("as JSON: %v, %+v", err, answer)
	}
	expect(exitOK, "create")
	for _, longer := range []string{"-1", "9999999999"} {
		alterTopic(t, cluster.ListenAddrs(), "retention.ms", longer)
		expect(exitOK, "create", longer)
	}

	t.Setenv("THROUGHLINE_KAFKA_PARTITIONS", "16")
	expect(exitFailed, "verify", "topics grow --partitions 16")
	expect(exitFailed, "create", "number of partitions differs", "grow --partitions 16", "THROUGHLINE_KAFKA_PARTITIONS")
	expect(exitUsage, "grow", "partitions")
	expect(exitUsage, "grow --partitions 0", "at least 1")
	expect(exitOK, "grow --partitions 16", "--yes", "Restart the collectors")
	expect(exitFailed, "verify")
	expect(exitOK, "grow --partitions 16 --yes", "touchpoints.v1: 16 partitions, there were 12")
	expect(exitOK, "verify")
	expect(exitFailed, "grow --partitions 4 --yes", "cannot be taken away")
	t.Setenv("THROUGHLINE_KAFKA_PARTITIONS", "8")
	expect(exitFailed, "verify", "cannot be taken away: set THROUGHLINE_KAFKA_PARTITIONS=16")
	t.Setenv("THROUGHLINE_KAFKA_PARTITIONS", "-1")
	expect(exitUsage, "verify", "THROUGHLINE_KAFKA_PARTITIONS must be 0 or more")
}

func TestTopicsCopies(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(4, schema.Touchpoints))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cfg := topics.Config{Brokers: cluster.ListenAddrs(), Replication: 5}
	rows, err := topics.Inspect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Topic == schema.Touchpoints && r.What == "copies" && (r.Good || r.Should != "5" || !strings.Contains(r.ToDo, "kafka-reassign-partitions.sh")) {
			t.Errorf("too few copies are not seen: %+v", r)
		}
		if r.Topic == schema.Touchpoints && r.What == "partitions" && (!r.Good || r.Is != "4") {
			t.Errorf("without a number configured the topic's own is right: %+v", r)
		}
		if r.Topic == schema.Rejected && r.What == "topic" && r.Good {
			t.Errorf("a missing topic is good: %+v", r)
		}
	}
}

func TestTopicsWithoutKafka(t *testing.T) {
	t.Setenv("THROUGHLINE_KAFKA_BROKERS", "127.0.0.1:1")
	if code, _, errs := run("topics"); code != exitFailed || !strings.Contains(errs, "refused") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
