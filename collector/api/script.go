package api

import "net/http"

// Script answers GET and HEAD with the browser script, and gives the status and an error of writing.
type Script interface {
	Serve(w http.ResponseWriter, r *http.Request) (status int, err error)
}

// serveScript serves the browser script. Anybody's browser asks for it, so an address is held to its rate as with touchpoints.
func (h *Handler) serveScript(w http.ResponseWriter, r *http.Request) {
	addr, _ := h.client(r)
	if refused := h.limits.client(addr, h.now()); refused != nil {
		h.metrics.limited[limitClient].Inc()
		h.count(routeOther, h.refuse(w, refused))
		return
	}
	if h.script == nil {
		h.count(routeOther, h.refuse(w, noRoute))
		return
	}
	if !h.reads(w, r) {
		return
	}
	status, err := h.script.Serve(w, r)
	h.count(routeOther, status)
	h.wrote(0, err)
}
