package doctor

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
)

// Rebuilds compares each site's stage rules with those that its tables were last rebuilt to, and looks for rebuilds that were
// interrupted. It rests on the check named after.
func Rebuilds(name, after, dsn string, authorities *x509.CertPool, load func() (*sites.Sites, error), rules func(file string) (*stages.Rules, error)) Check {
	s := server{dsn: dsn, authorities: authorities}
	return Check{Name: name, After: after, Run: s.asked(func(ctx context.Context, conn driver.Conn) Finding {
		last, err := s.lastRebuilds(ctx, conn)
		if err != nil {
			return s.trouble(err)
		}
		all, err := load()
		if err != nil {
			return skip("sites: %v", err)
		}
		var p problems
		for _, r := range last {
			r.judge(&p, all, rules)
		}
		return p.or(good("%s rebuilt under other stage rules so far, all to their end and to the rules of now", many(len(last), "site")))
	})}
}

// lastRebuild is the last rebuild of a site.
type lastRebuild struct {
	site, version, digest string
	began                 int64
	finished              bool
}

func (s server) lastRebuilds(ctx context.Context, conn driver.Conn) (all []lastRebuild, err error) {
	rows, err := conn.Query(ctx, `SELECT site, any(rules_version), any(rules_digest), rebuild, countIf(step = 'finished') > 0
		FROM `+s.table("rebuilds_log")+` FINAL GROUP BY site, rebuild ORDER BY site, rebuild DESC LIMIT 1 BY site`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells
	for rows.Next() {
		var r lastRebuild
		if err := rows.Scan(&r.site, &r.version, &r.digest, &r.began, &r.finished); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

func (r *lastRebuild) judge(p *problems, all *sites.Sites, load func(string) (*stages.Rules, error)) {
	if !r.finished {
		p.fail(fmt.Sprintf("a rebuild of site %s to the stage rules %s was begun at %s and is not finished: processors do not start",
			r.site, r.version, time.UnixMicro(r.began).UTC().Format(time.RFC3339)),
			"throughline rebuild --site "+r.site+", while no processor runs: it goes on where it was")
		return
	}
	for site := range all.All() {
		if site.ID != r.site {
			continue
		}
		if now, err := load(site.Rules); err == nil && now.Digest() != r.digest {
			p.warn(fmt.Sprintf("site %s has the stage rules %s, its tables were rebuilt to %s: what comes now gets other stages than what is stored",
				r.site, now.Version(), r.version),
				"throughline rebuild --dry-run --site "+r.site+" says what a rebuild changes; or set the site's 'rules' back")
		}
	}
}
