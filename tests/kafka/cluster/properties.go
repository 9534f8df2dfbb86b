package cluster

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// The users of a secure cluster, by SASL mechanism the same.
const (
	User     = "throughline"
	Password = "only-for-tests"
	inside   = "between-brokers"
)

// properties is the server.properties of one broker, which is a controller as well. Files on the disk are small and
// background work is frequent, so that tests need not wait for what takes minutes in production.
func (c *Cluster) properties(b *Broker) string {
	all := map[string]string{
		"process.roles": "broker,controller", "node.id": fmt.Sprint(b.ID), "log.dirs": filepath.Join(b.dir, "data"),
		"controller.listener.names": "CONTROLLER", "controller.quorum.voters": c.voters(),
		"auto.create.topics.enable":                        "false",
		"offsets.topic.num.partitions":                     "4",
		"offsets.topic.replication.factor":                 fmt.Sprint(len(c.Brokers)),
		"default.replication.factor":                       fmt.Sprint(len(c.Brokers)),
		"min.insync.replicas":                              fmt.Sprint(max(1, len(c.Brokers)-1)),
		"transaction.state.log.num.partitions":             "4",
		"transaction.state.log.replication.factor":         fmt.Sprint(len(c.Brokers)),
		"transaction.state.log.min.isr":                    "1",
		"share.coordinator.state.topic.replication.factor": fmt.Sprint(len(c.Brokers)),
		"share.coordinator.state.topic.min.isr":            "1",
		"group.initial.rebalance.delay.ms":                 "0",
		"log.retention.check.interval.ms":                  "500",
		"log.initial.task.delay.ms":                        "500",
		"log.cleaner.backoff.ms":                           "300",
		"log.cleaner.dedupe.buffer.size":                   "8388608",
		"log.segment.delete.delay.ms":                      "500",
		"broker.heartbeat.interval.ms":                     "500",
		"broker.session.timeout.ms":                        "3000",
		"controlled.shutdown.enable":                       "true",
		"num.network.threads":                              "2",
		"num.io.threads":                                   "4",
	}
	plain := "PLAINTEXT://" + b.plain
	secure := "SASL_SSL://" + b.secure
	maps.Copy(all, map[string]string{
		"listeners":                      plain + "," + secure + ",CONTROLLER://" + b.controller,
		"advertised.listeners":           plain + "," + secure,
		"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
		"inter.broker.listener.name":     "PLAINTEXT",
	})
	if c.options.OnlySecure {
		all["listeners"] = secure + ",CONTROLLER://" + b.controller
		all["advertised.listeners"] = secure
		all["inter.broker.listener.name"] = "SASL_SSL"
		all["sasl.mechanism.inter.broker.protocol"] = "PLAIN"
	}
	maps.Copy(all, c.security())
	maps.Copy(all, c.options.Settings)
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&out, "%s=%s\n", name, all[name])
	}
	return out.String()
}

// security is TLS by PEM files, and SASL by SCRAM; PLAIN as well, by which brokers know one another from the first moment.
func (c *Cluster) security() map[string]string {
	const module = "org.apache.kafka.common.security."
	users := fmt.Sprintf(`%splain.PlainLoginModule required username="%s" password="%s" user_%s="%s" user_%s="%s";`,
		module, inside, Password, inside, Password, User, Password)
	return map[string]string{
		"ssl.keystore.type": "PEM", "ssl.keystore.location": filepath.Join(c.dir, brokerFile),
		"ssl.truststore.type": "PEM", "ssl.truststore.location": filepath.Join(c.dir, caFile),
		"sasl.enabled.mechanisms":                               "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
		"listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": module + "scram.ScramLoginModule required;",
		"listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": module + "scram.ScramLoginModule required;",
		"listener.name.sasl_ssl.plain.sasl.jaas.config":         users,
	}
}

func (c *Cluster) voters() string {
	var all []string
	for _, b := range c.Brokers {
		all = append(all, fmt.Sprintf("%d@%s", b.ID, b.controller))
	}
	return strings.Join(all, ",")
}
