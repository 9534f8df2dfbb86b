package admission

import (
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/throughline/throughline/collector/enrich"
)

// visit fills in what follows from page, campaign, user agent and address.
func (a *Admitter) visit(req *Request, d *draft) bool {
	a.arrival(d)
	a.agent(req, d)
	d.country(req)
	return d.address(req)
}

// arrival settles path, campaign, click id and channel.
func (a *Admitter) arrival(d *draft) {
	t := d.t
	page := enrich.Split(t.Url)
	if t.Path == "" {
		t.Path = page.Path
	}
	campaign := enrich.Campaign{
		Name: t.Campaign, Source: t.CampaignSource, Medium: t.CampaignMedium, Term: t.CampaignTerm, Content: t.CampaignContent,
	}
	if page.Query != "" {
		fromURL, click := enrich.Query(page.Query)
		t.ClickIdKind, t.ClickId = click.Kind, click.ID
		if !campaign.Tagged() {
			campaign = fromURL
			t.Campaign, t.CampaignSource, t.CampaignMedium = campaign.Name, campaign.Source, campaign.Medium
			t.CampaignTerm, t.CampaignContent = campaign.Term, campaign.Content
		}
	}
	if t.Channel == "" {
		t.Channel = enrich.Channel(enrich.Visit{
			Host: page.Host, Referrer: enrich.ReferrerHost(t.Referrer), Campaign: campaign, ClickKind: t.ClickIdKind, Web: t.Url != "",
		})
	}
}

// agent settles user agent, browser, system, device and the verdict on bots.
func (a *Admitter) agent(req *Request, d *draft) {
	t := d.t
	if t.UserAgent = d.agent; t.UserAgent == "" && !req.Import && enrich.Personal(req.UserAgent) {
		if t.UserAgent = req.UserAgent; !utf8.ValidString(t.UserAgent) {
			t.UserAgent = strings.ToValidUTF8(t.UserAgent, "\uFFFD")
		}
	}
	agent := a.agents.Read(t.UserAgent)
	t.Browser, t.Os, t.BotReason = agent.Browser, agent.OS, agent.BotReason
	t.Bot = agent.BotReason != ""
	if t.Device = enrich.DeviceWord(t.Device); t.Device == "" {
		t.Device = agent.Device
	}
}

func (d *draft) country(req *Request) {
	if d.t.Country = enrich.Country(d.t.Country); d.t.Country == "" && !req.Import {
		d.t.Country = enrich.Country(req.Country)
	}
}

// address truncates the client's address, in the column and where the client wrote it into context.
func (d *draft) address(req *Request) bool {
	if d.ip == "" {
		if !req.Import && req.IP.IsValid() {
			d.t.Ip = enrich.Truncate(req.IP).String()
		}
		return true
	}
	ip, err := netip.ParseAddr(d.ip)
	if err != nil {
		return d.refuse(ReasonInvalidValue, "context.ip", "not an IP address: send it like 203.0.113.7 or 2001:db8::1, without port")
	}
	d.t.Ip = enrich.Truncate(ip).String()
	// The bytes before and behind stay as they were; raw itself is not touched.
	quoted := `"` + d.t.Ip + `"`
	d.t.Context = slices.Concat(d.t.Context[:d.ipStart], []byte(quoted), d.t.Context[d.ipEnd:])
	return true
}
