package api

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestCORS(t *testing.T) {
	tests := []struct {
		name, key, origin  string
		status             int
		allow, credentials string
	}{
		{"server", "shop-key", "", 200, "", ""},
		{"listed", "shop-key", "https://shop.example", 200, "https://shop.example", "true"},
		{"below a listed one", "shop-key", "https://de.shop.example", 200, "https://de.shop.example", "true"},
		{"not listed", "shop-key", "https://evil.example", 403, "", ""},
		{"null", "shop-key", "null", 403, "", ""},
		{"any", "open-key", "https://evil.example", 200, "*", ""},
		{"unknown key", "no-key", "https://shop.example", 401, "*", ""},
	}
	b := newBench(t, nil)
	for _, tt := range tests {
		a := b.do(t, request(event("a"), "Authorization", "Bearer "+tt.key, "Origin", tt.origin))
		if a.status != tt.status || a.header.Get("Access-Control-Allow-Origin") != tt.allow || a.header.Get("Access-Control-Allow-Credentials") != tt.credentials {
			t.Errorf("%s: %d %v", tt.name, a.status, a.header)
		}
	}
}

func TestPreflight(t *testing.T) {
	tests := []struct {
		name, query, origin string
		status              int
		allow, credentials  string
	}{
		{"no browser", "", "", 204, "", ""},
		{"listed by one site", "", "https://shop.example", 204, "https://shop.example", "true"},
		{"only the open site", "", "https://evil.example", 204, "*", ""},
		{"key of the open site", "write_key=open-key", "https://shop.example", 204, "*", ""},
		{"key of the shop", "write_key=shop-key", "https://shop.example", 204, "https://shop.example", "true"},
		{"key of the shop, elsewhere", "write_key=shop-key", "https://evil.example", 403, "", ""},
	}
	b := newBench(t, nil)
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodOptions, RouteTouchpoints+"?"+tt.query, nil)
		r.Header.Set("Access-Control-Request-Method", "POST")
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		a := b.do(t, r)
		if a.status != tt.status || a.header.Get("Access-Control-Allow-Origin") != tt.allow || a.header.Get("Access-Control-Allow-Credentials") != tt.credentials {
			t.Errorf("%s: %d %v", tt.name, a.status, a.header)
		}
		if tt.allow != "" && a.header.Get("Access-Control-Allow-Methods") == "" {
			t.Errorf("%s: %v", tt.name, a.header)
		}
	}
}

func TestClientAddress(t *testing.T) {
	tests := []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"direct", "203.0.113.9:1", nil, "203.0.113.9"},
		{"not a proxy", "203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"},
		{"proxy", "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"forged before the proxy", "10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", []string{"1.1.1.1, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"two headers", "10.0.0.1:1", []string{"198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		{"with port", "10.0.0.1:1", []string{"198.51.100.1:5000"}, "198.51.100.1"},
		{"version 6", "[::ffff:10.0.0.1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"nonsense", "10.0.0.1:1", []string{"198.51.100.1, x"}, "10.0.0.1"},
		{"no header", "10.0.0.1:1", nil, "10.0.0.1"},
		{"commas", "10.0.0.1:1", []string{",,"}, "10.0.0.1"},
		{"unknown peer", "@", nil, "invalid IP"},
	}
	b := newBench(t, func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for _, tt := range tests {
		r := request("")
		r.RemoteAddr = tt.remote
		r.Header["X-Forwarded-For"] = tt.forwarded
		if got, _ := b.client(r); got.String() != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestCountryFromProxyOnly(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		c.CountryHeader = "cf-ipcountry"
	})
	for _, remote := range []string{"10.0.0.1:1", "203.0.113.9:1"} {
		r := request(event("a"), "Cf-Ipcountry", "DE")
		r.RemoteAddr = remote
		b.do(t, r)
	}
	if got := b.sink.touchpoints; got[0].Country != "DE" || got[1].Country != "" {
		t.Errorf("countries %q and %q", got[0].Country, got[1].Country)
	}
}

func TestClientRate(t *testing.T) {
	b := newBench(t, func(c *Config) { c.ClientRequestsPerSecond = 5 })
	now := time.Now()
	for _, tt := range []struct {
		addr  string
		after time.Duration
		want  int // how many of 20 pass
	}{
		{"203.0.113.9", 0, 10}, {"203.0.113.10", 0, 10}, {"203.0.113.9", time.Second, 5}, {"127.0.0.1", 0, 20},
		{"2001:db8::1", 0, 10}, {"2001:db8::2", 0, 0}, {"2001:db8:0:1::2", 0, 10},
	} {
		passed := 0
		for range 20 {
			if b.limits.client(netip.MustParseAddr(tt.addr), now.Add(tt.after)) == nil {
				passed++
			}
		}
		if passed != tt.want {
			t.Errorf("%s: %d passed, want %d", tt.addr, passed, tt.want)
		}
	}
	r := request(event("a"))
	r.RemoteAddr = "203.0.113.77:1"
	for range 10 {
		b.do(t, r)
	}
	if a := b.do(t, r); a.status != 429 || a.Error.Reason != "rate_limited" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.text)
	}
}

