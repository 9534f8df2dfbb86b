package api

import (
	"fmt"
	"net/http"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/throughline/throughline/schemas/sites"
)

// limits holds requests by client address and events by site to their rates; each may go on for a second at twice it.
type limits struct {
	perClient  rate.Limit
	clients    *lru.Cache[netip.Prefix, *rate.Limiter]
	perSite    map[*sites.Site]*rate.Limiter
	siteEvents rate.Limit
}

func newLimits(cfg Config, list *sites.Sites) (*limits, error) {
	l := &limits{perClient: rate.Limit(cfg.ClientRequestsPerSecond), siteEvents: rate.Limit(cfg.SiteEventsPerSecond)}
	if l.perClient > 0 {
		clients, err := lru.New[netip.Prefix, *rate.Limiter](cfg.ClientsRemembered)
		if err != nil {
			return nil, fmt.Errorf("cache of client rates: %w", err)
		}
		l.clients = clients
	}
	if l.siteEvents > 0 {
		l.perSite = make(map[*sites.Site]*rate.Limiter)
		for site := range list.All() {
			l.perSite[site] = rate.NewLimiter(l.siteEvents, max(2*cfg.SiteEventsPerSecond, cfg.MaxEvents))
		}
	}
	return l, nil
}

// client takes one request of an address. IPv6 clients count by their /64, which is what one of them owns. The
// machine itself is not limited: what comes from it is its own work, or a proxy that does not name its clients.
func (l *limits) client(addr netip.Addr, now time.Time) *refusal {
	if l.clients == nil || !addr.IsValid() || addr.IsLoopback() {
		return nil
	}
	width := 32
	if addr.Is6() {
		width = 64
	}
	prefix := netip.PrefixFrom(addr.WithZone(""), width).Masked()
	limiter, ok := l.clients.Get(prefix)
	if !ok {
		limiter = rate.NewLimiter(l.perClient, 2*int(l.perClient))
		if earlier, found, _ := l.clients.PeekOrAdd(prefix, limiter); found {
			limiter = earlier
		}
	}
	if limiter.AllowN(now, 1) {
		return nil
	}
	return limited("this address sends too many requests: send several events a request, or slow down", 1)
}

// site takes n events of a site.
func (l *limits) site(site *sites.Site, n int, now time.Time) *refusal {
	limiter := l.perSite[site]
	if limiter == nil || limiter.AllowN(now, n) {
		return nil
	}
	return limited("this site sends too many events: slow down", 1+n/int(l.siteEvents))
}

func limited(detail string, after int) *refusal {
	return &refusal{status: http.StatusTooManyRequests, reason: reasonRateLimited, detail: detail, retryAfter: after}
}
