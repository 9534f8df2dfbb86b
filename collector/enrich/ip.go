package enrich

import "net/netip"

// The bits that are kept of an address.
const (
	keep4 = 24
	keep6 = 48
)

// Truncate gives the address with its last octet (IPv4, also when mapped into IPv6) or its last 80 bits (IPv6) zero, so
// that it names a neighbourhood and nobody in it. The zero Addr stays zero; zones are dropped.
func Truncate(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	keep := keep6
	if ip.Is4() {
		keep = keep4
	}
	prefix, err := ip.Prefix(keep)
	if err != nil {
		return netip.Addr{} // the zero Addr, the only error there is
	}
	return prefix.Addr()
}

// Country gives a two-letter code in upper case; anything else, and the codes for "not known", give "".
func Country(code string) string {
	if len(code) != 2 {
		return ""
	}
	a, b := code[0]&^0x20, code[1]&^0x20
	if a < 'A' || a > 'Z' || b < 'A' || b > 'Z' || (a == 'X' && b == 'X') {
		return ""
	}
	if code[0] == a && code[1] == b {
		return code
	}
	return string([]byte{a, b})
}
