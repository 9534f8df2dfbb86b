package dashboards

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Range is the time that a dashboard shows; both ends belong to it, in whole seconds.
type Range struct {
	From, To time.Time
	// Interval is the width of a point of a time series; a second when it is shorter.
	Interval time.Duration
}

// Variables are the values chosen for each variable; absent or empty means all.
type Variables map[string][]string

// all is the value that Grafana gives a variable for which everything is chosen.
const all = "$__all"

// chosen gives the values of a variable, none when all are meant.
func (v Variables) chosen(name string) []string {
	values := v[name]
	if slices.Contains(values, all) || len(values) == 1 && values[0] == "" {
		return nil
	}
	return values
}

// Expand gives the SQL that the plugin would send: the macros $__conditionalAll, $__timeFilter, $__timeFilter_ms, $__dateFilter,
// $__timeInterval, $__fromTime, $__toTime and $__interval_s are written out, and each ${name:singlequote} becomes the values
// of a variable, quoted and separated by commas (” when none is chosen). Values are data: whatever they hold stays inside its quotes.
// Anything else that begins with a dollar sign is an error.
func Expand(sql string, r Range, v Variables) (string, error) {
	e := expander{r: r, v: v}
	return e.text(sql)
}

type expander struct {
	r Range
	v Variables
}

var (
	variable = regexp.MustCompile(`^\$\{(\w+):singlequote\}`)
	macro    = regexp.MustCompile(`^\$__(\w+)`)
	plain    = regexp.MustCompile(`^\$\{?(\w+)\}?$`)
)

// text expands in one pass, so what a value brings in is never looked at again.
func (e expander) text(sql string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(sql, "$")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		expanded, length, err := e.dollar("$" + rest)
		if err != nil {
			return "", err
		}
		out.WriteString(expanded)
		sql = ("$" + rest)[length:]
	}
}

// dollar expands what the text begins with and gives its length.
func (e expander) dollar(text string) (string, int, error) {
	if m := variable.FindStringSubmatch(text); m != nil {
		return quote(e.v.chosen(m[1])), len(m[0]), nil
	}
	m := macro.FindStringSubmatch(text)
	if m == nil {
		return "", 0, fmt.Errorf("neither a macro nor a ${variable:singlequote}: %.40q", text)
	}
	switch m[1] {
	case "fromTime":
		return fmt.Sprintf("toDateTime(%d)", e.r.From.Unix()), len(m[0]), nil
	case "toTime":
		return fmt.Sprintf("toDateTime(%d)", e.r.To.Unix()), len(m[0]), nil
	case "interval_s":
		return fmt.Sprint(e.seconds()), len(m[0]), nil
	}
	args, length, err := arguments(text[len(m[0]):])
	if err != nil {
		return "", 0, fmt.Errorf("$__%s: %w", m[1], err)
	}
	expanded, err := e.call(m[1], args)
	return expanded, len(m[0]) + length, err
}

// call expands a macro with arguments.
func (e expander) call(name string, args []string) (string, error) {
	if name == "conditionalAll" {
		return e.conditional(args)
	}
	if len(args) != 1 {
		return "", fmt.Errorf("$__%s has %d arguments, not 1", name, len(args))
	}
	column, err := e.text(args[0])
	if err != nil {
		return "", err
	}
	from, to := e.r.From, e.r.To
	switch name {
	case "timeFilter":
		return fmt.Sprintf("%[1]s >= toDateTime(%[2]d) AND %[1]s <= toDateTime(%[3]d)", column, from.Unix(), to.Unix()), nil
	case "timeFilter_ms":
		return fmt.Sprintf("%[1]s >= fromUnixTimestamp64Milli(%[2]d) AND %[1]s <= fromUnixTimestamp64Milli(%[3]d)", column, from.UnixMilli(), to.UnixMilli()), nil
	case "dateFilter":
		const day = "2006-01-02"
		return fmt.Sprintf("%[1]s >= toDate('%[2]s') AND %[1]s <= toDate('%[3]s')", column, from.UTC().Format(day), to.UTC().Format(day)), nil
	case "timeInterval":
		return fmt.Sprintf("toStartOfInterval(toDateTime(%s), INTERVAL %d second)", column, e.seconds()), nil
	}
	return "", fmt.Errorf("unknown macro $__%s", name)
}

// conditional is $__conditionalAll(condition, $variable).
func (e expander) conditional(args []string) (string, error) {
	if len(args) != 2 {
		return "", fmt.Errorf("$__conditionalAll has %d arguments, not 2", len(args))
	}
	m := plain.FindStringSubmatch(strings.TrimSpace(args[1]))
	if m == nil {
		return "", fmt.Errorf("$__conditionalAll: the second argument %q is no plain variable", args[1])
	}
	if len(e.v.chosen(m[1])) == 0 {
		return "1=1", nil
	}
	return e.text(args[0])
}

func (e expander) seconds() int64 {
	return max(1, int64(e.r.Interval/time.Second))
}

// arguments cuts a list in brackets at the commas outside inner brackets, and gives its length.
func arguments(text string) ([]string, int, error) {
	if !strings.HasPrefix(text, "(") {
		return nil, 0, fmt.Errorf("no brackets")
	}
	var args []string
	depth, from := 0, 1
	for i, c := range []byte(text) {
		switch {
		case c == '(':
			depth++
		case c == ',' && depth == 1:
			args, from = append(args, text[from:i]), i+1
		case c == ')' && depth == 1:
			return append(args, text[from:i]), i + 1, nil
		case c == ')':
			depth--
		}
	}
	return nil, 0, fmt.Errorf("brackets are not closed")
}

// escape keeps a value inside single quotes: ClickHouse reads backslashes as C does.
var escape = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`)

// quote gives values as a list of literals.
func quote(values []string) string {
	if len(values) == 0 {
		return "''"
	}
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = "'" + escape.Replace(value) + "'"
	}
	return strings.Join(quoted, ",")
}
