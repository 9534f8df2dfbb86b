package doctor

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/deploy/kafkaconn"
	shapes "github.com/throughline/throughline/deploy/topics"
	"github.com/throughline/throughline/schemas/topics"
)

const group = "processors"

// realBroker is the broker of 'up'.
func realBroker(t *testing.T) *broker.Broker {
	t.Helper()
	b, err := broker.New(broker.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", Partitions: 2}, nil)
	if err == nil {
		err = b.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// bareCluster has brokers, and only the topics that options name.
func bareCluster(t *testing.T, options ...kfake.Opt) (*kfake.Cluster, []string) {
	t.Helper()
	c, err := kfake.NewCluster(append(options, kfake.NumBrokers(1))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, c.ListenAddrs()
}

func TestKafkaGood(t *testing.T) {
	b := realBroker(t)
	checks := Kafka(kafkaconn.Conn{Brokers: []string{b.Addr()}}, group, shapes.Config{})
	expect(t, run(t, checks, "kafka"), OK, "1 broker")
	expect(t, run(t, checks, "topics"), OK, "touchpoints.v1 with 2 partitions", "rejected.v1 with 1 partition")
	expect(t, run(t, checks, "topic-settings"), OK)
	expect(t, run(t, checks, "topic-auto-creation"), Skipped, "do not tell")
}

func TestKafkaNotThere(t *testing.T) {
	checks := Kafka(kafkaconn.Conn{Brokers: []string{free(t)}}, group, shapes.Config{})
	expect(t, run(t, checks, "kafka"), Fail, "connection refused", "throughline up")
	for _, name := range []string{"topics", "topic-settings", "topic-auto-creation", "consumer-group"} {
		expect(t, run(t, checks, name), Skipped, "see ")
	}
	_, brokers := bareCluster(t)
	expect(t, run(t, Kafka(kafkaconn.Conn{Brokers: append(brokers, free(t))}, group, shapes.Config{}), "kafka"), Warn, "connection refused", "take ")
}

func TestKafkaIsSomethingElse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_ = conn.Close()
		}
	}()
	found := Run(t.Context(), Kafka(kafkaconn.Conn{Brokers: []string{l.Addr().String()}}, group, shapes.Config{}), 500*time.Millisecond)
	expect(t, found[0], Fail, "does not answer as Kafka does")
}

func TestKafkaAdvertisesAnUnreachableAddress(t *testing.T) {
	c, brokers := bareCluster(t)
	host, port, err := net.SplitHostPort(free(t))
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	c.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		answer := request.ResponseKind().(*kmsg.MetadataResponse)
		answer.Brokers = []kmsg.MetadataResponseBroker{{NodeID: 7, Host: host, Port: int32(number)}}
		answer.ControllerID = 7
		return answer, nil, true
	})
	expect(t, run(t, Kafka(kafkaconn.Conn{Brokers: brokers}, group, shapes.Config{}), "kafka"), Fail, "broker 7 tells clients to use", "advertised.listeners")
}

func TestTopicsMissing(t *testing.T) {
	_, brokers := bareCluster(t, kfake.SeedTopics(3, topics.Touchpoints))
	found := run(t, Kafka(kafkaconn.Conn{Brokers: brokers}, group, shapes.Config{}), "topics")
	expect(t, found, Fail, "topic rejected.v1 does not exist", "throughline topics create")
	expect(t, run(t, Kafka(kafkaconn.Conn{Brokers: brokers}, group, shapes.Config{}), "topic-settings"), Skipped, "see topics")
}

func TestTopicSettingsDiffer(t *testing.T) {
	_, brokers := bareCluster(t, kfake.SeedTopics(3, topics.Touchpoints, topics.Rejected))
	found := run(t, Kafka(kafkaconn.Conn{Brokers: brokers}, group, shapes.Config{}), "topic-settings")
	expect(t, found, Fail, "touchpoints.v1 has max.message.bytes ", "not ≥ 8388608", "throughline topics create")

	b := realBroker(t)
	alter(t, b.Addr(), "retention.ms", "60000")
	expect(t, run(t, Kafka(kafkaconn.Conn{Brokers: []string{b.Addr()}}, group, shapes.Config{}), "topic-settings"), Warn, "retention.ms 60000, not ≥ 604800000")
	alter(t, b.Addr(), "cleanup.policy", "compact")
	expect(t, run(t, Kafka(kafkaconn.Conn{Brokers: []string{b.Addr()}}, group, shapes.Config{}), "topic-settings"), Fail, "cleanup.policy compact, not delete")
}

