package admission

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// nothings are what programs print for an id that is not there.
var nothings = []string{
	"null", "undefined", "nil", "none", "nan", "n/a", "na", "[object object]", "(null)", "<nil>", "<null>", "\"\"", "''", "{}", "[]",
	"false", "true", "00000000-0000-0000-0000-000000000000",
}

// crowds are user ids that many people share.
var crowds = []string{
	"0", "-1", "guest", "anonymous", "anon", "unknown", "userid", "user_id", "id", "email", "distinct_id", "distinctid",
	"not_authenticated", "not set", "(not set)",
}

// Placeholders lists the user ids, in lower case, that are refused because they name nobody or everybody: they would make
// one customer of many people.
func Placeholders() []string {
	return append(append([]string(nil), nothings...), crowds...)
}

const longestPlaceholder = 36

var placeholders = func() map[string]bool {
	// The value tells whether an anonymous id is refused too.
	m := make(map[string]bool)
	for _, id := range crowds {
		m[id] = false
	}
	for _, id := range nothings {
		m[id] = true
	}
	return m
}()

// placeholder tells whether an id names nobody (nothing), or nobody in particular (known).
func placeholder(id string) (nothing, known bool) {
	id = strings.TrimSpace(id)
	if len(id) > longestPlaceholder {
		return false, false
	}
	var lower [longestPlaceholder]byte
	for i := range len(id) {
		lower[i] = id[i]
		if 'A' <= id[i] && id[i] <= 'Z' {
			lower[i] |= 0x20
		}
	}
	nothing, known = placeholders[string(lower[:len(id)])]
	return nothing, known
}

// id checks length and characters; the empty id is no id and passes.
func (d *draft) id(field, id string) bool {
	if len(id) > MaxName {
		return d.refuse(ReasonInvalidID, field, fmt.Sprintf("%d bytes, at most %d: send a shorter id, or a hash of it", len(id), MaxName))
	}
	for i := range len(id) {
		if c := id[i]; c < ' ' || c >= 0x7f {
			return d.wideID(field, id)
		}
	}
	if id != "" && strings.TrimSpace(id) == "" {
		return d.refuse(ReasonInvalidID, field, "nothing but spaces: send the id, or leave the field out")
	}
	return true
}

// wideID checks an id that is not plain ASCII.
func (d *draft) wideID(field, id string) bool {
	for _, r := range id {
		if unicode.IsControl(r) {
			return d.refuse(ReasonInvalidID, field, "holds control characters: remove line breaks, tabs and zero bytes")
		}
		if r == utf8.RuneError {
			return d.refuse(ReasonInvalidID, field, "holds a broken character (U+FFFD): the id was damaged before it was sent")
		}
	}
	if strings.TrimSpace(id) == "" {
		return d.refuse(ReasonInvalidID, field, "nothing but spaces: send the id, or leave the field out")
	}
	return true
}

// person checks user and anonymous id.
func (d *draft) person() bool {
	user, anonymous := d.t.UserId, d.t.AnonymousId
	if !d.id("user_id", user) || !d.id("anonymous_id", anonymous) {
		return false
	}
	if user == "" && anonymous == "" {
		return d.refuse(ReasonMissing, "user_id", "nobody is named: send user_id, or anonymous_id for a visitor who is not known")
	}
	if _, known := placeholder(user); known {
		return d.refuse(ReasonInvalidID, "user_id", "a placeholder, not a person: leave user_id out until the user is known")
	}
	if nothing, _ := placeholder(anonymous); nothing {
		return d.refuse(ReasonInvalidID, "anonymous_id", "a placeholder, not a visitor: send an id made for this browser or device")
	}
	return true
}

// printable gives text that a client chose in memory of its own: at most MaxName bytes, control characters as '?', and
// nothing as "", so that it can be seen.
func printable(text string) string {
	if text == "" {
		return `""`
	}
	if len(text) > MaxName {
		text = strings.ToValidUTF8(text[:MaxName], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, strings.Clone(text))
}
