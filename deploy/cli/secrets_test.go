package cli

import (
	"strings"
	"testing"
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
	for _, args := range [][]string{{"processor"}, {"migrate"}, {"funnel"}, {"doctor"}, {"doctor", "--json"}} {
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
