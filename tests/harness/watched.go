package harness

import (
	"testing"

	"github.com/throughline/throughline/deploy/embedded/broker"
	"github.com/throughline/throughline/tests/ports"
)

// StartWatched starts a processor with a state folder of its own and gives the address of its metrics, too. Further variables come
// as NAME=value without the prefix.
func (s *Services) StartWatched(t testing.TB, number int, variables ...string) (*Process, string) {
	t.Helper()
	admin := ports.For(t)
	env := append(append([]string{}, s.env...),
		"THROUGHLINE_PROCESSOR_STATE_DIR="+s.StateDir(number), "THROUGHLINE_PROCESSOR_ADMIN_LISTEN="+admin,
		"THROUGHLINE_PROCESSOR_SESSION_TIMEOUT=6s")
	for _, v := range variables {
		env = append(env, "THROUGHLINE_"+v)
	}
	return launch(t, s.logFile, env, "processor"), admin
}

// Broker is the broker that runs now, nil while Kafka is away.
func (s *Services) Broker() *broker.Broker { return s.broker }
