// Package logs takes what the program has to say and gives the lines that an operator should read: text or JSON, without passwords, and
// not the same line a thousand times while something is away.
package logs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Formats of a line.
const (
	Text = "text"
	JSON = "json"
)

// Of one message at one level so many lines are written at once, then one in each window.
const (
	burst  = 5
	window = 10 * time.Second
)

// New gives a logger that writes to w. The error names the format that is not known.
func New(w io.Writer, format string, level slog.Level) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: withoutPasswords}
	switch format {
	case Text:
		return slog.New(calm(slog.NewTextHandler(w, options), time.Now)), nil
	case JSON:
		return slog.New(calm(slog.NewJSONHandler(w, options), time.Now)), nil
	}
	return nil, fmt.Errorf("must be text or json, not %q", format)
}

// password is the part of an address that nobody may read; it stands in errors of many libraries.
var password = regexp.MustCompile(`(://[^/\s:@]*):[^/\s@]+@`)

// withoutPasswords hides passwords of addresses wherever they stand.
func withoutPasswords(_ []string, a slog.Attr) slog.Attr {
	text := ""
	switch v := a.Value.Any().(type) {
	case string:
		text = v
	case error:
		text = v.Error()
	case fmt.Stringer:
		text = v.String()
	case []string:
		text = strings.Join(v, ",")
	}
	if strings.Contains(text, "@") && password.MatchString(text) {
		return slog.String(a.Key, password.ReplaceAllString(text, "$1:…@"))
	}
	return a
}

// calmed passes on the first lines of a message and then one a window, which says how many there were that nobody sees.
type calmed struct {
	slog.Handler
	now  func() time.Time
	seen *seen
}

// seen is shared by all loggers that were made of one: the same message of two components is the same trouble.
type seen struct {
	sync.Mutex
	messages map[message]*count
}

type message struct {
	level slog.Level
	text  string
}

type count struct {
	// When the window began, what was written in it, and what was not since the last line.
	since           time.Time
	written, silent int
}

// Messages are constants of the program; a library that puts figures into them must not fill the memory.
const maxMessages = 1000

func calm(next slog.Handler, now func() time.Time) slog.Handler {
	return &calmed{Handler: next, now: now, seen: &seen{messages: map[message]*count{}}}
}

// Handle writes the line or counts it. What is less than a warning is no trouble, and each line of it tells something else.
func (c *calmed) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn {
		return c.Handler.Handle(ctx, r)
	}
	silent, pass := c.seen.pass(message{r.Level, r.Message}, c.now())
	if !pass {
		return nil
	}
	if silent > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", silent))
	}
	return c.Handler.Handle(ctx, r)
}

// pass says whether a line is written, and how many were not since the one before.
func (s *seen) pass(m message, now time.Time) (silent int, ok bool) {
	s.Lock()
	defer s.Unlock()
	if len(s.messages) >= maxMessages {
		clear(s.messages)
	}
	c := s.messages[m]
	switch {
	case c == nil:
		c = &count{since: now}
		s.messages[m] = c
	case now.Sub(c.since) >= window && c.silent == 0:
		*c = count{since: now} // it was quiet: a new trouble
	case now.Sub(c.since) >= window:
		silent = c.silent
		*c = count{since: now, written: burst} // it goes on: one line a window
		return silent, true
	}
	if c.written >= burst {
		c.silent++
		return 0, false
	}
	c.written++
	return 0, true
}

// WithAttrs is part of slog.Handler.
func (c *calmed) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &calmed{c.Handler.WithAttrs(attrs), c.now, c.seen}
}

// WithGroup is part of slog.Handler.
func (c *calmed) WithGroup(name string) slog.Handler {
	return &calmed{c.Handler.WithGroup(name), c.now, c.seen}
}
