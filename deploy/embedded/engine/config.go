// Package engine takes a data folder and gives a ClickHouse server on loopback: the engine library
// (libchdb) in a child process of the same binary, behind ClickHouse's HTTP interface.
//
// Start, in the parent, runs the binary again with a hidden subcommand, hands it the listening
// sockets, waits until it answers, and starts it again when it dies; connections made meanwhile wait
// in the sockets' queues. RunChild is what the hidden subcommand calls. A crash of the engine, or a
// signal that it catches, stays in the child; the child ends when its parent does, however that ends.
package engine

import (
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config describes an engine. The zero value of a field is its default.
type Config struct {
	LibPath string // the engine library; see package libchdb
	DataDir string // tables live here; one engine at a time
	Listen  string // TCP address, default 127.0.0.1:0

	// ReaderListen is a second address on which everybody is a reader: may query, but neither write,
	// nor reach files or other hosts. Default: none.
	ReaderListen string
	// PageAddr is the address of a web server for browsers: what is asked under /live is passed on to it, and a browser that opens
	// the address itself is led there. Statements never go that way. Default: none.
	PageAddr string
	// AdminPassword is asked of user "default", ReaderPassword of user "reader"; none when empty.
	AdminPassword, ReaderPassword string

	MaxMemory      uint64        // bytes the engine may use; default half of the machine's, at most 4 GB
	MaxQueryMemory uint64        // bytes one statement may use; default half of MaxMemory
	MaxQueries     int           // statements that run at once, others wait; default 32
	ReaderTimeout  time.Duration // longest statement of a reader; default 60 s
	StopTimeout    time.Duration // how long running statements may go on at a stop; default 10 s

	Settings map[string]string // ClickHouse settings of every session, on top of ours

	Command []string              `json:"-"` // arguments of the binary that lead to RunChild
	Log     *slog.Logger          `json:"-"` // default: discarded
	Metrics prometheus.Registerer `json:"-"` // default: not registered
}

// defaults fills in what is unset and refuses what cannot work.
func (c Config) defaults() (Config, error) {
	if c.LibPath == "" || c.DataDir == "" {
		return c, errors.New("the engine needs the path of its library and a data folder")
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.MaxMemory == 0 {
		c.MaxMemory = min(machineMemory()/2, 4<<30)
	}
	if c.MaxQueryMemory == 0 {
		c.MaxQueryMemory = c.MaxMemory / 2
	}
	if c.ReaderTimeout <= 0 {
		c.ReaderTimeout = time.Minute
	}
	if c.StopTimeout <= 0 {
		c.StopTimeout = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
