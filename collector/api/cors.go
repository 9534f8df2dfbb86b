package api

import (
	"net/http"
	"slices"

	"github.com/throughline/throughline/schemas/sites"
)

// Shared header values: nobody may change them.
var (
	anyOrigin      = []string{sites.AnyOrigin}
	yes            = []string{"true"}
	varyOrigin     = []string{"Origin"}
	exposedHeaders = []string{"Retry-After, X-Request-Id"}
	allowedMethods = []string{"POST, OPTIONS"}
	allowedHeaders = []string{"Authorization, Content-Type, Content-Encoding, X-Write-Key, Traceparent, Tracestate"}
	preflightAge   = []string{"7200"}
)

// allowOrigin lets a browser's page read the answer. A site with any origin answers "*", which browsers never combine
// with credentials; a listed origin is answered by name, with credentials, since sendBeacon always sends them.
func allowOrigin(header http.Header, site *sites.Site, origin string) {
	header["Vary"] = varyOrigin
	header["Access-Control-Expose-Headers"] = exposedHeaders
	if slices.Contains(site.Origins, sites.AnyOrigin) {
		header["Access-Control-Allow-Origin"] = anyOrigin
		return
	}
	header["Access-Control-Allow-Origin"] = []string{origin}
	header["Access-Control-Allow-Credentials"] = yes
}

// preflight answers OPTIONS. A preflight carries no key, unless it is in the address, so any site may admit the origin.
func (h *Handler) preflight(w http.ResponseWriter, r *http.Request) int {
	header := w.Header()
	header["Vary"] = varyOrigin
	header["Allow"] = allowedMethods
	if origin := first(r.Header, "Origin"); origin != "" {
		site := h.originSite(r, origin)
		if site == nil {
			return h.refuse(w, &refusal{status: http.StatusForbidden, reason: reasonOrigin, detail: "no site lists this origin"})
		}
		allowOrigin(header, site, origin)
		header["Access-Control-Allow-Methods"] = allowedMethods
		header["Access-Control-Allow-Headers"] = allowedHeaders
		header["Access-Control-Max-Age"] = preflightAge
	}
	w.WriteHeader(http.StatusNoContent)
	return http.StatusNoContent
}

// originSite finds a site that admits the origin: the key's, else one that names it, else one with any origin.
func (h *Handler) originSite(r *http.Request, origin string) *sites.Site {
	if site, ok := h.sites.ByWriteKey(key(r)); ok {
		if site.AllowsOrigin(origin) {
			return site
		}
		return nil
	}
	var open *sites.Site
	for site := range h.sites.All() {
		if !site.AllowsOrigin(origin) {
			continue
		}
		if !slices.Contains(site.Origins, sites.AnyOrigin) {
			return site
		}
		open = site
	}
	return open
}
