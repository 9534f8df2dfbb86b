package doctor

import (
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/sites"
)

func TestPorts(t *testing.T) {
	ours := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer ours.Close()
	addr := strings.TrimPrefix(ours.URL, "http://")
	for name, c := range map[string]struct {
		listen  Listen
		verdict Verdict
		text    string
	}{
		"ours":           {Listen{"X", addr, "/healthz"}, OK, "is ours"},
		"somebody's":     {Listen{"X", addr, "/v1/openapi.yaml"}, Fail, "it answers HTTP 404"},
		"free":           {Listen{"X", free(t), "/healthz"}, OK, "is free"},
		"none":           {Listen{"X", "", "/healthz"}, OK, ""},
		"of nobody here": {Listen{"X", "192.0.2.1:80", "/healthz"}, Fail, "cannot be listened on"},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, Ports("ports", []Listen{c.listen}).Run(t.Context()), c.verdict, c.text)
		})
	}
}

func TestAdminAddresses(t *testing.T) {
	interfaces := func(addresses ...string) func() ([]net.Addr, error) {
		return func() (all []net.Addr, err error) {
			for _, a := range addresses {
				all = append(all, &net.IPNet{IP: net.ParseIP(a)})
			}
			return all, nil
		}
	}
	private := interfaces("127.0.0.1", "10.1.2.3", "fe80::1", "fd00::1")
	for name, c := range map[string]struct {
		addr    string
		own     func() ([]net.Addr, error)
		verdict Verdict
		text    string
	}{
		"loopback":              {"127.0.0.1:8081", interfaces("203.0.113.7"), OK, ""},
		"private":               {"10.1.2.3:8081", private, OK, ""},
		"a name":                {"localhost:8081", private, OK, ""},
		"all of a private host": {"0.0.0.0:8081", private, OK, ""},
		"all of a public host":  {":8081", interfaces("127.0.0.1", "203.0.113.7"), Warn, "public address 203.0.113.7"},
		"public":                {"[2001:db8::1]:8081", private, Warn, "public address 2001:db8::1"},
		"who knows":             {"0.0.0.0:8081", func() ([]net.Addr, error) { return nil, errors.New("no") }, Warn, "cannot be listed"},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, AdminAddresses("admin", []Listen{{Variable: "X", Addr: c.addr}}, c.own).Run(t.Context()), c.verdict, c.text)
		})
	}
}

func TestKeys(t *testing.T) {
	file := func(text string) func() (*sites.Sites, error) {
		return func() (*sites.Sites, error) { return sites.Load([]byte(text)) }
	}
	builtin := func() (*sites.Sites, error) { return sites.Default(), nil }
	own := file("sites:\n  - {id: shop, write_keys: [shop-web]}\n")
	example := file("sites:\n  - {id: shop, write_keys: [shop-web], import_keys: [change-me-to-something-secret]}\n")
	for name, c := range map[string]struct {
		listen  string
		load    func() (*sites.Sites, error)
		verdict Verdict
		text    string
	}{
		"no file, here":     {"127.0.0.1:8080", builtin, OK, "for this machine only"},
		"no file, by name":  {"localhost:8080", builtin, OK, "for this machine only"},
		"no file, open":     {":8080", builtin, Fail, "write key local, import key local-import"},
		"own keys":          {"0.0.0.0:8080", own, OK, "none that everybody knows"},
		"the example's key": {"0.0.0.0:8080", example, Fail, "import key change-me-to-something-secret"},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, Keys("keys", "", c.listen, c.load).Run(t.Context()), c.verdict, c.text)
		})
	}
}

func TestJudgeCertificates(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	one := func(from, to time.Duration) []certificate {
		return []certificate{{"kafka:9093", "renew it", &x509.Certificate{NotBefore: now.Add(from), NotAfter: now.Add(to)}}}
	}
	const day = 24 * time.Hour
	expect(t, judgeCertificates(one(-day, 60*day), nil, now), OK, "kafka:9093 until 2027-01-21")
	expect(t, judgeCertificates(one(-day, 13*day), nil, now), Warn, "expires on 2026-12-05", "renew it")
	expect(t, judgeCertificates(one(-9*day, -day), nil, now), Fail, "has expired on 2026-11-21", "renew it")
	expect(t, judgeCertificates(one(day, 9*day), nil, now), Fail, "good only from 2026-11-23 12:00:00 on", "clocks")
	expect(t, judgeCertificates(nil, []string{"kafka:9093: refused"}, now), Skipped, "refused")
}

func TestOpenFiles(t *testing.T) {
	expect(t, OpenFiles("open-files", 1).Run(t.Context()), OK, "may be open")
	expect(t, OpenFiles("open-files", 1<<40).Run(t.Context()), Warn, "LimitNOFILE=")
}
