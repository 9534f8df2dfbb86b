package enrich

import (
	"net/url"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Page
	}{
		{"", Page{}},
		{"https://example.com", Page{"https", "example.com", "/", ""}},
		{"https://user:pw@Example.COM.:8443/a/b%20c?q=1&r=2#top", Page{"https", "example.com", "/a/b%20c", "q=1&r=2"}},
		{"https://example.com?q#f?g", Page{"https", "example.com", "/", "q"}},
		{"https://example.com/a?b?c", Page{"https", "example.com", "/a", "b?c"}},
		{"//cdn.example.com/x", Page{"", "cdn.example.com", "/x", ""}},
		{"/cart?step=2", Page{"", "", "/cart", "step=2"}},
		{"cart", Page{"", "", "cart", ""}},
		{"http://[2001:db8::1]:80/x", Page{"http", "2001:db8::1", "/x", ""}},
		{"android-app://com.google.android.gm/", Page{"android-app", "com.google.android.gm", "/", ""}},
		{"mailto:a@example.com?subject=x", Page{Scheme: "mailto"}},
		{"javascript:alert(1)", Page{Scheme: "javascript"}},
		{"file:///tmp/x.html", Page{"file", "", "/tmp/x.html", ""}},
		{"?utm_source=x", Page{Query: "utm_source=x"}},
		{"#/app/route", Page{}},
		{"1http://x", Page{Path: "1http://x"}},
		{"://", Page{Path: "://"}},
		{"https://", Page{Scheme: "https"}},
		{"https://münchen.example/straße", Page{"https", "münchen.example", "/straße", ""}},
	} {
		if got := Split(c.in); got != c.want {
			t.Errorf("%q gives %+v, want %+v", c.in, got, c.want)
		}
	}
}

func TestReferrerHost(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "google.com": "google.com", "www.Google.com/search?q": "www.google.com", "example.com:8080/x": "example.com",
		"/internal": "", "word": "", "mailto:x@y.z": "", "https://t.co/abc": "t.co", "about:blank": "",
	} {
		if got := ReferrerHost(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// FuzzSplit holds Split against net/url wherever that accepts the URL.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"https://user:pw@example.com:8443/a/b?q=1#top", "//x/y", "mailto:a@b", "/p?q#f", "http://[::1]/", "x:y/z", "a?b#c?d", "http://h?"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got := Split(in)
		want, err := url.Parse(in)
		if err != nil || want.Opaque != "" || strings.Contains(got.Host, "%") || strings.Count(want.Host, ":") > 1 || strings.Contains(in, "[") {
			return
		}
		path, err := url.PathUnescape(got.Path)
		if got.Host != "" && got.Path == "/" && want.Path == "" {
			path = ""
		}
		host := strings.ToLower(strings.TrimSuffix(want.Hostname(), "."))
		if err != nil || !strings.EqualFold(got.Scheme, want.Scheme) || got.Host != host || path != want.Path || got.Query != want.RawQuery {
			t.Fatalf("%q gives %+v, net/url gives %+v", in, got, want)
		}
	})
}

func TestQuery(t *testing.T) {
	for _, c := range []struct {
		in       string
		campaign Campaign
		click    Click
	}{
		{"", Campaign{}, Click{}},
		{"utm_source=a&utm_medium=b&utm_campaign=c&utm_term=d&utm_content=e", Campaign{"c", "a", "b", "d", "e"}, Click{}},
		{"utm_campaign=Spring+sale%21&utm_term=%C3%A9", Campaign{Name: "Spring sale!", Term: "é"}, Click{}},
		{"utm_source=first&utm_source=second", Campaign{Source: "first"}, Click{}},
		{"utm_source=&utm_source=second", Campaign{Source: "second"}, Click{}},
		{"utm_source", Campaign{}, Click{}},
		{"utm_source=100%", Campaign{Source: "100%"}, Click{}},
		{"utm_source=%ff", Campaign{Source: "\uFFFD"}, Click{}},
		{"Utm_Source=x&UTM_CAMPAIGN=y", Campaign{Name: "y", Source: "x"}, Click{}},
		{"utm_id=9&utm_=x&utm=y", Campaign{}, Click{}},
		{"&&=&a=b&=c", Campaign{}, Click{}},
		{"fbclid=f&gclid=g", Campaign{}, Click{"gclid", "g"}},
		{"gclid=g&fbclid=f", Campaign{}, Click{"gclid", "g"}},
		{"GCLID=g&gclid=h", Campaign{}, Click{"gclid", "g"}},
		{"gclid=", Campaign{}, Click{}},
		{"xgclid=1&gclidx=2&" + strings.Repeat("long", 50) + "=3", Campaign{}, Click{}},
	} {
		campaign, click := Query(c.in)
		if campaign != c.campaign || click != c.click {
			t.Errorf("%q gives %+v %+v, want %+v %+v", c.in, campaign, click, c.campaign, c.click)
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Split("https://shop.example.com/shoes/runner?utm_source=google&utm_medium=cpc&utm_campaign=spring")
	}
}
