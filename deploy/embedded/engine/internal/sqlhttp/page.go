package sqlhttp

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// pagePath is where the web page lies.
const pagePath = "/live"

// page passes requests on to the web server that the parent runs, with the host that the browser asked for.
func page(addr string) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: addr})
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "the live page is starting or stopping; try again in a moment", http.StatusServiceUnavailable)
		},
		ErrorLog: log.New(io.Discard, "", 0), // that a browser went away is no event
	}
}

// browsing tells whether a person has opened the address, rather than a client that looks whether the server is there.
func browsing(r *http.Request) bool {
	return r.Method == http.MethodGet && r.URL.RawQuery == "" && strings.Contains(r.Header.Get("Accept"), "text/html")
}
