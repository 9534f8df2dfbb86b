// Package ports gives tests addresses on loopback for programs that are started, ended and started again: none comes in, and what
// goes out is an address that belongs to the asking process for as long as it lives. A port that the system chose for a listener
// which was closed would not do: the system may give it to the next connection that anybody opens. These lie outside of the range
// that connections are given ports from, and no other process that asks here is given the same.
package ports

import (
	"fmt"
	"testing"

	"github.com/hashicorp/consul/sdk/freeport"
)

// Addr is an address that nobody listens on, 127.0.0.1:port. The error says that no port is left.
func Addr() (string, error) {
	// Never returned to freeport: what a killed program leaves in the system must not meet another test.
	port, err := freeport.Take(1)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("127.0.0.1:%d", port[0]), nil
}

// For is Addr for a test, which fails when there is none.
func For(t testing.TB) string {
	t.Helper()
	addr, err := Addr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
