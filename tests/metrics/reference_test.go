package metrics

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/deploy/embedded/libchdb"
	"github.com/throughline/throughline/tests/harness"
)

var update = flag.Bool("update", false, "write dashboards/metrics.md")

const reference = "../../dashboards/metrics.md"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == harness.EngineArgument {
		if err := engine.RunChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestReference holds dashboards/metrics.md to what the programs export, and their metrics to the conventions.
func TestReference(t *testing.T) {
	if _, err := libchdb.Find(); err != nil {
		t.Skip(err)
	}
	up := harness.New(t, "")
	up.Start(t)
	parts := harness.NewServices(t, "")
	process, processor := parts.StartWatched(t, 1)
	t.Cleanup(process.Kill)
	send(t, up.HTTP)
	send(t, parts.HTTP)
	texts := map[Program]string{
		Up:        settled(t, up.Admin, "throughline_processor_lag_seconds", "throughline_clickhouse_active_parts", "throughline_processor_last_flush"),
		Collector: settled(t, parts.Admin, "throughline_spool_used_bytes"),
		Processor: settled(t, processor, "throughline_processor_lag_seconds", "throughline_clickhouse_active_parts", "throughline_processor_last_flush"),
	}
	var lists [][]Family
	for _, program := range []Program{Collector, Processor, Up} {
		problems, err := promlint.New(strings.NewReader(texts[program])).Lint()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s: %s", program, p.Metric, p.Text)
		}
		list, err := Read(strings.NewReader(texts[program]), program)
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, list)
	}
	text := Write(Join(lists...))
	if *update {
		if err := os.WriteFile(reference, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, []byte(text)) {
		t.Errorf("dashboards/metrics.md is not what the programs export; run go generate ./tests/metrics.%s", difference(string(have), text))
	}
}

// difference lists the lines that only one of the two has.
func difference(have, want string) string {
	var b strings.Builder
	for _, side := range []struct{ mark, of, in string }{{"-", have, want}, {"+", want, have}} {
		for line := range strings.Lines(side.of) {
			if !strings.Contains(side.in, line) {
				fmt.Fprintf(&b, "\n%s %s", side.mark, strings.TrimSuffix(line, "\n"))
			}
		}
	}
	return b.String()
}

// send posts a good and a bad event.
func send(t *testing.T, addr string) {
	t.Helper()
	body := `[{"event":"Product Viewed","anonymous_id":"a","user_id":"u"},{"event":"Order Completed"}]`
	r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/v1/touchpoints", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer local")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("posted: %s", resp.Status)
	}
}

// settled gives the answer of /metrics once it has all of the names.
func settled(t *testing.T, addr string, names ...string) (text string) {
	t.Helper()
	harness.Eventually(t, time.Minute, "all metrics of "+addr+" are there", func() error {
		resp, err := http.Get("http://" + addr + "/metrics")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		all, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		text = string(all)
		for _, name := range names {
			if !strings.Contains(text, "\n"+name) {
				return fmt.Errorf("no %s yet", name)
			}
		}
		return nil
	})
	return text
}
