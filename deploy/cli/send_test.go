package cli

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSend(t *testing.T) {
	newRig(t)
	file := filepath.Join(t.TempDir(), "some.ndjson")
	text := `{"event":"Signed Up","user_id":"ada"}` + "\n\n" + `{"event":"\u001b[31mred","user_id":"ada"}` + "\nnot json\n" + `{"event":"Paid","user_id":"ada"}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args  []string
		code  int
		texts []string
	}{
		"accepted":      {[]string{"--event", "Product Viewed", "--page", "https://shop.example/x?a=1&b=2"}, exitOK, []string{`accepted  "Product Viewed"`, "1 accepted, 0 rejected", "New visitor: use --anonymous-id "}},
		"several":       {[]string{"--event", "A", "--event", "B", "--user-id", "ada", "--property", "revenue=4.5"}, exitOK, []string{`1  accepted  "A"`, `2  accepted  "B"`}},
		"page":          {[]string{"--type", "page", "--anonymous-id", "a1"}, exitOK, []string{"1  accepted  page"}},
		"rejected":      {[]string{"--event", "A", "--user-id", "null"}, exitRejected, []string{"rejected", "field user_id", "invalid_id", "0 accepted, 1 rejected"}},
		"unknown stage": {[]string{"--event", "A", "--stage", "later"}, exitRejected, []string{"field stage"}},
		"file":          {[]string{"--file", file}, exitRejected, []string{"2 accepted, 2 rejected", `\x1b[31mred`, "3  rejected  not json: not_json"}},
		"no event":      {nil, exitUsage, []string{"name an --event"}},
		"no file":       {[]string{"--file", file + "x"}, exitUsage, []string{"no such file"}},
		"both":          {[]string{"--file", file, "--event", "A"}, exitFailed, []string{"event file"}},
		"bad property":  {[]string{"--event", "A", "--property", "x"}, exitUsage, []string{"want NAME=VALUE"}},
		"wrong key":     {[]string{"--event", "A", "--write-key", "nope"}, exitFailed, []string{"401", "--write-key or THROUGHLINE_WRITE_KEY"}},
		"wrong address": {[]string{"--event", "A", "--url", "shop.example"}, exitUsage, []string{"want http://"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := run(append([]string{"send"}, c.args...)...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, text := range c.texts {
				if !strings.Contains(out+err, text) {
					t.Errorf("no %q in\n%s%s", text, out, err)
				}
			}
			if strings.Contains(out+err, "\x1b") {
				t.Errorf("an escape sequence got through: %q", out)
			}
		})
	}
}

func TestSendNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	code, out, said := run("send", "--event", "A", "--url", "http://"+addr)
	if code != exitFailed || !strings.Contains(said, "is it running? Start it with: throughline up") || out != "" {
		t.Errorf("code %d, out %q, err %q", code, out, said)
	}
}

func TestSendMoreThanOneRequestTakes(t *testing.T) {
	newRig(t)
	var text strings.Builder
	for i := range 2*requestEvents + 7 {
		fmt.Fprintf(&text, `{"event":"E%d","user_id":"ada","properties":{"pad":%q}}`+"\n", i, strings.Repeat("x", i%3000))
	}
	file := filepath.Join(t.TempDir(), "many.ndjson")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, said := run("send", "--file", file)
	if code != exitOK || !strings.Contains(out, `1007  accepted  "E1006"`) || !strings.Contains(out, "1007 accepted, 0 rejected") {
		t.Errorf("code %d, %s, …%s", code, said, out[max(0, len(out)-200):])
	}
}

func TestFit(t *testing.T) {
	one, huge := []byte("x"), make([]byte, requestBytes)
	for name, c := range map[string]struct {
		events [][]byte
		want   int
	}{
		"few": {[][]byte{one, one}, 2}, "many": {slices.Repeat([][]byte{one}, requestEvents+1), requestEvents},
		"huge first": {[][]byte{huge, one}, 1}, "huge second": {[][]byte{one, huge}, 1}, "full": {slices.Repeat([][]byte{one}, requestEvents), requestEvents},
	} {
		if got := fit(c.events); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestSplitEvents(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"object":             {"{\n \"a\": 1\n}", `{"a":1}`},
		"array":              {`[{"a":1}, 2, "x"]`, `{"a":1}|2|"x"`},
		"lines":              {"{\"a\":1}\r\n\n{\"b\":2}\n", `{"a":1}|{"b":2}`},
		"batch":              {`{"batch":[{"a":1},{}],"sent_at":"t"}`, `{"sent_at":"t","a":1}|{"sent_at":"t"}`},
		"own sent_at":        {`{"batch":[{"sent_at":"own"}],"sent_at":"t"}`, `{"sent_at":"own"}`},
		"batch of no array":  {`{"batch":7}`, `{"batch":7}`},
		"odd batch elements": {`{"batch":[1,null,[2]],"sent_at":"t"}`, `1|null|[2]`},
		"a bad line":         {"{\"a\":1}\n{oops\n{\"b\":2}", `{"a":1}|{oops|{"b":2}`},
		"digits stay":        {`{"a":1.10}`, `{"a":1.10}`},
	} {
		events, err := splitEvents([]byte(c.text))
		var got []string
		for _, e := range events {
			got = append(got, string(e))
		}
		if s := strings.Join(got, "|"); err != nil || s != c.want {
			t.Errorf("%s: got %s, %v, want %s", name, s, err, c.want)
		}
	}
	for _, text := range []string{"oops", "{\n\"a\": 1,\n\"b\": oops\n}", "[{}"} {
		if events, err := splitEvents([]byte(text)); err == nil {
			t.Errorf("%q gave %q", text, events)
		}
	}
}

func TestEventsOfStandardInput(t *testing.T) {
	events, err := eventsOfFile("-", strings.NewReader(`{"event":"A"}`))
	if err != nil || len(events) != 1 || string(events[0]) != `{"event":"A"}` {
		t.Errorf("%q, %v", events, err)
	}
	if _, err := eventsOfFile("-", strings.NewReader(" \n")); err == nil {
		t.Error("nothing was taken for something")
	}
}

func TestParseProperties(t *testing.T) {
	properties, err := parseProperties([]string{"n=49.90", "s=Ada", `q="7"`, "b=true", "o={\"x\":[1]}", "e=", "u=a=b", "z=null"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(properties)
	want := `{"b":true,"e":"","n":49.90,"o":{"x":[1]},"q":"7","s":"Ada","u":"a=b","z":null}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	if _, err := parseProperties([]string{"a=1", "a=2"}); err == nil {
		t.Error("one name twice was taken")
	}
}
