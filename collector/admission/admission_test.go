package admission

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/throughline/throughline/schemas/touchpoint"
)

// admit runs one event through a new Admitter.
func admit(t *testing.T, req *Request, raw string) (*touchpoint.Touchpoint, *Problem) {
	t.Helper()
	var into touchpoint.Touchpoint
	p := New().Admit(req, []byte(raw), &into)
	return &into, p
}

func accepted(t *testing.T, req *Request, raw string) *touchpoint.Touchpoint {
	t.Helper()
	into, p := admit(t, req, raw)
	if p != nil {
		t.Fatalf("%s refused: %v", raw, p)
	}
	return into
}

func TestPageEvent(t *testing.T) {
	got := accepted(t, request(), pageEvent)
	want := &touchpoint.Touchpoint{
		Site: "main", MessageId: "01890a5d-ac96-774b-bcce-b302099a8057", AnonymousId: "a-5f3b9c1e7d", Type: "page", Event: PageViewed,
		OccurredAt: received.UnixMilli() - 77, ReceivedAt: received.UnixMicro(),
		ClientTimestamp: received.UnixMilli() - 877, SentAt: received.UnixMilli() - 800,
		Channel: "paid search", Campaign: "spring", CampaignSource: "google", CampaignMedium: "cpc",
		Url:  "https://shop.example.com/shoes/runner?utm_source=google&utm_medium=cpc&utm_campaign=spring",
		Path: "/shoes/runner", Referrer: "https://www.google.com/", Title: "Runner shoes",
		UserAgent: chrome, Browser: "Chrome", Os: "Windows", Device: "desktop", Ip: "203.0.113.0", Country: "DE", Locale: "en-GB",
		Properties: []byte(`{"category":"shoes","position":3}`), Source: SourceHTTP,
	}
	start := strings.Index(pageEvent, `{"page"`)
	want.Context = []byte(pageEvent[start : len(pageEvent)-1])
	same(t, got, want)
}

