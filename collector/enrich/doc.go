// Package enrich takes what a touchpoint says about the visit – page URL, referrer, campaign tags, user agent, address –
// and gives what reports group by: channel, campaign, click id, device, bot verdict, a truncated address. Everything is
// a pure function; only user agents are remembered, in a cache of bounded size. It does no I/O.
package enrich
