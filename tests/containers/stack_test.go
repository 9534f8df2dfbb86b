package containers

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	dockernet "github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/ports"
	"github.com/throughline/throughline/tests/suite"
)

// stack is a pipeline of containers on a network of their own: Kafka, the store, a collector and two processors.
type stack struct {
	*harness.Pipeline
	images     images
	network    string
	sites      string
	containers map[string]testcontainers.Container
}

const (
	startLimit   = 3 * time.Minute // for a busy machine
	engineInside = "/engine/libchdb.so"
)

// newStack starts the servers, creates topics and tables by the program's own commands, and starts the services.
func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{images: daemon.images(t), containers: map[string]testcontainers.Container{}}
	ctx := t.Context()
	own, err := network.New(ctx)
	must(t, err)
	s.network = own.Name
	// After the containers: cleanups run last in, first out.
	t.Cleanup(func() { must(t, own.Remove(context.Background())) })
	s.sites = filepath.Join(t.TempDir(), "sites.yaml")
	must(t, os.WriteFile(s.sites, []byte(suite.Sites), 0o644))
	s.Pipeline = harness.Attach(t, harness.Pipeline{HTTP: ports.For(t), Admin: ports.For(t), ClickHouse: ports.For(t), Kafka: ports.For(t)})
	s.startKafka(t)
	s.startStore(t)
	s.job(t, "topics", "create")
	s.job(t, "migrate")
	s.service(t, "collector", nil, map[string]string{"8080/tcp": s.HTTP, "8081/tcp": s.Admin})
	s.service(t, "processor", nil, nil)
	s.service(t, "processor", nil, nil, "processor2")
	return s
}

// startKafka has two listeners: one for the other containers, and one that is mapped to loopback.
func (s *stack) startKafka(t *testing.T) {
	t.Helper()
	s.start(t, "kafka", testcontainers.ContainerRequest{
		Image: s.images.kafka,
		Env: map[string]string{
			"KAFKA_NODE_ID": "1", "KAFKA_PROCESS_ROLES": "broker,controller",
			"KAFKA_LISTENERS":                        "PLAINTEXT://:9092,OUTSIDE://:9094,CONTROLLER://:9093",
			"KAFKA_ADVERTISED_LISTENERS":             "PLAINTEXT://kafka:9092,OUTSIDE://" + s.Kafka,
			"KAFKA_LISTENER_SECURITY_PROTOCOL_MAP":   "PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
			"KAFKA_INTER_BROKER_LISTENER_NAME":       "PLAINTEXT",
			"KAFKA_CONTROLLER_LISTENER_NAMES":        "CONTROLLER",
			"KAFKA_CONTROLLER_QUORUM_VOTERS":         "1@localhost:9093",
			"KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1", "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
			"KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1", "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
			"KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0", "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
		},
	}, map[string]string{"9094/tcp": s.Kafka})
}

// startStore serves ClickHouse: by its own image, or by the engine library in ours.
func (s *stack) startStore(t *testing.T) {
	t.Helper()
	ports := map[string]string{"8123/tcp": s.ClickHouse}
	if s.images.clickhouse != "" {
		s.start(t, "clickhouse", testcontainers.ContainerRequest{
			Image: s.images.clickhouse, Env: map[string]string{"CLICKHOUSE_SKIP_USER_SETUP": "1"},
		}, ports)
	} else {
		s.service(t, "serve-engine", []string{"--listen", "0.0.0.0:8123", "--data", "/var/lib/throughline/clickhouse"}, ports, "clickhouse")
	}
	harness.Eventually(t, startLimit, "the store answers", func() error {
		out, err := s.Command(t.Context(), "funnel")
		if err == nil || strings.Contains(out, "UNKNOWN") { // the tables are not there yet
			return nil
		}
		return fmt.Errorf("%w: %s", err, out)
	})
}

// environment of our own containers.
func (s *stack) environment() map[string]string {
	return map[string]string{
		"THROUGHLINE_KAFKA_BROKERS": "kafka:9092", "THROUGHLINE_KAFKA_PARTITIONS": "6",
		"THROUGHLINE_CLICKHOUSE_DSN": "http://clickhouse:8123/throughline", "THROUGHLINE_SITES_FILE": "/etc/throughline/sites.yaml",
		"THROUGHLINE_PROCESSOR_SESSION_TIMEOUT": "6s", "LIBCHDB": engineInside,
	}
}

