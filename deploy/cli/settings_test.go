package cli

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

// TestVariableOfAnotherType is told of by its name and value.
func TestVariableOfAnotherType(t *testing.T) {
	t.Setenv("THROUGHLINE_UP_PARTITIONS", "many")
	var out, errs bytes.Buffer
	const want = `configuration: THROUGHLINE_UP_PARTITIONS="many": not of type int`
	if code := Main([]string{"up"}, &out, &errs); code != exitUsage || !strings.Contains(errs.String(), want) {
		t.Errorf("exit %d, %s", code, errs.String())
	}
}

// TestAddressTaken names the variables that give another one; other errors lead to the doctor.
func TestAddressTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = net.Listen("tcp", taken.Addr().String())
	if got := adviceFor(errors.Join(errors.New("another"), fmt.Errorf("broker: %w", err))); !strings.Contains(got, "THROUGHLINE_UP_KAFKA_LISTEN") {
		t.Errorf("%v: %s", err, got)
	}
	if got := adviceFor(errors.New("another")); !strings.Contains(got, "throughline doctor") {
		t.Error(got)
	}
}