func TestSiteRate(t *testing.T) {
	b := newBench(t, func(c *Config) { c.SiteEventsPerSecond = 300 })
	if a := b.do(t, request(events(500))); a.status != 200 {
		t.Fatal(a.text)
	}
	if a := b.do(t, request(events(500))); a.status != 429 || a.header.Get("Retry-After") != "2" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if a := b.do(t, request(events(500), "Authorization", "Bearer open-key")); a.status != 200 {
		t.Errorf("another site: %s", a.text)
	}
}

func TestMetrics(t *testing.T) {
	b := newBench(t, nil)
	b.do(t, request("["+event("a")+",{}]"))
	b.do(t, request("["))
	problems, err := testutil.GatherAndLint(b.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	for name, want := range map[string]float64{"accepted": 1, "rejected": 1, "retry": 0} {
		counters := map[string]float64{
			"accepted": testutil.ToFloat64(b.metrics.bySiteID("shop").accepted),
			"rejected": testutil.ToFloat64(b.metrics.bySiteID("shop").rejected),
			"retry":    testutil.ToFloat64(b.metrics.bySiteID("shop").retry),
		}
		if counters[name] != want {
			t.Errorf("%s is %v, want %v", name, counters[name], want)
		}
	}
	if got := testutil.ToFloat64(b.metrics.bySiteID("shop").reasons[wholeRequest]); got != 1 {
		t.Errorf("whole requests %v", got)
	}
	if got := testutil.ToFloat64(b.metrics.requests[routeTouchpoints][4]); got != 1 {
		t.Errorf("4xx %v", got)
	}
}

func (m *metrics) bySiteID(id string) *siteMetrics {
	for site, s := range m.sites {
		if site.ID == id {
			return s
		}
	}
	return nil
}

// TestWrongKey is told which kind of mistake it is.
func TestWrongKey(t *testing.T) {
	b := newBench(t, nil)
	for _, tt := range []struct{ path, key, want string }{
		{RouteTouchpoints, "", "is needed"},
		{RouteTouchpoints, "other", "no site has this write key"},
		{RouteTouchpoints, "shop-import-secret", "this is an import key"},
		{RouteImport, "shop-key", "this is a write key"},
		{RouteImport, "other", "no site has this import key"},
	} {
		r := request(event("a"), "X-Write-Key", tt.key)
		r.Header.Del("Authorization")
		r.URL.Path = tt.path
		if a := b.do(t, r); a.status != 401 || !strings.Contains(a.Error.Detail, tt.want) {
			t.Errorf("%s with %q: %d %s", tt.path, tt.key, a.status, a.text)
		}
	}
}
