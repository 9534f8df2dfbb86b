package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/throughline/throughline/schemas/sites"
)

// key gives the key a request carries: bearer token, user name of basic authentication, X-Write-Key, or ?write_key=.
func key(r *http.Request) string {
	if auth := first(r.Header, "Authorization"); auth != "" {
		if len(auth) > 7 && strings.EqualFold(auth[:7], "Bearer ") {
			return strings.TrimSpace(auth[7:])
		}
		if user, _, ok := r.BasicAuth(); ok {
			return user
		}
	}
	if k := first(r.Header, "X-Write-Key"); k != "" {
		return k
	}
	if strings.Contains(r.URL.RawQuery, "write_key=") {
		query, _ := url.ParseQuery(r.URL.RawQuery)
		return query.Get("write_key")
	}
	return ""
}

// first is Header.Get for a name that is canonical already.
func first(h http.Header, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// wrongKey says what is wrong with the key of a request to a route that wants one of that kind.
func (h *Handler) wrongKey(key, kind string) string {
	_, writes := h.sites.ByWriteKey(key)
	_, imports := h.sites.ByImportKey(key)
	switch {
	case key == "":
		return "a known " + kind + " key is needed: send it as Authorization: Bearer KEY"
	case writes:
		return "this is a write key: " + RouteImport + " wants an import key"
	case imports:
		return "this is an import key: " + RouteTouchpoints + " wants a write key"
	}
	return "no site has this " + kind + " key: compare it with the sites file"
}

// site finds the site of a request by its key, and holds browsers to the site's origins.
func (h *Handler) site(r *http.Request, history bool) (*sites.Site, *refusal) {
	find, kind := h.sites.ByWriteKey, "write"
	if history {
		find, kind = h.sites.ByImportKey, "import"
	}
	site, ok := find(key(r))
	if !ok {
		return nil, &refusal{status: http.StatusUnauthorized, reason: reasonKey, detail: h.wrongKey(key(r), kind)}
	}
	if origin := first(r.Header, "Origin"); origin != "" && !site.AllowsOrigin(origin) {
		return nil, &refusal{status: http.StatusForbidden, reason: reasonOrigin,
			detail: "the site of this key does not list this origin: add it to origins in the sites file"}
	}
	return site, nil
}
