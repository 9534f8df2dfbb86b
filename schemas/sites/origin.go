package sites

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

const wildMark = "://*."

// AllowsOrigin says whether the site admits a browser's Origin. Letter case does not count; "https://*.example.com"
// covers each subdomain at any depth, not example.com itself. It does not allocate.
func (s *Site) AllowsOrigin(origin string) bool { return allows(s.Origins, origin) }

func allows(patterns []string, origin string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, origin) })
}

func covers(pattern, origin string) bool {
	if pattern == AnyOrigin || strings.EqualFold(pattern, origin) {
		return true
	}
	star := strings.Index(pattern, wildMark)
	if star < 0 {
		return false
	}
	scheme, host := pattern[:star+len("://")], pattern[star+len("://*"):]
	sub := len(origin) - len(host)
	if sub <= len(scheme) || !strings.EqualFold(origin[:len(scheme)], scheme) || !strings.EqualFold(origin[sub:], host) {
		return false
	}
	// What stands for the star must not be able to end the host early.
	return !strings.ContainsAny(origin[len(scheme):sub], `/?#@\:`)
}

// checkOrigin gives an error when the text is neither "*" nor scheme://host[:port] with an optional "*." before the host.
func checkOrigin(o string) error {
	if o == AnyOrigin {
		return nil
	}
	plain := strings.Replace(o, wildMark, "://", 1)
	u, err := url.Parse(plain)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf(`%q is not an origin: write "https://host", "https://*.host" or "*"`, o)
	}
	if strings.Contains(u.Host, "*") {
		return fmt.Errorf(`%q: a star is possible only as "scheme://*.host" or alone`, o)
	}
	if !strings.EqualFold(u.Scheme+"://"+u.Host, plain) {
		return fmt.Errorf("%q has more than scheme, host and port: leave out path, query and user", o)
	}
	return nil
}
