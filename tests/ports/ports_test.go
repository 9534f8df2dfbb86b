package ports

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asked tells the test binary to print addresses as another process would be given them.
const asked = "THROUGHLINE_TEST_PORTS"

// TestNobodyElseIsGivenThem: two processes are given different addresses, all of them free, and none twice.
func TestNobodyElseIsGivenThem(t *testing.T) {
	const each = 100
	if os.Getenv(asked) != "" {
		for range each {
			os.Stdout.WriteString(For(t) + "\n")
		}
		return
	}
	given := map[string]bool{}
	for range each {
		given[For(t)] = true
	}
	other := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	other.Env = append(os.Environ(), asked+"=1")
	out, err := other.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "127.") {
			given[strings.TrimSpace(line)] = true
		}
	}
	if len(given) != 2*each {
		t.Fatalf("%d different addresses of %d", len(given), 2*each)
	}
	for addr := range given {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Error(err)
			continue
		}
		l.Close()
	}
}

// TestManyTests: however many tests ask one after another, each is given one.
func TestManyTests(t *testing.T) {
	for range 2000 {
		if !t.Run("", func(t *testing.T) { For(t) }) {
			return
		}
	}
}