// same compares two touchpoints by their wire bytes, which say all there is.
func same(t *testing.T, got, want *touchpoint.Touchpoint) {
	t.Helper()
	a, errA := got.MarshalVT()
	b, errB := want.MarshalVT()
	if errA != nil || errB != nil || !slices.Equal(a, b) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

type tp = *touchpoint.Touchpoint

// columns are events that set one thing, and the column it should end in.
var columns = []struct {
	name, raw string
	want      string
	get       func(tp) string
}{
	{"user id", `{"event":"E","user_id":"u1"}`, "u1", tp.GetUserId},
	{"both ids", `{"event":"E","user_id":"u1","anonymous_id":"a1"}`, "a1", tp.GetAnonymousId},
	{"null is absent", `{"event":"E","user_id":null,"anonymous_id":"a1","stage":null,"passive":null,"context":null,"properties":null,"timestamp":null}`, "a1", tp.GetAnonymousId},
	{"empty is absent", `{"event":"E","user_id":"","anonymous_id":"a1","stage":"","channel":"","timestamp":"","message_id":"","type":""}`, "track", tp.GetType},
	{"anonymous may be 0", `{"event":"E","anonymous_id":"0"}`, "0", tp.GetAnonymousId},
	{"escapes", `{"event":"\u00c9t\u00e9 \ud83d\ude00","user_id":"u"}`, "Été 😀", tp.GetEvent},
	{"escaped key", `{"\u0065vent":"E","user_id":"u"}`, "E", tp.GetEvent},
	{"screen", `{"type":"screen","user_id":"u"}`, ScreenViewed, tp.GetEvent},
	{"page with a name", `{"type":"page","event":"Home","user_id":"u"}`, "Home", tp.GetEvent},
	{"identify without event", `{"type":"identify","user_id":"u"}`, "", tp.GetEvent},
	{"alias", `{"type":"alias","user_id":"u","anonymous_id":"a"}`, "alias", tp.GetType},
	{"group", `{"type":"group","user_id":"u"}`, "group", tp.GetType},
	{"channel is lower case", `{"event":"E","user_id":"u","channel":"Call Center"}`, "call center", tp.GetChannel},
	{"channel goes before tags", `{"event":"E","user_id":"u","channel":"store","context":{"page":{"url":"https://x.example/?utm_medium=email"}}}`, "store", tp.GetChannel},
	{"no web, no channel", `{"event":"E","user_id":"u"}`, "", tp.GetChannel},
	{"direct", `{"event":"E","user_id":"u","context":{"page":{"url":"https://x.example/"}}}`, "direct", tp.GetChannel},
	{"path given", `{"event":"E","user_id":"u","context":{"page":{"path":"/given","url":"https://x.example/other"}}}`, "/given", tp.GetPath},
	{"path of the URL", `{"event":"E","user_id":"u","context":{"page":{"url":"https://x.example/a%20b?c"}}}`, "/a%20b", tp.GetPath},
	{"campaign given", `{"event":"E","user_id":"u","context":{"campaign":{"name":"n","source":"s","medium":"email","term":"t","content":"c"},"page":{"url":"https://x.example/?utm_campaign=url"}}}`, "n", tp.GetCampaign},
	{"a campaign is not mixed", `{"event":"E","user_id":"u","context":{"campaign":{"name":"n"},"page":{"url":"https://x.example/?utm_source=url"}}}`, "", tp.GetCampaignSource},
	{"an empty campaign is absent", `{"event":"E","user_id":"u","context":{"campaign":{},"page":{"url":"https://x.example/?utm_source=url"}}}`, "url", tp.GetCampaignSource},
	{"campaign term", `{"event":"E","user_id":"u","context":{"campaign":{"term":"t"}}}`, "t", tp.GetCampaignTerm},
	{"campaign content", `{"event":"E","user_id":"u","context":{"campaign":{"content":"c"}}}`, "c", tp.GetCampaignContent},
	{"click id kind", `{"event":"E","user_id":"u","context":{"page":{"url":"https://x.example/?fbclid=1&gclid=2"}}}`, "gclid", tp.GetClickIdKind},
	{"click id", `{"event":"E","user_id":"u","context":{"page":{"url":"https://x.example/?fbclid=1&gclid=2%2B"}}}`, "2+", tp.GetClickId},
	{"user agent of the event", `{"event":"E","user_id":"u","context":{"user_agent":"curl/8"}}`, "http library", tp.GetBotReason},
	{"device of the event", `{"event":"E","user_id":"u","context":{"device":{"type":"Tablet"}}}`, "tablet", tp.GetDevice},
	{"unknown device", `{"event":"E","user_id":"u","context":{"device":{"type":"fridge"}}}`, "desktop", tp.GetDevice},
	{"country of the event", `{"event":"E","user_id":"u","context":{"location":{"country":"fr"}}}`, "FR", tp.GetCountry},
	{"country name", `{"event":"E","user_id":"u","context":{"location":{"country":"France"}}}`, "DE", tp.GetCountry},
	{"address of the event", `{"event":"E","user_id":"u","context":{"ip":"2001:db8:1:2::3"}}`, "2001:db8:1::", tp.GetIp},
	{"address of the request", `{"event":"E","user_id":"u"}`, "203.0.113.0", tp.GetIp},
	{"currency", `{"event":"E","user_id":"u","properties":{"currency":"eur"}}`, "EUR", tp.GetCurrency},
	{"order id", `{"event":"E","user_id":"u","properties":{"order_id":"o-1"}}`, "o-1", tp.GetOrderId},
	{"order id as a number", `{"event":"E","user_id":"u","properties":{"order_id":1001}}`, "1001", tp.GetOrderId},
	{"survey", `{"event":"E","user_id":"u","properties":{"survey":"NPS","score":9}}`, "nps", tp.GetSurvey},
	{"survey of another kind", `{"event":"E","user_id":"u","properties":{"survey":"exit poll","score":"A"}}`, "", tp.GetSurvey},
	{"shorthand", `{"event":"E","user_id":"u","properties":{"ces":"5"}}`, "ces", tp.GetSurvey},
	{"source", `{"event":"E","user_id":"u"}`, SourceHTTP, tp.GetSource},
	{"properties as they are", `{"event":"E","user_id":"u","properties": {"b" : 1.50, "a":"\u0041"} }`, `{"b" : 1.50, "a":"\u0041"}`, func(t tp) string { return string(t.Properties) }},
	{"context with address", `{"event":"E","user_id":"u","context":{"a":1, "ip" : "203.0.113.9" ,"b":"\u0041"}}`, `{"a":1, "ip" : "203.0.113.0" ,"b":"\u0041"}`, func(t tp) string { return string(t.Context) }},
}

func TestFields(t *testing.T) {
	for _, c := range columns {
		t.Run(c.name, func(t *testing.T) {
			if got := c.get(accepted(t, request(), c.raw)); got != c.want {
				t.Errorf("%s\ngives %q, want %q", c.raw, got, c.want)
			}
		})
	}
}

func TestStagePassiveScore(t *testing.T) {
	got := accepted(t, request(), `{"event":"E","user_id":"u","stage":"purchase","passive":true,"properties":{"nps":7.5,"csat":3}}`)
	if got.Stage != 4 || !got.Passive || got.Score != 7.5 || got.Survey != "nps" {
		t.Errorf("got %v", got)
	}
}

func TestMessageIDIsMade(t *testing.T) {
	seen := make(map[string]bool)
	for range 100 {
		id := accepted(t, request(), `{"event":"E","user_id":"u"}`).MessageId
		if len(id) != 36 || id[14] != '7' || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}

func TestRefusals(t *testing.T) {
	covered := make(map[Reason]bool)
	for _, c := range refusals {
		covered[c.reason] = true
		_, p := admit(t, request(), c.raw)
		if p == nil || p.Reason != c.reason || p.Field != c.field {
			t.Errorf("%.200q gives %v, want %s %s", c.raw, p, c.reason, c.field)
			continue
		}
		proper(t, p)
	}
	for _, reason := range Reasons() {
		if !covered[reason] {
			t.Errorf("no test refuses for %s", reason)
		}
	}
	for _, id := range Placeholders() {
		for _, id := range []string{id, strings.ToUpper(id), " " + id} {
			var d draft
			d.t = &touchpoint.Touchpoint{UserId: id}
			if d.person() || d.problem.Reason != ReasonInvalidID {
				t.Errorf("user id %q passed", id)
			}
		}
	}
}

// TestPlaceholdersCanBeChanged: some shops number customers from 0, others call all guests "walk-in".
func TestPlaceholdersCanBeChanged(t *testing.T) {
	a := New(WithPlaceholders([]string{"Walk-In", " !0", "", strings.Repeat("x", 200)}))
	for id, accepted := range map[string]bool{
		"walk-in": false, "WALK-IN ": false, "0": true, "guest": false, "u1": true, strings.Repeat("X", 200): false,
		"test@test.com": false, "test@test.de": true,
	} {
		var touch touchpoint.Touchpoint
		p := a.Admit(request(), []byte(`{"event":"x","user_id":"`+id+`"}`), &touch)
		if accepted != (p == nil) || p != nil && (p.Reason != ReasonInvalidID || p.Field != "user_id") {
			t.Errorf("%q: %v", id, p)
		}
	}
}

// proper checks what is true of every problem.
func proper(t *testing.T, p *Problem) {
	t.Helper()
	if !slices.Contains(Reasons(), p.Reason) || len(p.Detail) < 10 || len(p.Detail) > 400 || len(p.Field) > 250 || len(p.MessageID) > MaxName {
		t.Errorf("odd problem %q", p)
	}
	for _, text := range []string{p.Field, p.Detail, p.MessageID, p.Error()} {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			t.Errorf("odd text %q in %q", text, p)
		}
	}
}

func TestProblemNamesMessage(t *testing.T) {
	for raw, want := range map[string]string{
		`{"message_id":"m1","stage":3}`:             "m1",
		`{"stage":3,"message_id":"m1"}`:             "m1",
		`{"foo":{"a":[1]},"message_id":"m1"}`:       "m1",
		`{"user_id":"u","message_id":"m1","event":`: "m1",
		`{"message_id":5,"event":"E"}`:              "",
		`{"message_id":"a\nb","event":"E"}`:         "",
		`{"stage":3}`:                               "",
		`{{"message_id":"m1"}`:                      "",
	} {
		if _, p := admit(t, request(), raw); p == nil || p.MessageID != want {
			t.Errorf("%s gives %+v, want message id %q", raw, p, want)
		}
	}
}

func TestProblemDoesNotAlias(t *testing.T) {
	raw := []byte(`{"message_id":"m1","fooBar":1}`)
	p := New().Admit(request(), raw, new(touchpoint.Touchpoint))
	clear(raw)
	if p.MessageID != "m1" || p.Field != "fooBar" {
		t.Errorf("got %+v", p)
	}
}

func TestIntoIsReset(t *testing.T) {
	into := accepted(t, request(), pageEvent)
	if p := New().Admit(request(), []byte(`{"event":"E","user_id":"u","message_id":"m"}`), into); p != nil {
		t.Fatal(p)
	}
	same(t, into, accepted(t, request(), `{"event":"E","user_id":"u","message_id":"m"}`))
}

func TestServersSayNothingAboutTheCustomer(t *testing.T) {
	req := request()
	req.UserAgent = "python-requests/2.31"
	if got := accepted(t, req, `{"event":"E","user_id":"u"}`); got.Bot || got.UserAgent != "" || got.Device != "" {
		t.Errorf("a server was taken for the customer: %v", got)
	}
	req.IP, req.Country = netip.Addr{}, "XX"
	if got := accepted(t, req, `{"event":"E","user_id":"u"}`); got.Ip != "" || got.Country != "" {
		t.Errorf("got %v", got)
	}
	req.UserAgent = "Mozilla/5.0 \xff"
	if got := accepted(t, req, `{"event":"E","user_id":"u"}`); !utf8.ValidString(got.UserAgent) {
		t.Errorf("got %q", got.UserAgent)
	}
}

func TestImport(t *testing.T) {
	req := request()
	req.Import = true
	got := accepted(t, req, `{"event":"E","user_id":"u","timestamp":"2012-01-02T03:04:05.006+01:00","sent_at":"2020-01-01T00:00:00Z","message_id":"m"}`)
	at := time.Date(2012, 1, 2, 2, 4, 5, 6e6, time.UTC)
	same(t, got, &touchpoint.Touchpoint{
		Site: "main", MessageId: "m", UserId: "u", Type: "track", Event: "E", Passive: true, Source: SourceImport,
		OccurredAt: at.UnixMilli(), ReceivedAt: at.UnixMicro(), ClientTimestamp: at.UnixMilli(),
		SentAt: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(),
	})
	if accepted(t, req, `{"event":"E","user_id":"u","timestamp":"2012-01-02T03:04:05Z","passive":false}`).Passive {
		t.Error("passive although it says it is not")
	}
}
