package main

import (
	"bytes"
	"fmt"
	"time"
)

// A shop's visitors, each with ten touches: page views with URL, referrer, user agent and properties, and some of the
// e-commerce events. The same generator feeds the servers and their baselines.

// step is one touch of a visit.
type step struct {
	kind, event, path, title, properties string
}

var visit = [touchesPerVisitor]step{
	{"page", "", "/", "Outdoor and running gear", `{"layout":"home","teaser":"spring-sale","position":3}`},
	{"page", "", "/shoes/running", "Running shoes", `{"category":"shoes","list":"running","results":48,"sort":"popular"}`},
	{"track", "Product Viewed", "/shoes/running/ridgeback-4", "Ridgeback 4", `{"product_id":"sku-10482","category":"shoes","brand":"Fell","price":129.9}`},
	{"page", "", "/shoes/running/skyline-2", "Skyline 2", `{"product_id":"sku-10977","category":"shoes","brand":"Ford","price":99.0}`},
	{"page", "", "/guides/how-to-choose-trail-shoes", "How to choose trail shoes", `{"category":"guides","author":"m.keller","words":1240}`},
	{"track", "Product Added", "/shoes/running/ridgeback-4", "Ridgeback 4", `{"product_id":"sku-10482","quantity":1,"price":129.9,"cart_id":"c-58211"}`},
	{"page", "", "/cart", "Your cart", `{"items":2,"value":147.8,"voucher":false}`},
	{"page", "", "/shoes/care", "Shoe care", `{"category":"care","list":"recommended","results":12}`},
	{"track", "Checkout Started", "/checkout", "Checkout", `{"items":2,"value":147.8,"currency":"EUR","step":1}`},
	{"track", "Order Completed", "/checkout/done", "Thank you", `{"order_id":"o-2026-55121","revenue":147.8,"currency":"EUR","items":2}`},
}

const (
	touchesPerVisitor = 10
	variants          = 8
)

// arrival is how a visitor came: what differs between variants.
type arrival struct{ query, referrer, locale string }

var arrivals = [variants]arrival{
	{"", "", "en-US"},
	{"?utm_source=google&utm_medium=cpc&utm_campaign=spring", "https://www.google.com/", "en-GB"},
	{"", "https://www.google.com/", "de-DE"},
	{"?utm_source=newsletter&utm_medium=email&utm_campaign=march", "", "de-DE"},
	{"?gclid=EAIaIQobChMIx5aV", "https://www.google.com/", "fr-FR"},
	{"", "https://www.instagram.com/", "en-US"},
	{"?ref=partner-17", "https://trailmag.example/best-shoes", "en-US"},
	{"", "https://duckduckgo.com/", "nl-NL"},
}

const userAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

// holes are digits that are filled in for each event.
const (
	messageHole = "01890a5d-ac96-774b-bcce-M00000000000"
	visitorHole = "5f3b9c1e-7d00-4000-8000-V00000000000"
	userHole    = "customer-U00000000000"
	holeDigits  = 12
)

// template is one event with the places of its holes; user is -1 for visitors who are not known.
type template struct {
	body                   []byte
	message, visitor, user int
}

// traffic numbers touches and writes them as JSON. It is read-only once made.
type traffic struct {
	templates [variants][touchesPerVisitor]template
	// active visitors are in the shop at a time; their touches come in turn.
	active uint64
	// first is where the message numbers of this run begin.
	first uint64
}

// newTraffic makes live traffic, or, with a history, visits of three days ago and of today.
func newTraffic(active int, first uint64, history bool) *traffic {
	t := &traffic{active: uint64(active), first: first}
	sent := time.Now().UTC().Truncate(time.Millisecond)
	for v := range variants {
		for s := range touchesPerVisitor {
			at := sent.Add(-40 * time.Millisecond)
			if history {
				at = at.Add(-time.Duration(touchesPerVisitor-s) * 2 * time.Minute)
			}
			if history && s < 6 {
				at = at.Add(-72 * time.Hour)
			}
			t.templates[v][s] = newTemplate(&visit[s], &arrivals[v], v%4 == 0, at, sent)
		}
	}
	return t
}

func newTemplate(s *step, a *arrival, known bool, at, sent time.Time) template {
	var user, event string
	if known {
		user = `"user_id":"` + userHole + `",`
	}
	if s.event != "" {
		event = `"event":"` + s.event + `",`
	}
	const layout = "2006-01-02T15:04:05.000Z"
	body := fmt.Appendf(nil, `{"message_id":"%s","type":"%s",%s"anonymous_id":"%s",%s"timestamp":"%s","sent_at":"%s",`+
		`"context":{"page":{"url":"https://shop.example%s%s","referrer":"%s","title":"%s"},"locale":"%s"},"properties":%s}`,
		messageHole, s.kind, event, visitorHole, user, at.Format(layout), sent.Format(layout),
		s.path, a.query, a.referrer, s.title, a.locale, s.properties)
	hole := func(text string) int {
		if i := bytes.Index(body, []byte(text)); i >= 0 {
			return i + len(text) - holeDigits
		}
		return -1
	}
	return template{body: body, message: hole(messageHole), visitor: hole(visitorHole), user: hole(userHole)}
}

// append writes the touch with a number. Visitors are staggered: at any time they are at all steps of their visits.
func (t *traffic) append(b []byte, n uint64) []byte {
	slot, round := n%t.active, n/t.active
	at := round + slot%touchesPerVisitor
	visitor := t.first + at/touchesPerVisitor*t.active + slot
	e := &t.templates[visitor%variants][at%touchesPerVisitor]
	from := len(b)
	b = append(b, e.body...)
	fill(b[from+e.message:], t.first+n)
	fill(b[from+e.visitor:], visitor)
	if e.user >= 0 {
		fill(b[from+e.user:], visitor)
	}
	return b
}

func fill(b []byte, n uint64) {
	const digits = "0123456789abcdef"
	for i := holeDigits - 1; i >= 0; i-- {
		b[i] = digits[n&15]
		n >>= 4
	}
}

// appendRequest writes one request with the touches from a number on.
func (t *traffic) appendRequest(b []byte, from uint64, events int) []byte {
	b = append(b, requestHead...)
	length := len(b)
	b = append(b, "0000000\r\n\r\n"...)
	body := len(b)
	if events == 1 {
		b = t.append(b, from)
	} else {
		for i := range events {
			b = append(b, "[,"[min(i, 1)])
			b = t.append(b, from+uint64(i))
		}
		b = append(b, ']')
	}
	size := len(b) - body
	for i := 6; i >= 0; i-- {
		b[length+i] = byte('0' + size%10)
		size /= 10
	}
	return b
}

const requestHead = "POST /v1/touchpoints HTTP/1.1\r\nHost: collect.shop.example\r\nUser-Agent: " + userAgent + "\r\n" +
	"Authorization: Bearer local\r\nContent-Type: application/json\r\nContent-Length: "
