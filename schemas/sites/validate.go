package sites

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
	_ "time/tzdata" // so that time zones are known on machines without a zone database

	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

var (
	idForm       = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	keyForm      = regexp.MustCompile(`^[A-Za-z0-9._~-]{4,128}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

// minImportKey makes a secret key at least as long as the local one.
const minImportKey = 12

// validation collects what is wrong, so that one run shows all of it.
type validation struct {
	file *yamlfile.File
	errs []error
	ids  map[string]bool
	keys map[string]string // key -> site that has it
}

func validate(list []*Site, file *yamlfile.File) error {
	v := &validation{file: file, ids: make(map[string]bool), keys: make(map[string]string)}
	if len(list) == 0 {
		return errors.New("sites file: sites: at least one site is needed")
	}
	for i, site := range list {
		v.at(i, site).site()
	}
	return errors.Join(v.errs...)
}

// at is the validation of one site.
func (v *validation) at(i int, s *Site) *siteCheck {
	return &siteCheck{v, s, fmt.Sprintf("$.sites[%d]", i), i}
}

type siteCheck struct {
	*validation
	s     *Site
	path  string
	index int
}

// fail records an error; field is a path below the site such as "origins[1]".
func (c *siteCheck) fail(field, format string, args ...any) {
	name := fmt.Sprintf("site %q", c.s.ID)
	if c.s.ID == "" {
		name = fmt.Sprintf("site number %d", c.index+1)
	}
	c.errs = append(c.errs, c.file.Errorf(c.path+"."+field, "%s: %s: %w", name, field, fmt.Errorf(format, args...)))
}

func (c *siteCheck) site() {
	switch {
	case c.s.ID == "":
		c.fail("id", "missing")
	case !idForm.MatchString(c.s.ID):
		c.fail("id", "use lower-case letters, digits, - and _, at most 63")
	case c.ids[c.s.ID]:
		c.fail("id", "another site has this id")
	}
	c.ids[c.s.ID] = true
	if len(c.s.WriteKeys)+len(c.s.ImportKeys) == 0 {
		c.fail("write_keys", "without a key nothing can be written: give at least one write key or import key")
	}
	c.keysOf("write_keys", c.s.WriteKeys, 0)
	c.keysOf("import_keys", c.s.ImportKeys, minImportKey)
	for i, o := range c.s.Origins {
		if err := checkOrigin(o); err != nil {
			c.fail(fmt.Sprintf("origins[%d]", i), "%w", err)
		}
	}
	c.times()
	c.words()
}

func (c *siteCheck) keysOf(field string, keys []string, shortest int) {
	for i, key := range keys {
		at := fmt.Sprintf("%s[%d]", field, i)
		owner, taken := c.keys[key]
		switch {
		case !keyForm.MatchString(key):
			c.fail(at, "a key is 4 to 128 letters, digits or . _ ~ -")
		case len(key) < shortest:
			c.fail(at, "an import key is secret: at least %d characters", shortest)
		case taken:
			c.fail(at, "the same key is already given in site %q", owner)
		}
		c.keys[key] = c.s.ID
	}
}

func (c *siteCheck) times() {
	const second, day = time.Second, 24 * time.Hour
	c.between("session_gap", c.s.SessionGap, second, 3650*day)
	c.between("journey_timeout", c.s.JourneyTimeout, time.Minute, 3650*day)
	c.between("max_age", c.s.MaxAge, time.Minute, 3650*day)
	if c.s.SessionMaxLength != 0 {
		c.between("session_max_length", c.s.SessionMaxLength, second, 3650*day)
	}
	if c.s.SessionGap > c.s.JourneyTimeout {
		c.fail("session_gap", "longer than journey_timeout: a session lies within one journey")
	}
	if _, err := time.LoadLocation(c.s.SplitAtMidnight); err != nil || c.s.SplitAtMidnight == "Local" {
		c.fail("split_at_midnight", "%q is not an IANA time zone such as Europe/Berlin", c.s.SplitAtMidnight)
	}
}

// between also holds durations to whole milliseconds, the resolution of times in a journey.
func (c *siteCheck) between(field string, d, low, high time.Duration) {
	switch {
	case d < low || d > high:
		c.fail(field, "%v is not between %v and %v", d, low, high)
	case d%time.Millisecond != 0:
		c.fail(field, "%v is not a whole number of milliseconds", d)
	}
}

func (c *siteCheck) words() {
	c.oneOf("cycle", c.s.Cycle, CycleContinue, CyclePurchase)
	c.oneOf("repeat_purchase", c.s.RepeatPurchase, RepeatLoyalty, RepeatPurchase)
	c.oneOf("bots", c.s.Bots, BotsExclude, BotsInclude)
	if c.s.Currency != "" && !currencyForm.MatchString(c.s.Currency) {
		c.fail("currency", "%q is not an ISO 4217 code such as EUR", c.s.Currency)
	}
}

func (c *siteCheck) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.fail(field, "%q is not one of %q", value, allowed)
	}
}
