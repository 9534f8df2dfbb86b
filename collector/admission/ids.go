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
	// What forms are filled with where an address is asked for.
	"email@example.com", "user@example.com", "name@example.com", "example@example.com", "test@example.com", "me@example.com",
	"john@example.com", "john.doe@example.com", "jane@example.com", "jane.doe@example.com", "you@example.com", "guest@example.com",
	"noreply@example.com", "no-reply@example.com", "admin@example.com", "your@email.com", "email@email.com", "test@test.com",
	"test@email.com", "a@a.com", "a@b.com", "a@b.c", "none@none.com", "no@no.com", "noemail@noemail.com", "no@email.com",
	"none@example.com", "anonymous@example.com", "guest@guest.com", "asdf@asdf.com", "abc@abc.com", "123@123.com",
}

// Placeholders lists the user ids, in lower case, that are refused because they name nobody or everybody: they would make
// one customer of many people.
func Placeholders() []string {
	return append(append([]string(nil), nothings...), crowds...)
}

// placeholders are ids in lower case; the value tells whether one is refused as an anonymous id too.
type placeholders struct {
	ids     map[string]bool
	longest int
}

// newPlaceholders adds to the built-in ones; an id with ! in front is allowed again.
func newPlaceholders(changes []string) *placeholders {
	p := &placeholders{ids: make(map[string]bool)}
	for _, id := range crowds {
		p.ids[id] = false
	}
	for _, id := range nothings {
		p.ids[id] = true
	}
	for _, id := range changes {
		id, allowed := strings.CutPrefix(strings.TrimSpace(id), "!")
		if id = lowerASCII(strings.TrimSpace(id)); allowed {
			delete(p.ids, id)
		} else if _, known := p.ids[id]; !known && id != "" {
			p.ids[id] = false
		}
	}
	for id := range p.ids {
		p.longest = max(p.longest, len(id))
	}
	return p
}

var builtin = newPlaceholders(nil)

func lowerASCII(id string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r |= 0x20
		}
		return r
	}, id)
}

// has tells whether an id names nobody (nothing), or nobody in particular (known).
func (p *placeholders) has(id string) (nothing, known bool) {
	id = strings.TrimSpace(id)
	var lower [MaxName]byte
	if len(id) > min(p.longest, len(lower)) {
		return false, false
	}
	for i := range len(id) {
		lower[i] = id[i]
		if 'A' <= id[i] && id[i] <= 'Z' {
			lower[i] |= 0x20
		}
	}
	nothing, known = p.ids[string(lower[:len(id)])]
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
	ids := d.placeholders
	if ids == nil {
		ids = builtin
	}
	if _, known := ids.has(user); known {
		return d.refuse(ReasonInvalidID, "user_id", "a placeholder, not a person: leave user_id out until the user is known")
	}
	if nothing, _ := ids.has(anonymous); nothing {
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
