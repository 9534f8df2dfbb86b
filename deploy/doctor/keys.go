package doctor

import (
	"context"
	"net"
	"strings"

	"github.com/throughline/throughline/schemas/sites"
)

// Keys that everybody knows: they stand in the defaults and in the example.
var (
	knownWriteKeys  = []string{"local"}
	knownImportKeys = []string{"local-import", "change-me-to-something-secret"}
)

// Keys checks that a collector which others can reach asks for keys that not everybody knows. listen is its public address.
func Keys(name, after, listen string, load func() (*sites.Sites, error)) Check {
	return Check{Name: name, After: after, Run: func(context.Context) Finding {
		all, err := load()
		if err != nil {
			return fail(err.Error(), "mend the sites file")
		}
		var known []string
		for _, key := range knownWriteKeys {
			if _, ok := all.ByWriteKey(key); ok {
				known = append(known, "write key "+key)
			}
		}
		for _, key := range knownImportKeys {
			if _, ok := all.ByImportKey(key); ok {
				known = append(known, "import key "+key)
			}
		}
		switch {
		case len(known) == 0:
			return good("none that everybody knows")
		case onlyHere(listen):
			return good("%s: for this machine only, at %s", strings.Join(known, ", "), listen)
		}
		return fail("the collector listens at "+listen+" and takes touchpoints from everybody who knows the "+strings.Join(known, ", "),
			"name a sites file with keys of your own in THROUGHLINE_SITES_FILE (schemas/sites/example.yaml)")
	}}
}

// onlyHere tells whether an address can be reached from this machine only.
func onlyHere(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
