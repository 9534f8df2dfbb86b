package enrich

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func agents(t testing.TB, size int) *Agents {
	t.Helper()
	a, err := NewAgents(size)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAgents(t *testing.T) {
	const mac, ios, win = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)", "AppleWebKit/605.1.15 (KHTML, like Gecko)", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	a := agents(t, 100)
	for _, c := range []struct {
		in   string
		want Agent
	}{
		{"", Agent{}},
		{"something nobody has heard of", Agent{}},
		{win, Agent{"Chrome", "Windows", Desktop, ""}},
		{win + " Edg/140.0.0.0", Agent{"Edge", "Windows", Desktop, ""}},
		{win + " OPR/114.0.0.0", Agent{"Opera", "Windows", Desktop, ""}},
		{mac + " Version/18.1 Safari/605.1.15", Agent{"Safari", "macOS", Desktop, ""}},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", Agent{"Firefox", "Linux", Desktop, ""}},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", Agent{"Chrome", "ChromeOS", Desktop, ""}},
		{"Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", Agent{"Internet Explorer", "Windows", Desktop, ""}},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) " + ios + " Version/18.1 Mobile/15E148 Safari/604.1", Agent{"Safari", "iOS", Mobile, ""}},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) " + ios + " CriOS/130.0.0.0 Mobile/15E148 Safari/604.1", Agent{"Chrome", "iOS", Mobile, ""}},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) " + ios + " Mobile/15E148 Instagram 330.0.0.0", Agent{"Instagram", "iOS", Mobile, ""}},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) " + ios + " Mobile/21F90 [FBAN/FBIOS;FBAV/468.0;FBDV/iPhone14,5]", Agent{"Facebook", "iOS", Mobile, ""}},
		{"Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) " + ios + " Version/17.0 Mobile/15E148 Safari/604.1", Agent{"Safari", "iOS", Tablet, ""}},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36", Agent{"Chrome", "Android", Mobile, ""}},
		{"Mozilla/5.0 (Linux; Android 13; SM-X900) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", Agent{"Chrome", "Android", Tablet, ""}},
		{"Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36", Agent{"Samsung Browser", "Android", Mobile, ""}},
		{"Mozilla/5.0 (Linux; Android 11; CUBOT X50) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36", Agent{"Chrome", "Android", Mobile, ""}},
		{"Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)", Agent{"Dalvik", "Android", Mobile, ""}},
		{"MyShop/3.2 CFNetwork/1410.0.3 Darwin/22.6.0", Agent{"MyShop", "iOS", "", ""}},
		{"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/3.0 Chrome/76.0 TV Safari/537.36", Agent{"Samsung Browser", "Tizen", TV, ""}},
		{"Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0 Safari/537.36", Agent{"Chrome", "Linux", TV, ""}},
	} {
		for range 2 { // read, then remembered
			if got := a.Read(c.in); got != c.want {
				t.Errorf("%s\n gives %+v\n  want %+v", c.in, got, c.want)
			}
		}
	}
}

func TestBots(t *testing.T) {
	for in, want := range map[string]string{
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)":                                                                              BotSearch,
		"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)": BotSearch,
		"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)":                                                BotAI,
		"Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)":                                                                                     BotAI,
		"Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)":                                                                                    BotSEO,
		"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)":                                                                             BotPreview,
		"Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)":                                                                                BotMonitor,
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0.0.0 Safari/537.36":                                         BotHeadless,
		"Mozilla/5.0 (Windows NT 10.0) Playwright/1.40":                                                                                                         BotAutomation,
		"curl/8.5.0":                                       BotLibrary,
		"python-requests/2.31.0":                           BotLibrary,
		"Go-http-client/2.0":                               BotLibrary,
		"SomethingNewBot":                                  BotCrawler,
		"Mozilla/5.0 (compatible; newbot-x)":               BotCrawler,
		"Mozilla/5.0 (compatible; Thing/1; +https://x.yz)": BotCrawler,
		"My Spider 1.0":                                    BotCrawler,
		"botanical garden app":                             "",
		"Robotics App/1.0":                                 "",
	} {
		if got := botReason(strings.ToLower(in)); got != want {
			t.Errorf("%s gives %q, want %q", in, got, want)
		}
		if got := agents(t, 1).Read(in); want != "" && (got.Device != Bot || got.BotReason != want) {
			t.Errorf("%s gives %+v", in, got)
		}
	}
}

func TestAgentsStayBounded(t *testing.T) {
	a := agents(t, 10)
	for i := range 1000 {
		a.Read(fmt.Sprintf("Mozilla/5.0 %d %s", i, strings.Repeat("x", 5000)))
	}
	if n := a.cache.Len(); n != 10 {
		t.Errorf("%d user agents are remembered", n)
	}
	for _, key := range a.cache.Keys() {
		if len(key) > longestAgent {
			t.Errorf("a key of %d bytes is remembered", len(key))
		}
	}
	if _, err := NewAgents(0); err == nil {
		t.Error("a cache of no size was made")
	}
}

func TestAgentsDoNotAlias(t *testing.T) {
	a := agents(t, 10)
	buffer := []byte("MyShop/3.2 CFNetwork/1410.0.3 Darwin/22.6.0")
	first := a.Read(string(buffer))
	for range 2 {
		if got := a.Read(string(buffer)); got != first {
			t.Errorf("%+v, then %+v", first, got)
		}
	}
}

func TestPersonal(t *testing.T) {
	for in, want := range map[string]bool{
		"": false, "curl/8": false, "python-requests/2": false, "okhttp/4.12": false, "Mozilla/5.0 (X11)": true,
		"MyShop/3.2 CFNetwork/1410.0.3 Darwin/22.6.0": true, "Dalvik/2.1.0": true, "Opera/9.80": true,
	} {
		if Personal(in) != want {
			t.Errorf("%q: want %v", in, want)
		}
	}
}

func TestDeviceWord(t *testing.T) {
	for in, want := range map[string]string{"": "", "Mobile": Mobile, "desktop": Desktop, "TABLET": Tablet, "Smart TV": TV, "android": Mobile, "watch": "", "web": ""} {
		if got := DeviceWord(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestTruncate(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.77": "203.0.113.0", "255.255.255.255": "255.255.255.0", "::ffff:203.0.113.77": "203.0.113.0",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1::", "fe80::1%eth0": "fe80::", "::1": "::",
	} {
		if got := Truncate(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s gives %s, want %s", in, got, want)
		}
	}
	if Truncate(netip.Addr{}).IsValid() {
		t.Error("the zero address became an address")
	}
}

func TestCountry(t *testing.T) {
	for in, want := range map[string]string{"DE": "DE", "de": "DE", "": "", "Germany": "", "XX": "", "T1": "", "d\xc3": "", "é": ""} {
		if got := Country(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func BenchmarkAgents(b *testing.B) {
	a := agents(b, 100)
	const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	b.Run("warm", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a.Read(chrome)
		}
	})
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read(chrome)
		}
	})
}
