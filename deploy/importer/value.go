package importer

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// value appends the JSON of a field, or nothing when the row has none.
func (c *converter) value(dst []byte, v *value, r *row) ([]byte, *Problem) {
	if v.constant != nil {
		return append(dst, v.constant...), nil
	}
	found, was := c.text(v, r)
	if v.table != nil {
		found, was = v.lookup(found), '"'
	}
	if found == "" {
		return dst, nil
	}
	switch v.kind {
	case timestamp:
		return c.clock.append(dst, v, found)
	case boolean:
		return appendBool(dst, v, found)
	case number:
		return appendNumber(dst, v, found)
	case object, anyJSON:
		return appendJSON(dst, v, found, was)
	case native:
		if was != 0 && was != '"' {
			return append(dst, found...), nil
		}
	}
	return appendText(dst, v, found)
}

// text gives what the template makes of the row, and the JSON kind it had when it is one NDJSON value (else 0).
func (c *converter) text(v *value, r *row) (string, byte) {
	if len(v.parts) == 1 {
		at := v.parts[0].column
		switch {
		case at < 0:
			return v.parts[0].text, 0
		case r.kinds != nil:
			return r.values[at], r.kinds[at]
		}
		return r.values[at], 0
	}
	c.scratch = c.scratch[:0]
	empty := true
	for _, p := range v.parts {
		if p.column < 0 {
			c.scratch = append(c.scratch, p.text...)
			continue
		}
		c.scratch = append(c.scratch, r.values[p.column]...)
		empty = empty && r.values[p.column] == ""
	}
	if empty {
		return "", 0
	}
	return string(c.scratch), 0
}

func (v *value) lookup(found string) string {
	if to, ok := v.table[found]; ok && found != "*" {
		return to
	}
	return v.other
}

func (v *value) problem(found, want string) *Problem {
	const most = 120
	if len(found) > most {
		found = found[:most] + "…"
	}
	return &Problem{Reason: reasonInvalid, Field: v.name, Detail: fmt.Sprintf("%q is not %s", found, want)}
}

// appendText appends a JSON string; almost all values are plain and copied as they are.
func appendText(dst []byte, v *value, found string) ([]byte, *Problem) {
	for i := range len(found) {
		if b := found[i]; b < ' ' || b == '"' || b == '\\' || b > '~' {
			return quoteText(dst, v, found)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, found...)
	return append(dst, '"'), nil
}

func quoteText(dst []byte, v *value, found string) ([]byte, *Problem) {
	quoted, err := jsontext.AppendQuote(dst, found)
	if err != nil {
		return dst, v.problem(found, "UTF-8: convert the file first")
	}
	return quoted, nil
}

func appendBool(dst []byte, v *value, found string) ([]byte, *Problem) {
	switch strings.ToLower(found) {
	case "true", "t", "yes", "y", "1", "on":
		return append(dst, "true"...), nil
	case "false", "f", "no", "n", "0", "off":
		return append(dst, "false"...), nil
	}
	return dst, v.problem(found, "yes or no (true, false, 1, 0)")
}

// appendNumber keeps the digits of a number that is one in JSON, so that money is never rounded.
func appendNumber(dst []byte, v *value, found string) ([]byte, *Problem) {
	found = strings.TrimSpace(found)
	if plainNumber(found) {
		return append(dst, found...), nil
	}
	parsed, err := strconv.ParseFloat(found, 64)
	if err != nil || math.IsNaN(parsed) || math.IsInf(parsed, 0) {
		return dst, v.problem(found, "a number")
	}
	return strconv.AppendFloat(dst, parsed, 'g', -1, 64), nil
}

func plainNumber(found string) bool {
	raw := jsontext.Value(found)
	return raw.Kind() == '0' && raw.IsValid()
}

func appendJSON(dst []byte, v *value, found string, was byte) ([]byte, *Problem) {
	if was == '"' && v.table == nil && v.kind == anyJSON {
		return appendText(dst, v, found)
	}
	raw := jsontext.Value(found)
	if !raw.IsValid() {
		return dst, v.problem(found, "JSON")
	}
	if v.kind == object && raw.Kind() != '{' {
		return dst, v.problem(found, "a JSON object")
	}
	return append(dst, strings.TrimSpace(found)...), nil
}

// append appends a timestamp as RFC 3339 in UTC, with the fraction it had.
func (c clock) append(dst []byte, v *value, found string) ([]byte, *Problem) {
	at, ok := c.parse(found)
	if !ok {
		return dst, v.problem(found, "a time of the form "+strings.Join(c.layouts, " or "))
	}
	dst = append(dst, '"')
	dst = at.UTC().AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"'), nil
}

func (c clock) parse(found string) (time.Time, bool) {
	for _, layout := range c.layouts {
		switch layout {
		case "unix", "unix_ms":
			if at, ok := parseUnix(found, layout == "unix_ms"); ok {
				return at, true
			}
		default:
			if at, err := time.ParseInLocation(layout, found, c.zone); err == nil {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// parseUnix reads seconds, which may have a fraction, or milliseconds.
func parseUnix(found string, milliseconds bool) (time.Time, bool) {
	if n, err := strconv.ParseInt(found, 10, 64); err == nil && milliseconds {
		return time.UnixMilli(n), true
	} else if err == nil {
		return time.Unix(n, 0), true
	}
	f, err := strconv.ParseFloat(found, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e14 {
		return time.Time{}, false
	}
	if milliseconds {
		f /= 1000
	}
	whole, fraction := math.Modf(f)
	return time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1e3), true
}
