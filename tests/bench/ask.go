package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// tables asks ClickHouse.
type tables struct{ addr string }

// lines gives the rows of a query, fields separated by tabs.
func (t tables) lines(ctx context.Context, sql string) ([]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+t.addr+"/?database=throughline", strings.NewReader(sql))
	if err != nil {
		return nil, err
	}
	text, err := read(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, sql)
	}
	return strings.Fields(text), nil
}

// number gives the one number of a query.
func (t tables) number(ctx context.Context, sql string) (int64, error) {
	rows, err := t.lines(ctx, sql)
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 {
		return 0, fmt.Errorf("%d values: %s", len(rows), sql)
	}
	return strconv.ParseInt(rows[0], 10, 64)
}

func read(request *http.Request) (string, error) {
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return string(text), err
}

// metrics gives what a server counts.
func metrics(ctx context.Context, admin string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", nil)
	if err != nil {
		return "", err
	}
	return read(request)
}

// produced is how many events the collector put into one request to the broker, on the average.
func produced(ctx context.Context, admin string) (float64, error) {
	text, err := metrics(ctx, admin)
	if err != nil {
		return 0, err
	}
	value := func(name string) float64 {
		_, rest, _ := strings.Cut(text, name+`{topic="touchpoints.v1"} `)
		line, _, _ := strings.Cut(rest, "\n")
		x, _ := strconv.ParseFloat(line, 64) // 0 where there is none
		return x
	}
	return value("throughline_publish_records_total") / value("throughline_publish_request_seconds_count"), nil
}

// flushSteps words how long the steps of the processor's flushes have taken together.
func flushSteps(ctx context.Context, admin string) (string, error) {
	text, err := metrics(ctx, admin)
	if err != nil {
		return "", err
	}
	var parts []string
	var flushes string
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		name, value, _ := strings.Cut(s.Text(), "} ")
		step, isSum := strings.CutPrefix(name, `throughline_processor_flush_step_seconds_sum{step="`)
		seconds, err := strconv.ParseFloat(value, 64)
		if isSum && err == nil {
			parts = append(parts, fmt.Sprintf("%s %.2f s", strings.TrimSuffix(step, `"`), seconds))
		}
		if name == `throughline_processor_flush_step_seconds_count{step="commit"` {
			flushes = value
		}
	}
	return strings.Join(parts, ", ") + "; " + flushes + " flushes", nil
}
