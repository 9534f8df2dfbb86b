package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
	shapes "github.com/throughline/throughline/deploy/topics"
)

// Kafka checks the brokers, the topics, their settings, and the processors' consumer group. shape says how the topics should be.
func Kafka(conn kafkaconn.Conn, group string, shape shapes.Config) []Check {
	k := cluster{conn: conn, group: group}
	return []Check{
		{Name: "kafka", Run: k.reach},
		{Name: "topics", After: "kafka", Run: k.asked(topicsThere)},
		{Name: "topic-settings", After: "topics", Run: func(ctx context.Context) Finding { return topicSettings(ctx, conn, shape) }},
		{Name: "topic-auto-creation", After: "kafka", Run: k.asked(autoCreation)},
		{Name: "consumer-group", After: "topics", Run: k.asked(k.groupLag)},
	}
}

type cluster struct {
	conn  kafkaconn.Conn
	group string
}

// asked runs a check with a client of its own, which is closed after it.
func (k cluster) asked(run func(context.Context, *kafka.Client) Finding) func(context.Context) Finding {
	return func(ctx context.Context) Finding {
		transport := k.conn.Transport(2 * time.Second)
		defer transport.CloseIdleConnections()
		return run(ctx, &kafka.Client{Addr: kafka.TCP(k.conn.Brokers...), Transport: transport})
	}
}

// reach dials the configured addresses, then those that the cluster itself tells clients to use.
func (k cluster) reach(ctx context.Context) Finding {
	var p problems
	for _, broker := range k.conn.Brokers {
		if err := dial(ctx, broker); err != nil {
			p.warn(fmt.Sprintf("%s: %v", broker, err), "take "+broker+" out of THROUGHLINE_KAFKA_BROKERS, or start it")
		}
	}
	if len(p.details) == len(k.conn.Brokers) {
		return fail("no broker answers: "+strings.Join(p.details, "; "),
			"start it: throughline up. When Kafka is elsewhere: set THROUGHLINE_KAFKA_BROKERS")
	}
	if k.conn.TLS == nil && k.conn.SASL != nil && k.conn.SASL.Name() == "PLAIN" {
		p.warn("the password travels in clear", "set THROUGHLINE_KAFKA_TLS=on, or THROUGHLINE_KAFKA_SASL_MECHANISM=scram-sha-512")
	}
	return k.asked(func(ctx context.Context, client *kafka.Client) Finding {
		meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{}})
		if err != nil {
			return fail(fmt.Sprintf("%s does not answer as Kafka does: %v", strings.Join(k.conn.Brokers, ","), err), k.advice(err))
		}
		for _, b := range meta.Brokers {
			addr := net.JoinHostPort(b.Host, strconv.Itoa(b.Port))
			if err := dial(ctx, addr); err != nil {
				p.fail(fmt.Sprintf("broker %d tells clients to use %s: %v", b.ID, addr, err),
					"set the broker's advertised.listeners to an address that can be reached from here")
			}
		}
		return p.or(good("%s, by way of %s", many(len(meta.Brokers), "broker"), strings.Join(k.conn.Brokers, ",")))
	})(ctx)
}

// advice says what to do about an error of the first question.
func (k cluster) advice(err error) string {
	hungUp := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
	switch todo := kafkaconn.Advice(err); {
	case hungUp && k.conn.SASL != nil:
		return "the broker hung up: see whether THROUGHLINE_KAFKA_SASL_USER, _PASSWORD and _MECHANISM are right"
	case hungUp && k.conn.TLS != nil:
		return "the broker hung up: name its TLS port in THROUGHLINE_KAFKA_BROKERS, or set THROUGHLINE_KAFKA_TLS=off"
	case todo != "":
		return todo
	}
	return "see whether the address is Kafka's, and whether it wants TLS or a password"
}

func dial(ctx context.Context, addr string) error {
	conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

// autoCreation looks whether asking for a misspelt topic makes one.
func autoCreation(ctx context.Context, client *kafka.Client) Finding {
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{}})
	if err != nil {
		return fail(fmt.Sprintf("list of brokers: %v", err), "see the broker's log")
	}
	var p problems
	known := 0
	for _, b := range meta.Brokers {
		settings, err := describe(ctx, client, kafka.ResourceTypeBroker, strconv.Itoa(b.ID))
		if err != nil {
			return skip("the settings of the brokers cannot be read: %v", err)
		}
		switch settings["auto.create.topics.enable"] {
		case "true":
			p.warn(fmt.Sprintf("broker %d creates topics that anybody asks for, with settings of its own", b.ID),
				"set auto.create.topics.enable=false in its configuration")
			known++
		case "false":
			known++
		}
	}
	if known == 0 {
		return skip("the brokers do not tell; the one of 'throughline up' has it off")
	}
	return p.or(good("off"))
}

// describe gives the settings of a topic or a broker.
func describe(ctx context.Context, client *kafka.Client, kind kafka.ResourceType, name string) (map[string]string, error) {
	answer, err := client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{ResourceType: kind, ResourceName: name}},
	})
	if err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for _, r := range answer.Resources {
		if r.Error != nil {
			return nil, r.Error
		}
		for _, entry := range r.ConfigEntries {
			settings[entry.ConfigName] = entry.ConfigValue
		}
	}
	return settings, nil
}
