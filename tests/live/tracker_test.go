package live

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/throughline/throughline/tests/harness"
)

// TestTracker runs tracker.mjs: a shop whose pages carry the browser script, on an origin of its own, and a pipeline.
func TestTracker(t *testing.T) {
	browser := chromium(t)
	dir := t.TempDir()
	modules(t, ".", dir)
	text, err := os.ReadFile("tracker.mjs")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "tracker.mjs"), text, 0o600))

	var collector string
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { shopPage(w, r, collector) })
	shop, stranger := httptest.NewServer(serve), httptest.NewServer(serve)
	defer shop.Close()
	defer stranger.Close()
	p := harness.New(t, fmt.Sprintf("sites:\n  - id: shop\n    write_keys: [shop-web]\n    origins: [%q]\n", shop.URL))
	collector = "http://" + p.HTTP
	p.Start(t)

	walk := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", "tracker.mjs")
	walk.Dir = dir
	walk.Env = append(os.Environ(), "SHOP="+shop.URL, "STRANGER="+stranger.URL, "COLLECTOR="+collector, "CLICKHOUSE=http://"+p.ClickHouse, "CHROMIUM="+browser)
	out, err := walk.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("tracker.mjs: %v", err)
	}
	if !strings.Contains(string(out), "pass ") {
		t.Fatal("tracker.mjs ran no test")
	}
}

// shopPage is a page with the script; its address chooses the script's options.
func shopPage(w http.ResponseWriter, r *http.Request, collector string) {
	options := `data-key="shop-web"`
	switch r.URL.Path {
	case "/consent":
		options += ` data-consent="required"`
	case "/manual":
		options += ` data-pages="off"`
	case "/wrong-key":
		options = `data-key="no-such-key"`
	case "/favicon.ico":
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Shop %s</title><script async src="%s/v1/throughline.js" %s></script>`,
		html.EscapeString(r.URL.Path), collector, options)
}
