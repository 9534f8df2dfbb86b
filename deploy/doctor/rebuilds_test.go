package doctor

import (
	"testing"

	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
)

func TestRebuilds(t *testing.T) {
	check := []Check{Rebuilds("rebuilds", "", database(t, "rebuilt", true), nil,
		func() (*sites.Sites, error) { return sites.Default(), nil }, func(string) (*stages.Rules, error) { return stages.Builtin(), nil })}
	note := func(rebuild, step, digest string) {
		exec(t, "INSERT INTO rebuilt.rebuilds_log (site, rebuild, step, rules_version, rules_digest, at) SELECT 'main', "+rebuild+", '"+step+"', 'v', '"+digest+"', now64(3)")
	}
	expect(t, run(t, check, "rebuilds"), OK, "0 sites")
	note("1790000000000000", "begun", "other")
	expect(t, run(t, check, "rebuilds"), Fail, "site main", "not finished", "throughline rebuild --site main")
	note("1790000000000000", "finished", "other")
	expect(t, run(t, check, "rebuilds"), Warn, "other stages", "--dry-run")
	note("1790000000000001", "begun", stages.Builtin().Digest())
	note("1790000000000001", "finished", stages.Builtin().Digest())
	expect(t, run(t, check, "rebuilds"), OK, "1 site")
}
