package enrich

import "strings"

// Page is a URL taken apart; the parts alias it.
type Page struct {
	// Scheme is as written, without colon; empty for a relative URL.
	Scheme string
	// Host is in lower case, without user, port and trailing dot.
	Host string
	// Path is as written, still escaped; "/" where a host stands alone.
	Path string
	// Query is as written, without question mark.
	Query string
}

// Split takes a URL apart as net/url does, without copying, decoding or judging it.
func Split(url string) Page {
	var p Page
	if i := strings.IndexByte(url, '#'); i >= 0 {
		url = url[:i]
	}
	if i := strings.IndexByte(url, '?'); i >= 0 {
		url, p.Query = url[:i], url[i+1:]
	}
	p.Scheme, url = scheme(url)
	if p.Scheme != "" && url != "" && url[0] != '/' {
		return Page{Scheme: p.Scheme} // mailto:…, data:…
	}
	if !strings.HasPrefix(url, "//") || (p.Scheme == "" && strings.HasPrefix(url, "///")) {
		p.Path = url
		return p
	}
	authority := url[2:]
	if i := strings.IndexByte(authority, '/'); i >= 0 {
		authority, p.Path = authority[:i], authority[i:]
	}
	if p.Host = hostname(authority); p.Host != "" && p.Path == "" {
		p.Path = "/"
	}
	return p
}

// ReferrerHost gives the host of a referrer, which some clients send without scheme.
func ReferrerHost(referrer string) string {
	p := Split(referrer)
	if p.Host != "" || (p.Scheme != "" && !strings.Contains(p.Scheme, ".")) {
		return p.Host
	}
	bare := p.Path
	if p.Scheme != "" { // example.com:8080/path
		bare = referrer
	}
	bare, _, _ = strings.Cut(bare, "/")
	if !strings.Contains(bare, ".") {
		return ""
	}
	return hostname(bare)
}

func scheme(url string) (scheme, rest string) {
	for i := range len(url) {
		switch c := url[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && (c-'0' <= 9 || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return url[:i], url[i+1:]
		default:
			return "", url
		}
	}
	return "", url
}

// hostname strips user and port from an authority.
func hostname(authority string) string {
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	if strings.HasPrefix(host, "[") {
		if end := strings.IndexByte(host, ']'); end > 0 {
			host = host[1:end]
		}
	} else if i := strings.IndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
