package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/deploy/kafkaconn"
	"github.com/throughline/throughline/deploy/terminal"
	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

func TestTailShowsWhatWasSent(t *testing.T) {
	newRig(t)
	for _, args := range [][]string{
		{"--event", "Product Viewed", "--anonymous-id", "v1", "--property", "note=\u202eevil\u009b"},
		{"--event", "Order Completed", "--user-id", "ada"},
		{"--event", "Something", "--user-id", "ada", "--stage", "intent"},
		{"--event", "Nothing Known", "--user-id", "bob"},
		{"--event", "Broken", "--user-id", "null"},
	} {
		if code, out, err := run(append([]string{"send"}, args...)...); code != exitOK && code != exitRejected {
			t.Fatal(code, out, err)
		}
	}
	for name, c := range map[string]struct {
		count string
		args  []string
		texts []string
		not   string
	}{
		"all":         {"5", nil, []string{"consideration product", "purchase", "intent        sent", "Nothing Known", "invalid_id user_id"}, ""},
		"since":       {"5", []string{"--since", "1h"}, []string{"Order Completed", "Broken"}, ""},
		"rejected":    {"1", []string{"--rejected"}, []string{"rejected invalid_id user_id", "Broken"}, "ada"},
		"customer":    {"2", []string{"--customer", "ada"}, []string{"Order Completed", "Something"}, "v1"},
		"event":       {"1", []string{"--event", "product viewed"}, []string{"Product Viewed", "v1"}, "ada"},
		"site":        {"5", []string{"--site", "main"}, []string{"Broken"}, ""},
		"JSON":        {"1", []string{"--event", "Product Viewed", "--json"}, []string{`"stage":"consideration"`, `"note":"\u202eevil\u009b"`, `"topic":"touchpoints.v1"`}, "\u202e"},
		"JSON reject": {"1", []string{"--rejected", "--json"}, []string{`"reason":"invalid_id"`, `"raw":"{\"message_id\"`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"tail", "--count", c.count}, c.args...)
			if name != "since" {
				args = append(args, "--from-start")
			}
			code, out, err := run(args...)
			if code != exitOK || err != "" {
				t.Fatalf("code %d: %s", code, err)
			}
			for _, text := range c.texts {
				if !strings.Contains(out, text) {
					t.Errorf("no %q in\n%s", text, out)
				}
			}
			if c.not != "" && strings.Contains(out, c.not) {
				t.Errorf("%q in\n%s", c.not, out)
			}
			if n := strings.Count(out, "\n"); c.count != "" && n != int(c.count[0]-'0') {
				t.Errorf("%d lines, want %s", n, c.count)
			}
		})
	}
}

// What came before is not shown; what comes after is, until the context ends.
func TestTailFollowsFromTheEnd(t *testing.T) {
	r := newRig(t)
	if code, out, err := run("send", "--event", "Before"); code != exitOK {
		t.Fatal(code, out, err)
	}
	from := newFollower(kafkaconn.Conn{Brokers: []string{r.brokers}}, func(err error) { t.Error(err) })
	defer from.close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	entries, err := from.follow(ctx, []string{topics.Touchpoints}, startAt{})
	if err != nil {
		t.Fatal(err)
	}
	if code, out, err := run("send", "--event", "After"); code != exitOK {
		t.Fatal(code, out, err)
	}
	rules := tailRules{"": stages.Builtin()}
	if s := rules.read(<-entries); s.Event != "After" {
		t.Errorf("got %+v", s)
	}
	cancel()
	for e := range entries {
		t.Errorf("one more: %+v", e)
	}
}

