package erasure

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// Names tells whether a refused event names somebody who was erased after it was received. It looks at every text in the bytes,
// which need not be sound JSON, and at the ids of a touchpoint that was refused as a record.
func (k *Known) Names(r *touchpoint.Rejection) bool {
	if k == nil {
		return false
	}
	for _, text := range Texts(r.Raw) {
		if k.gone(r, text) {
			return true
		}
	}
	return false
}

// gone tells whether the text is an id that was erased.
func (k *Known) gone(r *touchpoint.Rejection, text string) bool {
	for _, kind := range [...]Kind{User, Anonymous} {
		if until := k.Until(kind, r.Site, text, ""); until > 0 && r.ReceivedAt <= until {
			return true
		}
	}
	return false
}

// longestText bounds what may be an id.
const longestText = 256

// Texts gives what may be an id in the bytes of an event that was refused: texts in quotation marks, numbers, and the ids of a record.
func Texts(raw []byte) (texts []string) {
	if r := new(touchpoint.Touchpoint); r.UnmarshalVT(raw) == nil {
		texts = append(texts, r.UserId, r.AnonymousId)
	}
	if r := new(touchpoint.Record); r.UnmarshalVT(raw) == nil {
		tp := r.GetTouchpoint()
		texts = append(texts, tp.GetUserId(), tp.GetAnonymousId(), r.GetLink().GetUserId(), r.GetLink().GetAnonymousId(),
			r.GetUnlink().GetUserId(), r.GetUnlink().GetAnonymousId(), r.GetContribution().GetUserId(), r.GetContribution().GetAnonymousId())
	}
	texts = append(texts, quoted(raw)...)
	return append(texts, numbers(raw)...)
}

// quoted gives the texts between each two neighbouring quotation marks, with escapes resolved where they are sound.
func quoted(raw []byte) (texts []string) {
	from := -1
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"', '\'':
			if from >= 0 && i-from <= longestText {
				texts = append(texts, plain(raw[from:i]))
			}
			from = i + 1
		}
	}
	return texts
}

func plain(b []byte) string {
	if bytes.IndexByte(b, '\\') >= 0 {
		var text string
		if json.Unmarshal([]byte(`"`+string(b)+`"`), &text) == nil {
			return text
		}
	}
	return string(b)
}

// numbers gives the runs of digits: an id may have been sent as a number, which is one reason to refuse it.
func numbers(raw []byte) []string {
	return strings.FieldsFunc(string(raw), func(r rune) bool { return r < '0' || r > '9' })
}
