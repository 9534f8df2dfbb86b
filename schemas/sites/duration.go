package sites

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/throughline/throughline/schemas/stages/yamlfile"
)

// maxDays keeps a duration far from overflow.
const maxDays = 36500

// duration reads "90s", "30m", "720h", "30d" and "1d12h".
type duration time.Duration

// UnmarshalYAML gives an error with the place of the value.
func (d *duration) UnmarshalYAML(node ast.Node) error {
	parsed, err := parseDuration(node.GetToken().Value)
	if err != nil {
		return yamlfile.Error(node, err)
	}
	*d = duration(parsed)
	return nil
}

func parseDuration(text string) (time.Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		return parseClock(text, text)
	}
	n, err := strconv.ParseUint(days, 10, 32)
	if err != nil {
		return 0, badDuration(text)
	}
	if n > maxDays {
		return 0, fmt.Errorf("duration %q is longer than %d days", text, maxDays)
	}
	whole := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return whole, nil
	}
	clock, err := parseClock(text, rest)
	return whole + clock, err
}

func parseClock(text, part string) (time.Duration, error) {
	clock, err := time.ParseDuration(part)
	if err != nil || clock < 0 {
		return 0, badDuration(text)
	}
	if clock > maxDays*24*time.Hour {
		return 0, fmt.Errorf("duration %q is longer than %d days", text, maxDays)
	}
	return clock, nil
}

func badDuration(text string) error {
	return fmt.Errorf(`%q is not a duration: write a number with a unit, as "90s", "30m", "12h", "30d" or "1d12h"`, text)
}
