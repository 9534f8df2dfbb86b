package production

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/throughline/throughline/deploy/doctor"
	shape "github.com/throughline/throughline/deploy/topics"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/tests/harness"
)

// secret is a password that must show up nowhere.
const secret = "kept-to-ourselves"

// kafkaMistakes are those of brokers and topics.
var kafkaMistakes = []misconfiguration{
	{"a wrong broker address", func(t *testing.T, _ *harness.Pipeline) []string { return []string{"KAFKA_BROKERS=" + free(t)} },
		"kafka", doctor.Fail, "no broker answers", "THROUGHLINE_KAFKA_BROKERS"},
	{"an address that is not Kafka's", func(t *testing.T, good *harness.Pipeline) []string {
		return []string{"KAFKA_BROKERS=" + good.ClickHouse}
	},
		"kafka", doctor.Fail, "does not answer as Kafka does", ""},
	{"advertised listeners that lead nowhere", func(t *testing.T, _ *harness.Pipeline) []string {
		host, port, _ := net.SplitHostPort(free(t))
		n, _ := strconv.Atoi(port)
		return brokers(cluster(t, nil, func(c *kfake.Cluster) {
			c.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				answer := request.ResponseKind().(*kmsg.MetadataResponse)
				answer.Brokers = []kmsg.MetadataResponseBroker{{NodeID: 7, Host: host, Port: int32(n)}}
				answer.ControllerID = 7
				return answer, nil, true
			})
		}))
	}, "kafka", doctor.Fail, "broker 7 tells clients to use", "advertised.listeners"},
	{"a topic that is not there", func(t *testing.T, _ *harness.Pipeline) []string {
		return brokers(cluster(t, []kfake.Opt{kfake.SeedTopics(4, topics.Touchpoints)}))
	}, "topics", doctor.Fail, "topic rejected.v1 does not exist", "throughline topics create"},
	{"too few partitions", set("KAFKA_PARTITIONS=8"), "topic-settings", doctor.Fail, "touchpoints.v1 has partitions 4, not 8", "throughline topics grow --partitions 8"},
	{"retention that is too short", func(t *testing.T, _ *harness.Pipeline) []string { return altered(t, "retention.ms", "86400000") },
		"topic-settings", doctor.Warn, "retention.ms 86400000, not ≥ 604800000", "throughline topics create"},
	{"batches that are refused", func(t *testing.T, _ *harness.Pipeline) []string { return altered(t, "max.message.bytes", "1048588") },
		"topic-settings", doctor.Fail, "max.message.bytes 1048588, not ≥ 8388608", "throughline topics create"},
	{"a compacted topic", func(t *testing.T, _ *harness.Pipeline) []string { return altered(t, "cleanup.policy", "compact") },
		"topic-settings", doctor.Fail, "cleanup.policy compact, not delete", "throughline topics create"},
	{"one copy in sync is enough", func(t *testing.T, _ *harness.Pipeline) []string { return altered(t, "min.insync.replicas", "1") },
		"topic-settings", doctor.Fail, "min.insync.replicas 1, not ≥ 2", "throughline topics create"},
	{"topics that make themselves", func(t *testing.T, _ *harness.Pipeline) []string {
		return brokers(cluster(t, nil, func(c *kfake.Cluster) { tell(c, "auto.create.topics.enable", "true") }))
	}, "topic-auto-creation", doctor.Warn, "creates topics that anybody asks for", "auto.create.topics.enable=false"},
	{"more processors than partitions", func(t *testing.T, _ *harness.Pipeline) []string {
		c := cluster(t, []kfake.Opt{kfake.SeedTopics(1, topics.Touchpoints, topics.Rejected)})
		join(t, c, "throughline-processor")
		join(t, c, "throughline-processor")
		return brokers(c)
	}, "consumer-group", doctor.Warn, "2 processors in group throughline-processor, but touchpoints.v1 has 1 partition", "throughline topics grow"},
	{"another group than the processors'", set("PROCESSOR_GROUP=processors-of-somebody"), "consumer-group", doctor.Fail, "no processor is in group processors-of-somebody", "throughline processor"},
	{"a wrong password for Kafka", func(t *testing.T, _ *harness.Pipeline) []string {
		c := cluster(t, []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "throughline", "right")})
		return brokers(c, "KAFKA_SASL_MECHANISM=scram-sha-256", "KAFKA_SASL_USER=throughline", "KAFKA_SASL_PASSWORD="+secret)
	}, "kafka", doctor.Fail, "does not answer as Kafka does", "THROUGHLINE_KAFKA_SASL_USER"},
	{"a password in clear", func(t *testing.T, _ *harness.Pipeline) []string {
		c := cluster(t, []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("PLAIN", "throughline", secret)})
		return brokers(c, "KAFKA_SASL_MECHANISM=plain", "KAFKA_SASL_USER=throughline", "KAFKA_SASL_PASSWORD="+secret)
	}, "kafka", doctor.Warn, "the password travels in clear", "THROUGHLINE_KAFKA_TLS=on"},
	{"TLS to a port without", set("KAFKA_TLS=on"), "kafka", doctor.Fail, "does not answer as Kafka does", "THROUGHLINE_KAFKA_TLS"},
	{"an expired certificate", func(t *testing.T, _ *harness.Pipeline) []string {
		c := cluster(t, []kfake.Opt{kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate(t, -time.Hour)}})})
		return brokers(c, "KAFKA_TLS=on")
	}, "certificates", doctor.Fail, "has expired on", "renew the certificate of that broker"},
	{"a certificate that expires next week", func(t *testing.T, _ *harness.Pipeline) []string {
		c := cluster(t, []kfake.Opt{kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate(t, 7*24*time.Hour)}})})
		return brokers(c, "KAFKA_TLS=on")
	}, "certificates", doctor.Warn, "expires on", "renew the certificate of that broker"},
	{"an authority that nobody knows", func(t *testing.T, _ *harness.Pipeline) []string {
		c := cluster(t, []kfake.Opt{kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate(t, time.Hour)}})})
		return brokers(c, "KAFKA_TLS=on")
	}, "kafka", doctor.Fail, "unknown authority", "THROUGHLINE_KAFKA_TLS_CA_FILE"},
}

