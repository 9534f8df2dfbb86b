package importer

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/throughline/throughline/deploy/importer/client"
)

// Limits of one import request.
const (
	// MaxBatch is the most events that the collector takes in one request.
	MaxBatch = 500
	// bodyLimit keeps a request below the collector's 1 MB.
	bodyLimit = 900 << 10
)

// ExitRejected is the exit code of an import that went through but left rows out because they were refused.
const ExitRejected = 3

// Options of one import.
type Options struct {
	// File to import.
	File string
	// Mapping of its rows.
	Mapping *Mapping
	// URL of the collector, such as http://127.0.0.1:8080.
	URL string
	// Key is the site's import key.
	Key string
	// Batch is the number of events a request, 1 to 500 (default).
	Batch int
	// InFlight is the number of requests under way at once, default 4.
	InFlight int
	// Gzip compresses requests.
	Gzip bool
	// State is the progress file, default FILE.throughline-progress.
	State string
	// Rejects is where refused rows are listed, default FILE.rejected.ndjson; it is there only when there are any.
	Rejects string
	// Restart ignores earlier progress.
	Restart bool
	// Patience is how long one batch is tried while the collector is away or overloaded, default 5 min.
	Patience time.Duration
	// Grace is how long requests under way may take to end after ctx has ended, default 5 s.
	Grace time.Duration
	// Report hears of progress some times a second and once at the end; nil is silent. See NewBar.
	Report func(Progress)
	// HTTP client to use instead of the default one.
	HTTP *http.Client
	// Logger, default discards.
	Logger *slog.Logger
}

// Progress is where an import stands.
type Progress struct {
	// Bytes taken of Size, as the file lies on disk.
	Bytes, Size int64
	// Rows with a verdict, from the first row of the file; Resumed of them in earlier runs.
	Rows, Resumed int64
	// Accepted and Rejected rows, and those Skipped by the mapping's skip_when, earlier runs included.
	Accepted, Rejected, Skipped int64
	// Elapsed is the time of this run.
	Elapsed time.Duration
	// Done: the last report of this run.
	Done bool
}

// Summary of an import.
type Summary struct {
	Progress
	// Complete: every row of the file has its verdict.
	Complete bool
	// RejectedFile lists the refused rows; empty when there are none.
	RejectedFile string
}

func (o *Options) prepare() (*client.Client, error) {
	switch {
	case o.File == "":
		return nil, errors.New("no file to import")
	case o.Mapping == nil:
		return nil, errors.New("no mapping file: it says how a row becomes a touchpoint")
	case o.Batch < 0 || o.Batch > MaxBatch:
		return nil, fmt.Errorf("batch of %d events: use 1 to %d", o.Batch, MaxBatch)
	case o.InFlight < 0 || o.InFlight > 256:
		return nil, fmt.Errorf("%d requests in flight: use 1 to 256", o.InFlight)
	}
	o.fillDefaults()
	to, err := client.New(client.Config{
		URL: o.endpoint(), Key: o.Key, Gzip: o.Gzip, HTTP: o.HTTP, Patience: o.Patience, Logger: o.Logger})
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	return to, nil
}

func (o *Options) endpoint() string { return strings.TrimRight(o.URL, "/") + "/v1/import" }

func (o *Options) fillDefaults() {
	if o.Batch == 0 {
		o.Batch = MaxBatch
	}
	if o.InFlight == 0 {
		o.InFlight = 4
	}
	if o.State == "" {
		o.State = o.File + ".throughline-progress"
	}
	if o.Rejects == "" {
		o.Rejects = o.File + ".rejected.ndjson"
	}
	if o.Grace <= 0 {
		o.Grace = 5 * time.Second
	}
	if o.Report == nil {
		o.Report = func(Progress) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}
