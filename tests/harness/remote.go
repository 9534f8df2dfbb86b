package harness

import (
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
)

// NewServicesAt is NewServices with a Kafka that runs already. The topics are created by the program itself, with so many
// partitions.
func NewServicesAt(t testing.TB, sites string, remote kafkaconn.Config, partitions string, variables ...string) *Services {
	t.Helper()
	s := newServices(t, sites, append(KafkaVariables(remote), append(variables, "KAFKA_PARTITIONS="+partitions)...))
	conn, err := remote.Open()
	must(t, err)
	s.remote, s.Kafka = &conn, strings.Join(remote.Brokers, ",")
	// The first seconds of a cluster are part of what is tested: this waits for it as a user's would.
	if out, err := s.Command(t.Context(), "topics", "create"); err != nil {
		t.Fatalf("topics create: %v\n%s", err, out)
	}
	s.startRest(t)
	return s
}

// Set changes variables, without their prefix, for what is started from now on.
func (p *Pipeline) Set(variables ...string) {
	for _, v := range variables {
		p.env = append(p.env, "THROUGHLINE_"+v)
	}
}

// KafkaVariables names a Kafka to the program's commands, without the prefix.
func KafkaVariables(c kafkaconn.Config) (all []string) {
	for name, value := range map[string]string{
		"BROKERS": strings.Join(c.Brokers, ","), "TLS": c.TLS, "TLS_CA_FILE": c.CAFile, "TLS_SERVER_NAME": c.ServerName,
		"SASL_MECHANISM": c.Mechanism, "SASL_USER": c.User, "SASL_PASSWORD": c.Password,
	} {
		if value != "" {
			all = append(all, "KAFKA_"+name+"="+value)
		}
	}
	return all
}

// KafkaClient is one for the pipeline's Kafka.
func (p *Pipeline) KafkaClient() *kafka.Client {
	conn := kafkaconn.Conn{Brokers: strings.Split(p.Kafka, ",")}
	if p.remote != nil {
		conn = *p.remote
	}
	return conn.Client(5 * time.Second)
}

// Attach is a pipeline that runs elsewhere: at gives its addresses, as they are reached from here. It is neither started nor
// stopped by the harness; commands of the program are run against it.
func Attach(t testing.TB, at Pipeline) *Pipeline {
	t.Helper()
	p := New(t, "")
	p.HTTP, p.Admin, p.ClickHouse, p.Kafka = at.HTTP, at.Admin, at.ClickHouse, at.Kafka
	p.env = append(p.env,
		"THROUGHLINE_URL=http://"+p.HTTP, "THROUGHLINE_CLICKHOUSE_DSN=http://"+p.ClickHouse+"/throughline",
		"THROUGHLINE_KAFKA_BROKERS="+p.Kafka)
	return p
}
