package admission

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/throughline/throughline/collector/admission/scan"
)

// surveys are the kinds of survey that have columns.
var surveys = [...]string{"nps", "csat", "ces"}

// answer is a property that should hold a number: its text, from a number or a string, and what it was.
type answer struct {
	text string
	kind scan.Kind
}

func (a answer) given() bool { return a.kind > scan.Null && (a.kind != scan.String || a.text != "") }

// properties reads the members of properties that become columns, and keeps its bytes.
func (d *draft) properties() bool {
	open, ok := d.object("properties")
	if !open {
		return ok
	}
	start := d.scan.Pos()
	m := members{prefix: "properties."}
	for m.next(d) {
		if !d.property(m.key) {
			return false
		}
	}
	d.t.Properties = d.scan.Since(start)
	return d.problem == nil
}

func (d *draft) property(key string) bool {
	switch key {
	case "revenue":
		return d.answer(&d.revenue)
	case "total":
		return d.answer(&d.total)
	case "currency":
		return d.text("properties.currency", &d.t.Currency)
	case "order_id":
		return d.orderID()
	case "survey":
		return d.surveyName()
	case "score":
		return d.answer(&d.score)
	case "nps":
		return d.answer(&d.shorthand[0])
	case "csat":
		return d.answer(&d.shorthand[1])
	case "ces":
		return d.answer(&d.shorthand[2])
	}
	return d.skip()
}

// answer reads a value of any kind and keeps the text of a number or a string; whether it is wanted shows later.
func (d *draft) answer(into *answer) bool {
	into.kind = d.scan.Peek()
	var text scan.Text
	var ok bool
	switch into.kind {
	case scan.Number:
		text, ok = d.scan.Number()
	case scan.String:
		text, ok = d.scan.Text()
	default:
		return d.skip()
	}
	into.text = text.String()
	return ok || d.fault()
}

// orderID reads a string or a number: shops send both.
func (d *draft) orderID() bool {
	var id answer
	if !d.answer(&id) {
		return false
	}
	if id.kind > scan.Null && id.kind != scan.Number && id.kind != scan.String {
		return d.wrongType("properties.order_id", "a string", id.kind)
	}
	d.t.OrderId = id.text
	return d.id("properties.order_id", id.text)
}

// surveyName reads the kind of survey; other kinds than ours stay in properties only.
func (d *draft) surveyName() bool {
	var name answer
	if !d.answer(&name) {
		return false
	}
	for _, known := range surveys {
		if name.kind == scan.String && strings.EqualFold(name.text, known) {
			d.survey = known
		}
	}
	return true
}

// money settles revenue (else total) and currency. A total that is no number is a property like any other.
func (d *draft) money(siteCurrency string) bool {
	from, field := d.revenue, "properties.revenue"
	if !from.given() {
		from, field = d.total, "properties.total"
		if _, fault := parseMoney(from.text); fault == moneySyntax {
			from = answer{}
		}
	}
	if from.given() {
		if from.kind != scan.Number && from.kind != scan.String {
			return d.wrongType(field, "a number", from.kind)
		}
		units, fault := parseMoney(from.text)
		if fault != moneyOK {
			return d.refuse(ReasonInvalidValue, field, fault.detail())
		}
		d.t.Revenue = units
	}
	return d.currency(siteCurrency, from.given())
}

func (d *draft) currency(siteCurrency string, paid bool) bool {
	if d.t.Currency == "" {
		if paid {
			d.t.Currency = siteCurrency
		}
		return true
	}
	for _, c := range []byte(d.t.Currency) {
		if c|0x20 < 'a' || c|0x20 > 'z' || len(d.t.Currency) != 3 {
			return d.refuse(ReasonInvalidValue, "properties.currency", "not a currency code: send the three letters of ISO 4217, such as EUR")
		}
	}
	d.t.Currency = strings.ToUpper(d.t.Currency)
	return true
}

// answers settles survey and score: the pair of properties goes first, then the first of the shorthands. All that are
// given must be sound.
func (d *draft) answers() bool {
	if d.survey != "" && d.score.given() && !d.setScore(d.survey, "properties.score", d.score) {
		return false
	}
	for i, short := range d.shorthand {
		if short.given() && !d.setScore(surveys[i], shorthandFields[i], short) {
			return false
		}
	}
	return true
}

// shorthandFields are the paths of the properties named like surveys.
var shorthandFields = [len(surveys)]string{"properties.nps", "properties.csat", "properties.ces"}

func (d *draft) setScore(survey, field string, score answer) bool {
	if score.kind != scan.Number && score.kind != scan.String {
		return d.wrongType(field, "a number", score.kind)
	}
	value, err := strconv.ParseFloat(score.text, 64) // takes "NaN" and "0x1p4" too, which are no decimal numbers
	if _, fault := parseMoney(score.text); err != nil || fault == moneySyntax {
		return d.refuse(ReasonInvalidValue, field, "not a number: send the score as a number")
	}
	if survey == surveys[0] && (value < 0 || value > 10) {
		return d.refuse(ReasonInvalidValue, field, fmt.Sprintf("an NPS score is 0 to 10, this is %v", value))
	}
	if d.t.Survey == "" {
		d.t.Survey, d.t.Score = survey, value
	}
	return true
}
