package dashboards

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/throughline/throughline/dashboards"
	"github.com/throughline/throughline/deploy/embedded/engine"
	"github.com/throughline/throughline/tests/shop"
)

// BenchmarkPanels prints the engine's time for every panel over a shop of SHOP_CUSTOMERS customers (100,000: about 1.04 million
// touchpoints), for the whole time of the shop and for the ranges that the dashboards open with, and for whole dashboards.
// cpu-ms is what the engine spent on it: on a machine that does other things too it says more than the clock.
// SHOP_DATA names a folder that keeps the filled tables for the next run.
func BenchmarkPanels(b *testing.B) {
	e := openShop(b)
	running, err := process.NewProcess(int32(e.Pid()))
	if err != nil {
		b.Fatal(err)
	}
	engine := asked{running, e.ReaderAddr()}
	b.Logf("%v touchpoints", query(b, e.Addr(), "SELECT count() AS n FROM accepted_touchpoints").Data[0]["n"])
	opened := map[string]view{}
	for _, q := range dashboards.Queries() {
		name := q.Dashboard + "/" + q.Panel
		opened[name] = days(30, shopChoices)
		if q.Dashboard == "data-quality" {
			opened[name] = days(1, shopChoices)
		}
		engine.panels(b, "whole/"+name, days(shopDays+1, shopChoices), name)
		engine.panels(b, "opened/"+name, opened[name], name)
	}
	for _, dashboard := range []string{"journey-funnel", "stage-transitions", "acquisition", "customer", "data-quality"} {
		panels, err := shop.Opened("../..", dashboard)
		if err != nil {
			b.Fatal(err)
		}
		engine.panels(b, "dashboard/"+dashboard, opened[dashboard+"/summary"], panels...)
		engine.panels(b, "dashboard-whole/"+dashboard, days(shopDays+1, shopChoices), panels...)
	}
}

// openShop gives an engine with a shop in its tables: made now, or kept from an earlier run.
func openShop(b *testing.B) *engine.Engine {
	b.Helper()
	customers := 100_000
	if text := os.Getenv("SHOP_CUSTOMERS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		customers = n
	}
	folder := os.Getenv("SHOP_DATA")
	if folder == "" {
		folder = b.TempDir()
	}
	e := startEngineIn(b, filepath.Join(folder, fmt.Sprintf("shop-%d", customers)))
	filled := filepath.Join(folder, fmt.Sprintf("shop-%d-until", customers))
	if until, err := os.ReadFile(filled); err == nil {
		if err := shopEnd.UnmarshalText(until); err != nil {
			b.Fatal(err)
		}
		return e
	}
	fillShop(b, e.Addr(), customers)
	settle(b, e.Addr())
	until, err := shopEnd.MarshalText()
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filled, until, 0o600); err != nil {
		b.Fatal(err)
	}
	return e
}

// asked is the engine that the benchmark asks.
type asked struct {
	process *process.Process
	addr    string
}

func (a asked) panels(b *testing.B, as string, v view, names ...string) {
	b.Run(as, func(b *testing.B) {
		before := a.cpu(b)
		for b.Loop() {
			for _, name := range names {
				panel(b, a.addr, name, v)
			}
		}
		b.ReportMetric(1000*(a.cpu(b)-before)/float64(b.N), "cpu-ms/op")
	})
}

// cpu gives the seconds that the engine has computed so far.
func (a asked) cpu(b *testing.B) float64 {
	times, err := a.process.Times()
	if err != nil {
		b.Fatal(err)
	}
	return times.User + times.System
}
