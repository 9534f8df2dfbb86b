package doctor

import (
	"errors"
	"testing"
)

func TestEnvironment(t *testing.T) {
	known := []string{"THROUGHLINE_LOG_LEVEL", "THROUGHLINE_KAFKA_BROKERS", "THROUGHLINE_URL"}
	for name, c := range map[string]struct {
		set      []string
		problems []error
		verdict  Verdict
		texts    []string
	}{
		"good":            {set: []string{"PATH=/bin", "THROUGHLINE_URL=x"}, verdict: OK, texts: []string{"3 variables, 1 set"}},
		"misspelt":        {set: []string{"THROUGHLINE_KAFKA_BROKER=x"}, verdict: Warn, texts: []string{"rename THROUGHLINE_KAFKA_BROKER to THROUGHLINE_KAFKA_BROKERS"}},
		"one too many":    {set: []string{"THROUGHLINE_LOG_LEVELL=x"}, verdict: Warn, texts: []string{"to THROUGHLINE_LOG_LEVEL"}},
		"unlike any":      {set: []string{"THROUGHLINE_SOMETHING_ELSE_ENTIRELY=x"}, verdict: Warn, texts: []string{"unset THROUGHLINE_SOMETHING"}},
		"no prefix":       {set: []string{"LOG_LEVEL=warning"}, verdict: OK},
		"prefix and none": {set: []string{"LOG_LEVEL=warning", "THROUGHLINE_LOG_LEVEL=info"}, verdict: OK},
		"by Kubernetes": {set: []string{
			"THROUGHLINE_PORT=tcp://10.0.0.1:8080", "THROUGHLINE_SERVICE_HOST=10.0.0.1", "THROUGHLINE_COLLECTOR_SERVICE_PORT_HTTP=1",
			"THROUGHLINE_PORT_8080_TCP_ADDR=10.0.0.1", "THROUGHLINE_COLLECTOR_PORT_8080_TCP=x",
		}, verdict: OK},
		"does not parse": {set: nil, problems: []error{errors.New("X=abc: not a number")}, verdict: Fail, texts: []string{"not a number"}},
	} {
		t.Run(name, func(t *testing.T) {
			check := Environment{Prefix: "THROUGHLINE_", Known: known, Set: c.set, Problems: c.problems}.Check("configuration")
			expect(t, check.Run(t.Context()), c.verdict, c.texts...)
		})
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