// ours is a container of the program as production has it: nobody's root, nothing to write to but its volume.
func (s *stack) ours(t *testing.T, command []string) testcontainers.ContainerRequest {
	t.Helper()
	engine := library(t)
	return testcontainers.ContainerRequest{
		Image: s.images.program, Cmd: command, Env: s.environment(), Tmpfs: map[string]string{"/tmp": ""},
		HostConfigModifier: func(h *container.HostConfig) {
			h.ReadonlyRootfs, h.CapDrop, h.SecurityOpt = true, []string{"ALL"}, []string{"no-new-privileges:true"}
			h.Binds = append(h.Binds, s.sites+":/etc/throughline/sites.yaml:ro", engine+":"+engineInside+":ro")
		},
	}
}

// job runs a command to its end; it must succeed.
func (s *stack) job(t *testing.T, command ...string) {
	t.Helper()
	req := s.ours(t, command)
	req.WaitingFor = wait.ForExit().WithExitTimeout(startLimit)
	c := s.start(t, "job-"+strings.Join(command, "-"), req, nil)
	state, err := c.State(t.Context())
	must(t, err)
	if state.ExitCode != 0 {
		t.Fatalf("%v: exit code %d\n%s", command, state.ExitCode, logs(c))
	}
}

// service runs a command for the rest of the test and waits until its own healthcheck is content.
func (s *stack) service(t *testing.T, command string, args []string, ports map[string]string, alias ...string) {
	t.Helper()
	req := s.ours(t, append([]string{command}, args...))
	if command != "serve-engine" { // it has no address for operators
		req.WaitingFor = wait.ForHealthCheck().WithStartupTimeout(startLimit)
		req.ConfigModifier = func(c *container.Config) { // the image's own check, more often
			c.Healthcheck = &container.HealthConfig{Interval: time.Second, Timeout: 10 * time.Second, Retries: 100}
		}
	}
	s.start(t, append(alias, command)[0], req, ports)
}

// start starts a container with fixed ports on loopback, so that it has them again when it has been killed.
func (s *stack) start(t *testing.T, name string, req testcontainers.ContainerRequest, ports map[string]string) testcontainers.Container {
	t.Helper()
	req.Networks, req.NetworkAliases = []string{s.network}, map[string][]string{s.network: {name}}
	modify := req.HostConfigModifier
	for inside := range ports {
		req.ExposedPorts = append(req.ExposedPorts, inside)
	}
	req.HostConfigModifier = func(h *container.HostConfig) {
		if modify != nil {
			modify(h)
		}
		h.PortBindings = bindings(ports)
	}
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{ContainerRequest: req, Started: true})
	if c != nil {
		s.containers[name] = c
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("log of %s:\n%s", name, logs(c))
			}
			_, err := docker(context.Background(), "rm", "--force", "--volumes", c.GetContainerID())
			must(t, err)
		})
	}
	if err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	return c
}

func bindings(ports map[string]string) dockernet.PortMap {
	out := dockernet.PortMap{}
	for inside, outside := range ports {
		at := netip.MustParseAddrPort(outside)
		out[dockernet.MustParsePort(inside)] = []dockernet.PortBinding{{HostIP: at.Addr(), HostPort: fmt.Sprint(at.Port())}}
	}
	return out
}

// logs are the end of what a container has said.
func logs(c testcontainers.Container) string {
	r, err := c.Logs(context.Background())
	if err != nil {
		return err.Error()
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

// kill ends a container at once and starts it again.
func (s *stack) kill(t *testing.T, name string) {
	t.Helper()
	t.Logf("killing %s", name)
	id := s.containers[name].GetContainerID()
	_, err := docker(t.Context(), "kill", id)
	must(t, err)
	time.Sleep(2 * time.Second) // away for a moment
	_, err = docker(t.Context(), "start", id)
	must(t, err)
}
