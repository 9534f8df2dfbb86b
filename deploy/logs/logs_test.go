package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestFormats(t *testing.T) {
	var out bytes.Buffer
	log, err := New(&out, JSON, slog.LevelInfo)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("partition taken over", "partition", 3)
	log.Debug("not shown")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["msg"] != "partition taken over" || line["partition"] != 3.0 {
		t.Errorf("%s: %v", &out, err)
	}
	if _, err := New(&out, "xml", slog.LevelInfo); err == nil {
		t.Error("xml is no format")
	}
}

func TestPasswordsAreHidden(t *testing.T) {
	address := "clickhouse://writer:s3cret@db:9000/throughline"
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{
		"text":    "dial " + address,
		"error":   fmt.Errorf("open: %w", errors.New(address+": refused")),
		"url":     parsed,
		"list":    []string{"a", address},
		"message": nil,
	} {
		for _, format := range []string{Text, JSON} {
			var out bytes.Buffer
			log, err := New(&out, format, slog.LevelDebug)
			if err != nil {
				t.Fatal(err)
			}
			if name == "message" {
				log.With("component", "store").WithGroup("g").Warn("cannot open "+address, "x", 1)
			} else {
				log.Warn("cannot open", name, value)
			}
			if strings.Contains(out.String(), "s3cret") || !strings.Contains(out.String(), "db:9000") {
				t.Errorf("%s as %s: %s", name, format, &out)
			}
		}
	}
}

func TestRepeatedLinesAreLeftOut(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	log := slog.New(calm(slog.NewTextHandler(&out, nil), func() time.Time { return now }))
	lines := func() int {
		defer out.Reset()
		return strings.Count(out.String(), "\n")
	}
	for range 100 {
		log.Warn("flush waits", "error", "away")
	}
	if n := lines(); n != burst {
		t.Errorf("%d lines at once", n)
	}
	log.Error("flush waits")
	log.With("component", "b").Warn("something else")
	for range 20 {
		log.Info("partition taken over")
	}
	if n := lines(); n != 22 {
		t.Errorf("%d lines of other messages", n)
	}
	for range 3 {
		now = now.Add(window)
		for range 10 {
			log.With("component", "b").Warn("flush waits")
		}
		if text := out.String(); !strings.Contains(text, "left_out=95") && !strings.Contains(text, "left_out=9") {
			t.Errorf("what was left out is not told: %s", text)
		}
		if n := lines(); n != 1 {
			t.Errorf("%d lines in a later window", n)
		}
	}
	// What nobody saw is told with the next line, however late; and after a quiet time all is new.
	now = now.Add(time.Hour)
	log.Warn("flush waits")
	now = now.Add(window)
	lines()
	for range 100 {
		log.Warn("flush waits")
	}
	if n := lines(); n != burst {
		t.Errorf("%d lines of a new trouble", n)
	}
}

func TestMessagesWithFiguresDoNotFillTheMemory(t *testing.T) {
	s := &seen{messages: map[message]*count{}}
	for i := range 10 * maxMessages {
		if _, ok := s.pass(message{text: fmt.Sprint("took ", i)}, time.Unix(0, 0)); !ok {
			t.Fatal("a new message was left out")
		}
	}
	if len(s.messages) > maxMessages {
		t.Errorf("%d messages remembered", len(s.messages))
	}
}
