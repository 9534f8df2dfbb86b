package api

import (
	"net/http"
	"net/netip"
	"strings"
)

// client gives the address a request really comes from, the zero Addr when unknown. X-Forwarded-For is believed only
// from listed proxies: read from the right, the first address that is not one of them is the client.
func (h *Handler) client(r *http.Request) (address netip.Addr, proxied bool) {
	port, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	peer := port.Addr().Unmap()
	if len(h.cfg.TrustedProxies) == 0 || !h.trusted(peer) {
		return peer, false
	}
	return h.forwarded(r.Header["X-Forwarded-For"], peer), true
}

func (h *Handler) forwarded(headers []string, peer netip.Addr) netip.Addr {
	for i := len(headers) - 1; i >= 0; i-- {
		for rest := headers[i]; rest != ""; {
			cut := strings.LastIndexByte(rest, ',')
			hop, ok := parseHop(strings.TrimSpace(rest[cut+1:]))
			if !ok {
				return peer
			}
			if peer = hop; !h.trusted(peer) {
				return peer
			}
			rest = rest[:max(cut, 0)]
		}
	}
	return peer
}

// parseHop reads an address with or without port.
func parseHop(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	port, err := netip.ParseAddrPort(text)
	return port.Addr().Unmap().WithZone(""), err == nil
}

func (h *Handler) trusted(addr netip.Addr) bool {
	for _, prefix := range h.cfg.TrustedProxies {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// country gives the code a trusted proxy put into the configured header.
func (h *Handler) country(r *http.Request, proxied bool) string {
	if !proxied || h.cfg.CountryHeader == "" {
		return ""
	}
	return first(r.Header, h.cfg.CountryHeader)
}
