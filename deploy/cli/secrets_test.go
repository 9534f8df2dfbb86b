package cli

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Whatever goes wrong with an address, its password is not shown.
func TestPasswordsAreNotShown(t *testing.T) {
	t.Chdir(t.TempDir())
	const secret = "s3cret-of-the-writer"
	t.Setenv("THROUGHLINE_CLICKHOUSE_DSN", "http://writer:"+secret+"@127.0.0.1:1/throughline")
	t.Setenv("THROUGHLINE_KAFKA_BROKERS", "127.0.0.1:1")
	t.Setenv("THROUGHLINE_KAFKA_SASL_MECHANISM", "plain")
	t.Setenv("THROUGHLINE_KAFKA_SASL_USER", "writer")
	t.Setenv("THROUGHLINE_KAFKA_SASL_PASSWORD", secret)
	t.Setenv("THROUGHLINE_LOG_LEVEL", "debug")
	t.Setenv("THROUGHLINE_PROCESSOR_ADMIN_LISTEN", "127.0.0.1:0")
	if out := runUntil(t, "waiting for ClickHouse", "processor"); strings.Contains(out, secret) {
		t.Errorf("processor shows the password:\n%s", out)
	}
	for _, args := range [][]string{{"migrate"}, {"funnel"}, {"doctor"}, {"doctor", "--json"}} {
		code, out, said := run(args...)
		if code == exitOK {
			t.Errorf("%v went well with nothing there", args)
		}
		if strings.Contains(out+said, secret) {
			t.Errorf("%v shows the password:\n%s%s", args, out, said)
		}
	}
	for _, dsn := range []string{"http://writer:" + secret + "@[::1", "ftp://writer:" + secret + "@host/db", "http://writer:" + secret + "@host:port/db"} {
		t.Setenv("THROUGHLINE_CLICKHOUSE_DSN", dsn)
		for _, command := range []string{"processor", "migrate"} {
			if _, out, said := run(command); strings.Contains(out+said, secret) {
				t.Errorf("%s shows the password of %s:\n%s%s", command, dsn, out, said)
			}
		}
	}
}

// runUntil runs a command line until it has said something, and gives all it said.
func runUntil(t *testing.T, text string, args ...string) string {
	t.Helper()
	var said lockedBuffer
	ended := make(chan int, 1)
	go func() { ended <- Main(args, &said, &said) }()
	for !strings.Contains(said.String(), text) {
		select {
		case code := <-ended:
			t.Fatalf("%v ended with %d before it said %q:\n%s", args, code, text, said.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := <-ended; code != exitOK {
		t.Errorf("%v ended with %d when it was asked to", args, code)
	}
	return said.String()
}