func alter(t *testing.T, addr, name, value string) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(addr), Transport: transport}
	answer, err := client.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topics.Touchpoints,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: name, Value: value, ConfigOperation: kafka.ConfigOperationSet}},
		}},
	})
	if err == nil {
		err = answer.Resources[0].Error
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTopicsWithoutLeaders(t *testing.T) {
	var p problems
	one := kafka.Broker{ID: 1, Host: "a"}
	health(&p, kafka.Topic{Name: "x", Partitions: []kafka.Partition{
		{Leader: one, Replicas: []kafka.Broker{one}, Isr: []kafka.Broker{one}},
		{Replicas: []kafka.Broker{one}},
	}})
	expect(t, p.or(good("")), Fail, "1 of 2 partitions of x have no leader", "1 of 2 partitions of x have copies that are behind")
}

func TestAutoCreation(t *testing.T) {
	for value, verdict := range map[string]Verdict{"true": Warn, "false": OK} {
		c, brokers := bareCluster(t)
		c.ControlKey(int16(kmsg.DescribeConfigs), func(request kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			answer := request.ResponseKind().(*kmsg.DescribeConfigsResponse)
			answer.Resources = []kmsg.DescribeConfigsResponseResource{{
				ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: "0",
				Configs: []kmsg.DescribeConfigsResponseResourceConfig{{Name: "auto.create.topics.enable", Value: &value}},
			}}
			return answer, nil, true
		})
		expect(t, run(t, Kafka(kafkaconn.Conn{Brokers: brokers}, group, shapes.Config{}), "topic-auto-creation"), verdict)
	}
}

func TestConsumerGroup(t *testing.T) {
	b := realBroker(t)
	checks := Kafka(kafkaconn.Conn{Brokers: []string{b.Addr()}}, group, shapes.Config{})
	produce(t, b.Addr(), 3)
	expect(t, run(t, checks, "consumer-group"), Fail, "no processor is in group processors", "waiting: 3 records", "throughline processor")
	if where := GroupElsewhere(kafkaconn.Conn{Brokers: []string{b.Addr()}}, group)(t.Context()); where != "" {
		t.Errorf("elsewhere: %q", where)
	}

	member, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: []string{b.Addr()}, Topics: []string{topics.Touchpoints}, JoinGroupBackoff: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer member.Close()
	generation, err := member.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, run(t, checks, "consumer-group"), OK, "1 processor in group processors; waiting: 3 records")
	if where := GroupElsewhere(kafkaconn.Conn{Brokers: []string{b.Addr()}}, group)(t.Context()); where == "" {
		t.Error("the member is not seen")
	}
	commit := func(offset int64) {
		if err := generation.CommitOffsets(map[string]map[int]int64{topics.Touchpoints: {0: offset}}); err != nil {
			t.Fatal(err)
		}
	}
	commit(3)
	expect(t, run(t, checks, "consumer-group"), OK, "waiting: 0 records")
	commit(1)
	forget(t, b.Addr(), 2)
	expect(t, run(t, checks, "consumer-group"), Fail, "retention has removed 1 record that no processor had read")
}

func produce(t *testing.T, addr string, n int) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(addr), Transport: transport}
	for range n {
		answer, err := client.Produce(t.Context(), &kafka.ProduceRequest{
			Topic: topics.Touchpoints, Partition: 0, RequiredAcks: kafka.RequireAll,
			Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte("x"))}),
		})
		if err == nil {
			err = answer.Error
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// forget removes the records of partition 0 before an offset, as retention does.
func forget(t *testing.T, addr string, before int64) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	request := kmsg.NewPtrDeleteRecordsRequest()
	request.TimeoutMillis = 5000
	request.Topics = []kmsg.DeleteRecordsRequestTopic{{
		Topic: topics.Touchpoints, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Partition: 0, Offset: before}},
	}}
	answer, err := request.RequestWith(t.Context(), client)
	if err != nil || answer.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("%v, %+v", err, answer)
	}
}
