//go:build unix

package doctor

import (
	"context"
	"fmt"
	"syscall"
)

// spareFiles are for the log, the state's tables, and connections to Kafka and ClickHouse.
const spareFiles = 1024

// OpenFiles checks that the process may open as many files as connections are allowed.
func OpenFiles(name string, connections int) Check {
	return Check{Name: name, Run: func(context.Context) Finding {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			return skip("the limit cannot be read: %v", err)
		}
		need := uint64(connections) + spareFiles
		detail := fmt.Sprintf("%d may be open", limit.Cur)
		if limit.Cur >= need {
			return good("%s", detail)
		}
		return Finding{Verdict: Warn, Detail: fmt.Sprintf("%s, but %d connections and %d others may be wanted", detail, connections, spareFiles), ToDo: []string{
			fmt.Sprintf("raise it for the collector: ulimit -n %d, or LimitNOFILE=%d in its systemd unit; or lower THROUGHLINE_COLLECTOR_MAX_CONNECTIONS", need, need),
		}}
	}}
}
