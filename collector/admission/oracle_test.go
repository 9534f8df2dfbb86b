package admission

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/collector/enrich"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// oracle reads an event that is known to be good with encoding/json, slowly and plainly.
func oracle(t *testing.T, req *Request, raw []byte) *touchpoint.Touchpoint {
	t.Helper()
	var whole struct {
		Properties, Context json.RawMessage
	}
	var event map[string]any
	if json.Unmarshal(raw, &event) != nil || json.Unmarshal(raw, &whole) != nil {
		t.Fatalf("%s is no JSON object", raw)
	}
	text := func(path ...string) string {
		var at any = event
		for _, key := range path {
			object, _ := at.(map[string]any)
			at = object[key]
		}
		s, _ := at.(string)
		return s
	}
	out := &touchpoint.Touchpoint{
		Site: req.Site.ID, Source: SourceHTTP, MessageId: text("message_id"), UserId: text("user_id"), AnonymousId: text("anonymous_id"),
		Type: text("type"), Event: text("event"), Channel: strings.ToLower(text("channel")),
		Url: text("context", "page", "url"), Path: text("context", "page", "path"),
		Referrer: text("context", "page", "referrer"), Title: text("context", "page", "title"),
		Campaign: text("context", "campaign", "name"), CampaignSource: text("context", "campaign", "source"),
		CampaignMedium: text("context", "campaign", "medium"), CampaignTerm: text("context", "campaign", "term"),
		CampaignContent: text("context", "campaign", "content"),
		UserAgent:       text("context", "user_agent"), Locale: text("context", "locale"), OrderId: text("properties", "order_id"),
		Currency: strings.ToUpper(text("properties", "currency")), Ip: "203.0.113.0", ReceivedAt: req.ReceivedAt.UnixMicro(),
	}
	out.Passive, _ = event["passive"].(bool)
	out.Stage = uint32(slices.Index([]string{"", "awareness", "consideration", "intent", "purchase", "loyalty"}, text("stage")))
	if object := string(whole.Properties); object != "null" {
		out.Properties = whole.Properties
	}
	if object := string(whole.Context); object != "null" {
		out.Context = whole.Context
	}
	oracleDefaults(out)
	oracleTimes(out, req, text("timestamp"), text("sent_at"))
	oracleNumbers(out, event)
	oracleVisit(out, req, text("context", "device", "type"), text("context", "location", "country"))
	if ip := text("context", "ip"); ip != "" {
		out.Ip = enrich.Truncate(netip.MustParseAddr(ip)).String()
		out.Context = []byte(strings.Replace(string(out.Context), ip, out.Ip, 1))
	}
	return out
}

func oracleDefaults(out *touchpoint.Touchpoint) {
	if out.Type == "" {
		out.Type = "track"
	}
	if name, ok := map[string]string{"page": "Page Viewed", "screen": "Screen Viewed"}[out.Type]; ok && out.Event == "" {
		out.Event = name
	}
}

func oracleTimes(out *touchpoint.Touchpoint, req *Request, timestamp, sent string) {
	occurred := req.ReceivedAt
	at, errAt := time.Parse(time.RFC3339, timestamp)
	sentAt, errSent := time.Parse(time.RFC3339, sent)
	if errAt == nil {
		out.ClientTimestamp, occurred = at.UnixMilli(), time.UnixMilli(at.UnixMilli())
	}
	if errSent == nil {
		out.SentAt = sentAt.UnixMilli()
	}
	if errAt == nil && errSent == nil {
		occurred = req.ReceivedAt.Add(-time.UnixMilli(out.SentAt).Sub(occurred))
	}
	if earliest := req.ReceivedAt.Add(-req.Site.MaxAge); occurred.Before(earliest) {
		occurred = earliest
	}
	if occurred.After(req.ReceivedAt) {
		occurred = req.ReceivedAt
	}
	out.OccurredAt = occurred.UnixMilli()
}

func oracleNumbers(out *touchpoint.Touchpoint, event map[string]any) {
	properties, _ := event["properties"].(map[string]any)
	for _, key := range []string{"revenue", "total"} {
		if value, ok := properties[key]; ok && value != nil && value != "" {
			text := fmt.Sprint(value)
			if number, isNumber := value.(float64); isNumber {
				text = fmt.Sprintf("%.6f", number)
			}
			out.Revenue, _ = exact(text)
			break
		}
	}
	for _, key := range []string{"nps", "csat", "ces"} {
		if score, ok := properties[key].(float64); ok && out.Survey == "" {
			out.Survey, out.Score = key, score
		}
	}
}

func oracleVisit(out *touchpoint.Touchpoint, req *Request, device, country string) {
	page, err := url.Parse(out.Url)
	if err != nil {
		page = new(url.URL)
	}
	if out.Path == "" {
		if out.Path = page.EscapedPath(); out.Path == "" && page.Host != "" {
			out.Path = "/"
		}
	}
	query := page.Query()
	out.ClickId = query.Get("gclid")
	if out.ClickId != "" {
		out.ClickIdKind = "gclid"
	}
	if (out.Campaign + out.CampaignSource + out.CampaignMedium + out.CampaignTerm + out.CampaignContent) == "" {
		out.Campaign, out.CampaignSource, out.CampaignMedium = query.Get("utm_campaign"), query.Get("utm_source"), query.Get("utm_medium")
		out.CampaignTerm, out.CampaignContent = query.Get("utm_term"), query.Get("utm_content")
	}
	referrer, _ := url.Parse(out.Referrer)
	if out.Channel == "" {
		out.Channel = enrich.Channel(enrich.Visit{
			Host: page.Hostname(), Referrer: referrer.Hostname(), ClickKind: out.ClickIdKind, Web: out.Url != "",
			Campaign: enrich.Campaign{Name: out.Campaign, Source: out.CampaignSource, Medium: out.CampaignMedium, Term: out.CampaignTerm, Content: out.CampaignContent},
		})
	}
	if out.UserAgent == "" {
		out.UserAgent = req.UserAgent
	}
	agents, _ := enrich.NewAgents(1)
	agent := agents.Read(out.UserAgent)
	out.Browser, out.Os, out.Bot, out.BotReason = agent.Browser, agent.OS, agent.BotReason != "", agent.BotReason
	if out.Device = device; device == "" {
		out.Device = agent.Device
	}
	if out.Country = country; country == "" {
		out.Country = req.Country
	}
}

// TestAgainstOracle compares every field of random good events.
func TestAgainstOracle(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	g := generator{rand.New(rand.NewPCG(seed, 2))}
	a, req := New(), request()
	var got touchpoint.Touchpoint
	for range 5_000 {
		raw := g.event()
		if p := a.Admit(req, raw, &got); p != nil {
			t.Fatalf("%s refused: %v", raw, p)
		}
		if same(t, &got, oracle(t, req, raw)); t.Failed() {
			t.Fatalf("event %s", raw)
		}
	}
}
