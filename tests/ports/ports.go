// Package ports gives tests addresses on loopback for programs that are started, ended and started again: none comes in, and what
// goes out is an address that belongs to the asking test or process. A port that the system chose for a listener which was closed
// would not do: the system may give it to the next connection that anybody opens. These lie outside of the range that connections
// are given ports from, and no other process that asks here is given the same.
package ports

import (
	"fmt"
	"testing"

	"github.com/hashicorp/consul/sdk/freeport"
)

// Addr is an address that nobody listens on, 127.0.0.1:port, for as long as the process lives. There are some 1,500, and it waits
// for one when all are taken; the error says that others listen on every one of them.
func Addr() (string, error) {
	port, err := take()
	return addr(port), err
}

// For is Addr for as long as a test lasts. The port is given again after all others, and only when nobody listens on it.
func For(t testing.TB) string {
	t.Helper()
	port, err := take()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { freeport.Return([]int{port}) })
	return addr(port)
}

func take() (int, error) {
	ports, err := freeport.Take(1)
	if err != nil {
		return 0, err
	}
	return ports[0], nil
}

func addr(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
