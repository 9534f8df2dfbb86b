package sites

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// load parses a file or ends the test.
func load(t *testing.T, text string) *Sites {
	t.Helper()
	s, err := Load([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestExampleSetsEveryField(t *testing.T) {
	s, err := Load(Example)
	if err != nil {
		t.Fatal(err)
	}
	shop, ok := s.ByID("shop")
	if !ok {
		t.Fatal("no site shop")
	}
	v := reflect.ValueOf(*shop)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the example does not set %s", v.Type().Field(i).Name)
		}
	}
	if shop.SessionMaxLength != 12*time.Hour || shop.JourneyTimeout != 720*time.Hour {
		t.Errorf("durations: %v, %v", shop.SessionMaxLength, shop.JourneyTimeout)
	}
}

func TestDefaults(t *testing.T) {
	s := load(t, "sites:\n  - id: a\n    write_keys: [key1]\n  - id: b\n    write_keys: [key2]\n    cycle: purchase\n    origins: []\n")
	a, _ := s.ByID("a")
	want := Site{
		ID: "a", WriteKeys: []string{"key1"}, Origins: []string{"*"},
		SessionGap: 30 * time.Minute, JourneyTimeout: 720 * time.Hour, MaxAge: 720 * time.Hour,
		Cycle: "continue", RepeatPurchase: "loyalty", Bots: "exclude",
	}
	if !reflect.DeepEqual(*a, want) {
		t.Errorf("got %+v\nwant %+v", *a, want)
	}
	b, _ := s.ByID("b")
	if b.RepeatPurchase != "purchase" || b.AllowsOrigin("https://x.example") {
		t.Errorf("site b: %+v", *b)
	}
}

func TestLoadErrors(t *testing.T) {
	const ok = "sites:\n  - id: a\n    write_keys: [key1]\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "at least one site"},
		{"no sites", "sites: []", "at least one site"},
		{"scalar", "hello", "line 1"},
		{"syntax", "sites:\n  - id: [a", "line 2"},
		{"two documents", ok + "---\n" + ok, "more than one"},
		{"unknown top key", ok + "site: 1\n", `line 4: unknown field "site"`},
		{"unknown key", ok + "    sesion_gap: 3m\n", `line 4: unknown field "sesion_gap"`},
		{"twice the same key", ok + "    id: b\n", "line 4"},
		{"wrong type", ok + "    origins: 5\n", "line 4"},
		{"duration without unit", ok + "    session_gap: 30\n", `line 4: "30" is not a duration`},
		{"duration list", ok + "    session_gap: [30m]\n", "line 4"},
		{"negative duration", ok + "    session_gap: -30m\n", "is not a duration"},
		{"long duration", ok + "    max_age: 99999999d\n", "longer than"},
		{"zero gap", ok + "    session_gap: 0s\n", `line 4: site "a": session_gap: 0s is not between`},
		{"fraction", ok + "    session_gap: 1.0001s\n", "whole number of milliseconds"},
		{"gap over timeout", ok + "    session_gap: 2h\n    journey_timeout: 1h\n", "longer than journey_timeout"},
		{"zone", ok + "    split_at_midnight: Mars/Base\n", `line 4: site "a": split_at_midnight`},
		{"local zone", ok + "    split_at_midnight: Local\n", "IANA"},
		{"cycle", ok + "    cycle: weekly\n", `site "a": cycle: "weekly" is not one of`},
		{"repeat", ok + "    repeat_purchase: x\n", "repeat_purchase"},
		{"bots", ok + "    bots: maybe\n", "bots"},
		{"currency", ok + "    currency: euro\n", "currency"},
		{"origin", ok + "    origins: [https://a.example, b.example]\n", `line 4: site "a": origins[1]`},
		{"origin path", ok + "    origins: [https://a.example/]\n", "leave out path"},
		{"origin star", ok + "    origins: ['https://a*.example']\n", "a star is possible only"},
		{"no id", "sites:\n  - write_keys: [key1]\n", "line 2: site number 1: id: missing"},
		{"bad id", "sites:\n  - id: A b\n    write_keys: [key1]\n", "id: use lower-case"},
		{"same id", ok + "  - id: a\n    write_keys: [key2]\n", "line 4: site \"a\": id: another site"},
		{"no keys", "sites:\n  - id: a\n", "give at least one"},
		{"same key", ok + "  - id: b\n    write_keys: [key2, key1]\n", `line 5: site "b": write_keys[1]: the same key is already given in site "a"`},
		{"same key as import key", ok + "    import_keys: [aaaaaaaaaaaa]\n  - id: b\n    write_keys: [aaaaaaaaaaaa]\n", `site "b": write_keys[0]`},
		{"key characters", "sites:\n  - id: a\n    write_keys: ['a b c']\n", "write_keys[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load([]byte(c.text))
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestErrorsDoNotShowKeys(t *testing.T) {
	const secret = "s3cret"
	for _, text := range []string{
		"sites:\n  - id: a\n    import_keys: [" + secret + "]\n",
		"sites:\n  - id: a\n    import_keys: [" + secret + "-long-enough]\n  - id: b\n    import_keys: [" + secret + "-long-enough]\n",
		"sites:\n  - id: a\n    import_keys: [" + secret + "-long-enough]\n    nonsense: 1\n",
		"sites:\n  - id: a\n    import_keys: [" + secret + "-long-enough\n    b: ]]\n",
		"sites:\n  - id: a\n    import_keys: {x: " + secret + "-long-enough}\n",
		"sites:\n  - id: a\n    import_keys: " + secret + "-long-enough\n",
	} {
		_, err := Load([]byte(text))
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func TestAllErrorsAreListed(t *testing.T) {
	_, err := Load([]byte("sites:\n  - id: a\n    cycle: x\n    bots: y\n"))
	for _, want := range []string{"write_keys", "cycle", "bots"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestLoadFileResolvesRules(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sites.yaml")
	text := "sites:\n  - {id: a, write_keys: [key1], rules: a.yaml}\n  - {id: b, write_keys: [key2], rules: /etc/b.yaml}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := LoadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := s.ByID("a")
	b, _ := s.ByID("b")
	if a.Rules != filepath.Join(dir, "a.yaml") || b.Rules != "/etc/b.yaml" {
		t.Errorf("rules %q and %q", a.Rules, b.Rules)
	}
	if _, err := LoadFile(filepath.Join(dir, "none.yaml")); err == nil {
		t.Error("a missing file gives no error")
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "30m": 30 * time.Minute, "720h": 720 * time.Hour, "30d": 720 * time.Hour,
		"1d12h": 36 * time.Hour, "0s": 0, "1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "30", "1.5d", "-1d", "+1d", "1d-1h", "1dd", "d1", "30 m", "999999d", "9999999h"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q gives %v", text, got)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(Example)
	f.Add([]byte("sites: [{id: a, write_keys: [key1], session_gap: 1d}]"))
	f.Add([]byte("sites:\n- &x {id: a}\n- *x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Load(text)
		if err != nil {
			return
		}
		for site := range s.All() {
			if got, ok := s.ByID(site.ID); !ok || got != site {
				t.Errorf("site %q is not found by its id", site.ID)
			}
		}
	})
}
