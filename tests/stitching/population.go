package stitching

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/throughline/throughline/schemas/touchpoint"
)

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// Population is some people on some devices over some weeks, as the touchpoints that the collector would accept, in the
// order of time and then with copies among them, and what operators unlinked.
type Population struct {
	Touchpoints []*touchpoint.Touchpoint
	Unlinks     []*touchpoint.Unlink
	r           *rand.Rand
	people      int
	devices     int
	base        int64
}

// Site is the site that all touchpoints are of.
const Site = "main"

// New makes a population of some people with some visits. Devices are fewer than two a person, so that many are shared.
func New(r *rand.Rand, people, visits int) *Population {
	p := &Population{r: r, people: people, devices: people + r.IntN(people+1), base: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).UnixMilli()}
	for range visits {
		p.visit()
	}
	p.unlink()
	p.copies()
	return p
}

// Some is a population of given touchpoints.
func Some(r *rand.Rand, touchpoints []*touchpoint.Touchpoint, unlinks []*touchpoint.Unlink) *Population {
	return &Population{Touchpoints: touchpoints, Unlinks: unlinks, r: r}
}

// visit is somebody on some device: now and then logged in already, logging in on the way, logging out again, or handing
// the device on.
func (p *Population) visit() {
	r := p.r
	person := r.IntN(p.people)
	device := person
	if r.IntN(3) == 0 {
		device = r.IntN(p.devices)
	}
	at := p.base + r.Int64N(45*day)/minute*minute
	in := r.IntN(4) == 0
	for range 1 + r.IntN(6) {
		switch r.IntN(8) {
		case 0:
			in = true
			p.touch(at, person, device, []string{"identify", "alias"}[r.IntN(2)], true)
		case 1:
			in = false // logs out
		case 2:
			if person = r.IntN(p.people); r.IntN(2) == 0 {
				in = false
			}
		default:
			p.touch(at, person, device, []string{"track", "page"}[r.IntN(2)], in)
		}
		at += []int64{0, 1, second, minute, 12 * minute, hour}[r.IntN(6)]
	}
}

func (p *Population) touch(at int64, person, device int, kind string, in bool) {
	r := p.r
	t := &touchpoint.Touchpoint{
		Site: Site, MessageId: fmt.Sprintf("m-%d", len(p.Touchpoints)), AnonymousId: fmt.Sprintf("a%d", device), Type: kind, Event: "x",
		Stage: uint32(r.IntN(6)), Passive: r.IntN(6) == 0, OccurredAt: at, ReceivedAt: (at+r.Int64N(3*hour))*1000 + r.Int64N(1000),
		Channel: []string{"", "direct", "email", "paid search"}[r.IntN(4)], Campaign: []string{"", "spring"}[r.IntN(2)],
		Device: []string{"mobile", "desktop"}[device%2], Country: "DE", Revenue: r.Int64N(100), Source: "http",
	}
	if in {
		t.UserId = fmt.Sprintf("u%d", person)
		if r.IntN(6) == 0 && kind == "track" {
			t.AnonymousId = "" // from a server
		}
	}
	p.Touchpoints = append(p.Touchpoints, t)
}

// unlink withdraws some pairs, up to a time or for good.
func (p *Population) unlink() {
	for range p.r.IntN(3) {
		u := &touchpoint.Unlink{
			Site: Site, AnonymousId: fmt.Sprintf("a%d", p.r.IntN(p.devices)), UserId: fmt.Sprintf("u%d", p.r.IntN(p.people)),
			Until: p.base + p.r.Int64N(45*day), Reason: "test",
		}
		if len(p.Touchpoints) > 0 && p.r.IntN(2) == 0 { // at the very time of a touchpoint
			if t := p.Touchpoints[p.r.IntN(len(p.Touchpoints))]; t.UserId != "" && t.AnonymousId != "" {
				u.AnonymousId, u.UserId, u.Until = t.AnonymousId, t.UserId, t.OccurredAt
			}
		}
		if u.ReceivedAt = (u.Until + hour) * 1000; p.r.IntN(4) == 0 {
			u.Until = 0
		}
		p.Unlinks = append(p.Unlinks, u)
	}
}

// copies repeats some touchpoints: as they were, or received and stamped a little earlier or later, or, by a client that
// learns the user between two attempts, with another sender.
func (p *Population) copies() {
	r := p.r
	for _, t := range p.Touchpoints {
		if r.IntN(10) > 0 {
			continue
		}
		again := t.CloneVT()
		switch r.IntN(4) {
		case 0:
			again.ReceivedAt += r.Int64N(3) - 1
			again.OccurredAt += []int64{-minute, -1, 0, 1, minute, day}[r.IntN(6)]
		case 1:
			again.ReceivedAt++
			again.UserId = ""
			if again.AnonymousId == "" {
				again.AnonymousId = "a0"
			}
		}
		p.Touchpoints = append(p.Touchpoints, again)
	}
}

// Records gives all records that a collector with a small forgetful cache would send, in some order: touchpoints and
// links in a shuffled one, some of them twice, unlinks anywhere.
func (p *Population) Records() (all []*touchpoint.Record) {
	r := p.r
	order := append([]*touchpoint.Touchpoint(nil), p.Touchpoints...)
	if r.IntN(4) > 0 {
		r.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
	}
	type pair struct {
		anonymous, user string
		window          int64
	}
	cache := map[pair]int64{}
	for _, t := range order {
		all = append(all, &touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: t}})
		link := t.Link()
		if link == nil {
			continue
		}
		key := pair{link.AnonymousId, link.UserId, touchpoint.Window(link.AssertedAt)}
		sent, known := cache[key]
		if !known || link.AssertedAt < sent || touchpoint.ExactLink(link.Source) || r.IntN(10) == 0 {
			all = append(all, &touchpoint.Record{Kind: &touchpoint.Record_Link{Link: link}})
		}
		if !touchpoint.ExactLink(link.Source) && (!known || link.AssertedAt < sent) && r.IntN(4) > 0 {
			cache[key] = link.AssertedAt
		}
	}
	for _, u := range p.Unlinks {
		all = append(all, &touchpoint.Record{Kind: &touchpoint.Record_Unlink{Unlink: u}})
	}
	if r.IntN(3) > 0 {
		r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	}
	for _, record := range all {
		if r.IntN(12) == 0 {
			all = append(all, record)
		}
	}
	return all
}