// cluster is a Kafka of one broker that does what it is told.
func cluster(t *testing.T, options []kfake.Opt, then ...func(*kfake.Cluster)) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for _, do := range then {
		do(c)
	}
	return c
}

func brokers(c *kfake.Cluster, more ...string) []string {
	return append(more, "KAFKA_BROKERS="+strings.Join(c.ListenAddrs(), ","))
}

// tell has the brokers say that they have a setting.
func tell(c *kfake.Cluster, name, value string) {
	c.ControlKey(int16(kmsg.DescribeConfigs), func(request kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		answer := request.ResponseKind().(*kmsg.DescribeConfigsResponse)
		answer.Resources = []kmsg.DescribeConfigsResponseResource{{
			ResourceType: kmsg.ConfigResourceTypeBroker, ResourceName: "0",
			Configs: []kmsg.DescribeConfigsResponseResourceConfig{{Name: name, Value: &value}},
		}}
		return answer, nil, true
	})
}

// altered is a cluster of three brokers with the right topics, but for one setting.
func altered(t *testing.T, name, value string) []string {
	t.Helper()
	c := cluster(t, []kfake.Opt{kfake.NumBrokers(3)})
	if err := shape.Ensure(t.Context(), shape.Config{Brokers: c.ListenAddrs(), Partitions: 4}); err != nil {
		t.Fatal(err)
	}
	client := kafka.Client{Addr: kafka.TCP(c.ListenAddrs()...), Timeout: 10 * time.Second}
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
	return brokers(c)
}

// join adds a member to a consumer group until the test ends.
func join(t *testing.T, c *kfake.Cluster, group string) {
	t.Helper()
	member, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: group, Brokers: c.ListenAddrs(), Topics: []string{topics.Touchpoints}, JoinGroupBackoff: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { member.Close() })
	joined := make(chan error, 1)
	go func() {
		for first := true; ; first = false {
			generation, err := member.Next(t.Context())
			if first {
				joined <- err
			}
			if err != nil {
				return
			}
			_ = generation // it holds it until the next one
		}
	}()
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
}

// certificate is a self-signed one for 127.0.0.1 that is good for so long from now on, and has been for a day.
func certificate(t *testing.T, left time.Duration) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(left),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}))
	if err != nil {
		t.Fatal(fmt.Errorf("make a certificate: %w", err))
	}
	return pair
}