func TestTailSinceLaterThanEverything(t *testing.T) {
	r := newRig(t)
	if code, out, err := run("send", "--event", "Before"); code != exitOK {
		t.Fatal(code, out, err)
	}
	from := newFollower(kafkaconn.Conn{Brokers: []string{r.brokers}}, func(err error) { t.Error(err) })
	defer from.close()
	var sum int64
	for partition := range 3 {
		offset, err := from.begin(t.Context(), topics.Touchpoints, partition, startAt{since: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		sum += offset
	}
	if sum != 1 {
		t.Errorf("begins at %d, want the end, 1", sum)
	}
}

func TestTailWithoutKafka(t *testing.T) {
	t.Setenv("THROUGHLINE_KAFKA_BROKERS", "127.0.0.1:1")
	code, _, err := run("tail")
	if code != exitFailed || !strings.Contains(err, "Start it with: throughline up") {
		t.Errorf("code %d: %s", code, err)
	}
}

func TestTailUsesTheRulesOfTheSite(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{
		"sites.yaml": "sites:\n  - id: shop\n    write_keys: [shop-key]\n    rules: own.yaml\n",
		"own.yaml":   "version: own-1\ndate: 2026-01-01\nrules:\n  - id: mine\n    stage: loyalty\n    when:\n      event: Order Completed\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := (&Common{SitesFile: filepath.Join(dir, "sites.yaml")}).tailRules()
	if err != nil {
		t.Fatal(err)
	}
	for site, want := range map[string]string{"shop": "loyalty mine", "other": "purchase order-completed"} {
		s := rules.read(record(t, &touchpoint.Touchpoint{Site: site, Event: "Order Completed", Type: "track"}))
		if got := s.Stage + " " + s.Rule; got != want {
			t.Errorf("%s: %q, want %q", site, got, want)
		}
	}
}

func record(t *testing.T, tp *touchpoint.Touchpoint) entry {
	t.Helper()
	value, err := (&touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: tp}}).MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	return entry{topics.Touchpoints, 0, consume.Record{Value: value, Time: time.Now()}}
}

func TestTailOfGarbage(t *testing.T) {
	rules := tailRules{"": stages.Builtin()}
	for _, value := range [][]byte{nil, {0xff, 0xff}, []byte("garbage")} {
		s := rules.read(entry{topics.Touchpoints, 2, consume.Record{Value: value, Offset: 9}})
		if s.Verdict != verdictRejected || s.Reason != "undecodable" || s.Offset != 9 {
			t.Errorf("%q: %+v", value, s)
		}
	}
}

func FuzzTailLine(f *testing.F) {
	f.Add([]byte(`{"event":"A"}`), "Order Completed", "ada")
	f.Add([]byte(`{"event":"\u001b[31m"}`), "\x1b[31m\u009b\u202e\U000e0041", "\xff\n")
	rules := tailRules{"": stages.Builtin()}
	f.Fuzz(func(t *testing.T, raw []byte, event, customer string) {
		for _, r := range []*touchpoint.Record{
			{Kind: &touchpoint.Record_Touchpoint{Touchpoint: &touchpoint.Touchpoint{Site: "s", Event: event, UserId: customer, Properties: raw}}},
			{Kind: &touchpoint.Record_Rejection{Rejection: &touchpoint.Rejection{Site: "s", Reason: event, Detail: customer, Raw: raw}}},
		} {
			value, err := r.MarshalVT()
			if err != nil {
				t.Skip()
			}
			s := rules.read(entry{topics.Touchpoints, 0, consume.Record{Value: value}})
			for _, asJSON := range []bool{false, true} {
				line, err := s.line(asJSON, terminal.Style{Width: 120})
				if err != nil {
					t.Fatal(err)
				}
				if i := strings.IndexFunc(line, func(r rune) bool { return unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) }); i >= 0 {
					t.Errorf("a control character at %d of %q", i, line)
				}
				if asJSON && !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
		}
	})
}

func TestEscapeControlsKeepsTheValue(t *testing.T) {
	const text = "a\u009bb\u202ec\u2028d\U000e0041e\U0001f6d2f"
	plain, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	escaped := escapeControls(string(plain))
	var back string
	if err := json.Unmarshal([]byte(escaped), &back); err != nil || back != text || bytes.ContainsRune([]byte(escaped), '\u202e') {
		t.Errorf("%s gave %q, %v", escaped, back, err)
	}
}

// Retention overtakes a slow reader: it says so and goes on.
func TestTailGoesOnAfterTruncation(t *testing.T) {
	r := newRig(t)
	client := &kafka.Client{Addr: kafka.TCP(r.brokers), Transport: &kafka.Transport{}}
	defer client.Transport.(*kafka.Transport).CloseIdleConnections()
	_, err := client.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: topics.Touchpoints, Partition: 1, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes(record(t, &touchpoint.Touchpoint{Event: "A"}).record.Value)}),
	})
	if err != nil {
		t.Fatal(err)
	}
	warned := make(chan error, 10)
	from := newFollower(kafkaconn.Conn{Brokers: []string{r.brokers}}, func(err error) { warned <- err })
	defer from.close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := make(chan entry)
	go from.read(ctx, &place{topics.Touchpoints, 1, 77}, out)
	if e := <-out; e.record.Offset != 0 {
		t.Errorf("got offset %d", e.record.Offset)
	}
	if err := <-warned; !strings.Contains(err.Error(), "no longer holds") {
		t.Error(err)
	}
}

func TestTailLeavesOutWhatIsNoEvent(t *testing.T) {
	for _, r := range []*touchpoint.Record{
		{Kind: &touchpoint.Record_Link{Link: &touchpoint.Link{Site: "s"}}},
		{Kind: &touchpoint.Record_Contribution{Contribution: &touchpoint.Contribution{Site: "s"}}},
		{Kind: &touchpoint.Record_Unlink{Unlink: &touchpoint.Unlink{Site: "s"}}},
	} {
		value, err := r.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		if s := (tailRules{}).read(entry{topics.Touchpoints, 0, consume.Record{Value: value}}); s != nil {
			t.Errorf("%v is shown", r)
		}
	}
}
