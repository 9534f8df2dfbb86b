package demo

import (
	"fmt"
	"strings"
	"time"
)

// arrival is a way into the shop.
type arrival struct {
	name   string
	weight int
	// query of the first page; %s stands for a click id.
	query, referrer string
	// ad: the network reports the click too.
	ad bool
}

var arrivals = []arrival{
	{"google ads", 17, "gclid=%s&utm_source=google&utm_medium=cpc&utm_campaign=brand-de&utm_term=trekking+backpack", "https://www.google.com/", true},
	{"bing ads", 4, "msclkid=%s&utm_source=bing&utm_medium=cpc&utm_campaign=generic", "https://www.bing.com/", true},
	{"meta ads", 11, "fbclid=%s&utm_source=facebook&utm_medium=paid_social&utm_campaign=spring-launch&utm_content=carousel", "https://l.facebook.com/", true},
	{"tiktok ads", 5, "ttclid=%s&utm_source=tiktok&utm_medium=paid_social&utm_campaign=creators", "https://www.tiktok.com/", true},
	{"display", 4, "dclid=%s&utm_source=dv360&utm_medium=display&utm_campaign=retargeting", "", true},
	{"video", 3, "utm_source=youtube&utm_medium=video&utm_campaign=hut-tour", "https://www.youtube.com/", false},
	{"google", 20, "", "https://www.google.com/", false},
	{"duckduckgo", 3, "", "https://duckduckgo.com/", false},
	{"instagram", 4, "", "https://l.instagram.com/", false},
	{"reddit", 2, "", "https://www.reddit.com/", false},
	{"x", 1, "", "https://t.co/", false},
	{"blog", 4, "", "https://blog.wanderlust-notes.example/gear/best-packs", false},
	{"affiliate", 3, "irclickid=%s&utm_source=gear-compare&utm_medium=affiliate&utm_campaign=partners", "https://gear-compare.example/", false},
	{"chatgpt", 3, "", "https://chatgpt.com/", false},
	{"sms", 1, "utm_source=sms&utm_medium=sms&utm_campaign=flash-sale", "", false},
	{"direct", 12, "", "", false},
}

var landings = []struct{ path, title string }{
	{"/", "Gear for the hills"}, {"/", "Gear for the hills"}, {"/sale", "Spring sale"}, {"/products/backpacks", "Backpacks"}, {"/products/shoes", "Shoes"},
}

// arrive comes by ads, search, links or directly.
func (v *visitor) arrive(after time.Duration) {
	way := arrivals[pick(v.random, len(arrivals), func(i int) int { return arrivals[i].weight })]
	query := way.query
	if strings.Contains(query, "%s") {
		query = fmt.Sprintf(query, v.clickID())
	}
	if way.ad && v.chance(35) {
		v.add(event{Event: "Ad Clicked", Properties: map[string]any{"network": way.name}, Context: v.around("/?"+query, "Ad", way.referrer)}, after)
		after = 2 * time.Second
	}
	v.land(query, way.referrer, after)
}

// land is the first page of a visit: often an article for those who come without a click on an ad.
func (v *visitor) land(query, referrer string, after time.Duration) {
	first := landings[v.random.IntN(len(landings))]
	if query == "" && v.chance(30) {
		first.path = "/journal/" + articles[v.random.IntN(len(articles))]
		first.title = "Journal"
	}
	if query != "" {
		first.path += "?" + query
	}
	v.look(first.path, first.title, referrer, after)
}

// mail is a message of a campaign; it tells whether the visitor followed it into the shop.
func (v *visitor) mail(campaign string, after time.Duration) bool {
	id := map[string]any{"email_id": campaign, "subject": strings.ReplaceAll(campaign, "-", " ")}
	v.behind("Email Sent", "email", id, after)
	if !v.chance(55) {
		return false
	}
	v.behind("Email Opened", "email", id, v.wait(time.Minute, 9*time.Hour))
	if !v.chance(45) {
		return false
	}
	query := "utm_source=newsletter&utm_medium=email&utm_campaign=" + campaign
	v.add(event{Event: "Email Link Clicked", Properties: id, Context: v.around("/?"+query, "E-mail", "")}, 15*time.Second)
	v.land(query, "", 2*time.Second)
	return true
}

// comeBack is a later visit: by mail, by search for the brand, or directly.
func (v *visitor) comeBack(campaign string, after time.Duration) {
	switch v.random.IntN(4) {
	case 0:
		v.arrive(after)
	case 1:
		v.look("/", "Gear for the hills", "https://www.google.com/", after)
	default:
		if v.mail(campaign, after) {
			return
		}
		v.look("/", "Gear for the hills", "", v.wait(2*time.Hour, 40*time.Hour))
	}
}

func (v *visitor) clickID() string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	id := make([]byte, 40)
	for i := range id {
		id[i] = letters[v.random.IntN(len(letters))]
	}
	return string(id)
}
