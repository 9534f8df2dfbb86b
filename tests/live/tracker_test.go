package live

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/throughline/throughline/tests/harness"
)

// TestTracker runs tracker.mjs: a shop whose pages carry the browser script, on an origin of its own, and a pipeline.
func TestTracker(t *testing.T) {
	w := newWalk(t, "tracker.mjs")
	var collector string
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { shopPage(w, r, collector) })
	shop, stranger := httptest.NewServer(serve), httptest.NewServer(serve)
	defer shop.Close()
	defer stranger.Close()
	p := harness.New(t, fmt.Sprintf("sites:\n  - id: shop\n    write_keys: [shop-web]\n    origins: [%q]\n", shop.URL))
	collector = "http://" + p.HTTP
	p.Start(t)
	w.run(t, "SHOP="+shop.URL, "STRANGER="+stranger.URL, "COLLECTOR="+collector, "CLICKHOUSE=http://"+p.ClickHouse)
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
