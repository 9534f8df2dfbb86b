package importer

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// all converts a whole text and gives the events and the problems.
func all(t testing.TB, mapping, input string) (events []string, problems []Problem) {
	t.Helper()
	m, err := ParseMapping("m.yaml", []byte(mapping))
	if err != nil {
		t.Fatal(err)
	}
	var rows reader = newLineReader(bufio.NewReader(strings.NewReader(input)), m.columns())
	if m.csv {
		if rows, err = newCSVReader(bufio.NewReader(strings.NewReader(input)), m.delimiter); err != nil {
			t.Fatal(err)
		}
	}
	to, err := newConverter(m, rows.columns())
	if err != nil {
		t.Fatal(err)
	}
	var r row
	for {
		err := rows.read(&r)
		if errors.Is(err, io.EOF) {
			return events, problems
		}
		var problem *Problem
		if err != nil && !errors.As(err, &problem) {
			t.Fatal(err)
		}
		if problem == nil && to.skipped(&r) {
			continue
		}
		var event []byte
		if problem == nil {
			event, problem = to.convert(nil, &r)
		}
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		events = append(events, string(event))
	}
}

func TestCSVBecomesEvents(t *testing.T) {
	mapping := `format: csv
delimiter: ";"
timestamp_layouts: ["2006-01-02 15:04:05", "02.01.2006", unix, unix_ms]
timezone: Europe/Berlin
skip_when: {kind: [test, "0"], at: ""}
touchpoint:
  message_id: "{id}/{kind}"
  user_id: "{id}"
  event: "{kind} {{raw}}"
  timestamp: "{at}"
  stage: "{kind}"
  passive: "{server}"
  context.page.url: "{url}"
  context.device.type: "{device}"
  context.page.title: "{title}"
  properties.revenue: "{sum:number}"
  properties.fixed: 7
  properties.tags: "{tags:json}"
values:
  stage: {buy: purchase}
  context.device.type: {m: mobile, "*": desktop}
`
	input := "\xef\xbb\xbfid;kind;at;server;url;device;title;sum;tags\n" +
		"1;buy;2024-07-01 12:00:00;no;https://x/;m;\"a \"\"b\"\" é\";12.50;[1]\n" +
		"2;look;02.01.2024;yes;;t;;;\n" +
		"3;test;02.01.2024;;;;;;\n" +
		"4;0;02.01.2024;;;;;;\n" +
		"5;look;;;;;;;\n" +
		"6;look;1700000000;;;;;+1e2;\n" +
		"7;look;1700000000.5;;;;;.5;\n"
	events, problems := all(t, mapping, input)
	want := []string{
		`{"message_id":"1/buy","user_id":"1","event":"buy {raw}","timestamp":"2024-07-01T10:00:00Z","stage":"purchase","passive":false,` +
			`"context":{"page":{"url":"https://x/","title":"a \"b\" é"},"device":{"type":"mobile"}},"properties":{"revenue":12.50,"fixed":7,"tags":[1]}}`,
		`{"message_id":"2/look","user_id":"2","event":"look {raw}","timestamp":"2024-01-01T23:00:00Z","passive":true,"context":{"device":{"type":"desktop"}},"properties":{"fixed":7}}`,
		`{"message_id":"6/look","user_id":"6","event":"look {raw}","timestamp":"2023-11-14T22:13:20Z","context":{"device":{"type":"desktop"}},"properties":{"revenue":100,"fixed":7}}`,
		`{"message_id":"7/look","user_id":"7","event":"look {raw}","timestamp":"2023-11-14T22:13:20.5Z","context":{"device":{"type":"desktop"}},"properties":{"revenue":0.5,"fixed":7}}`,
	}
	if len(problems) > 0 || !reflect.DeepEqual(events, want) {
		t.Fatalf("problems %v\ngot  %s\nwant %s", problems, strings.Join(events, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestNDJSONKeepsTypes(t *testing.T) {
	mapping := `format: ndjson
timestamp_layouts: [unix_ms]
touchpoint:
  message_id: "{id}"
  anonymous_id: "{user.id}"
  event: "{name}"
  timestamp: "{ts}"
  properties.n: "{n}"
  properties.flag: "{flag}"
  properties.text: "{user.name}"
  properties.both: "{user.name}-{n}"
  properties.list: "{list}"
  properties.user: "{user}"
`
	input := `{"id":5,"name":"a\u00e9","ts":1700000000123,"n":1.0,"flag":true,"user":{"id":7,"name":"x\"y"},"list":[1, 2],"more":{"n":9}}` + "\n\n" +
		`{"id":"i","name":"b","ts":"1700000000123","n":null,"user.id":"flat"}` + "\n"
	events, problems := all(t, mapping, input)
	want := []string{
		`{"message_id":"5","passive":true,"anonymous_id":"7","event":"aé","timestamp":"2023-11-14T22:13:20.123Z",` +
			`"properties":{"n":1.0,"flag":true,"text":"x\"y","both":"x\"y-1.0","list":[1, 2],"user":{"id":7,"name":"x\"y"}}}`,
		`{"message_id":"i","passive":true,"anonymous_id":"flat","event":"b","timestamp":"2023-11-14T22:13:20.123Z"}`,
	}
	if len(problems) > 0 || !reflect.DeepEqual(events, want) {
		t.Fatalf("problems %v\ngot  %s\nwant %s", problems, strings.Join(events, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestBadRowsAreProblemsWithRowAndField(t *testing.T) {
	mapping := goodMapping + "  passive: \"{p}\"\n  properties.n: \"{n:number}\"\n  properties.j: \"{j:json}\"\n"
	input := "id,what,at,p,n,j\n" +
		"1,a,yesterday,,,\n" +
		"2,a,2024-01-01T00:00:00Z,perhaps,,\n" +
		"3,a,2024-01-01T00:00:00Z,,NaN,\n" +
		"4,a,2024-01-01T00:00:00Z,,,{\n" +
		"5,a\xff,2024-01-01T00:00:00Z,,,\n" +
		"6,a\n" +
		"7,a\"b,,,,\n" +
		"8,ok,2024-01-01T00:00:00Z,,,\n"
	events, problems := all(t, mapping, input)
	if len(events) != 1 {
		t.Fatalf("events %v", events)
	}
	var got []string
	for _, p := range problems {
		got = append(got, string(rune('0'+p.Row))+" "+p.Reason+" "+p.Field)
	}
	want := []string{"1 invalid_value timestamp", "2 invalid_value passive", "3 invalid_value properties.n", "4 invalid_value properties.j",
		"5 invalid_value event", "6 not_csv ", "7 not_csv "}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	_, problems = all(t, strings.Replace(goodMapping, "csv", "ndjson", 1), "{\"id\":1}\n[1]\n{\"a\":1}{\n{\"a\"\nnull\n{\"a\":\"\xff\"}\n{\"a\":1,\"a\":2}\n")
	if len(problems) != 6 || problems[0].Row != 2 || problems[5].Row != 7 || problems[3].Reason != reasonNotJSON {
		t.Fatalf("got %v", problems)
	}
}

func TestUnclosedQuoteEndsTheImport(t *testing.T) {
	rows, err := newCSVReader(bufio.NewReader(strings.NewReader("a,b\n1,\"x\n"+strings.Repeat("2,y\n", 300))), ',')
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.read(&row{}); err == nil || isProblem(err) || !strings.Contains(err.Error(), "line 2") {
		t.Fatalf("got %v", err)
	}
}

func TestIDsComeFromContentAlone(t *testing.T) {
	head := "id,what,at\n"
	one, _ := all(t, goodMapping, head+"ab,c,2024-01-01T00:00:00Z\nx,y,2024-01-01T00:00:00Z\nab,c,2024-01-01T00:00:00Z\na,bc,2024-01-01T00:00:00Z\n")
	if one[0] != one[2] {
		t.Error("equal rows differ")
	}
	seen := map[string]bool{}
	for _, event := range one {
		id := messageID(t, event)
		seen[id] = true
		if len(id) != 36 || id[14] != '8' || !strings.ContainsRune("89ab", rune(id[19])) || strings.Count(id, "-") != 4 {
			t.Errorf("%s is no UUID version 8", id)
		}
	}
	if len(seen) != 3 {
		t.Errorf("ids %v", seen)
	}
}

func messageID(t testing.TB, event string) string {
	t.Helper()
	var e struct {
		MessageID string `json:"message_id"`
	}
	if err := json.Unmarshal([]byte(event), &e); err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	return e.MessageID
}

// Whatever the values are, the event is valid JSON that holds exactly them.
func TestAnyValuesSurvive(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	m, err := ParseMapping("m", []byte(goodMapping+"  context.a.b: \"{x}\"\n  context.a.c: \"{y}\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	to, err := newConverter(m, []string{"id", "what", "at", "x", "y"})
	if err != nil {
		t.Fatal(err)
	}
	for range 20_000 {
		values := []string{word3(random), word3(random), "2024-01-01T00:00:00Z", word3(random), word3(random)}
		event, problem := to.convert(nil, &row{values: values})
		if problem != nil {
			if utf8.ValidString(strings.Join(values, "")) {
				t.Fatalf("seed %d: %q: %v", seed, values, problem)
			}
			continue
		}
		var got struct {
			Anonymous string `json:"anonymous_id"`
			Event     string `json:"event"`
			Context   struct {
				A struct{ B, C string }
			}
		}
		if err := json.Unmarshal(event, &got); err != nil {
			t.Fatalf("seed %d: %q gives %s: %v", seed, values, event, err)
		}
		if back := []string{got.Anonymous, got.Event, values[2], got.Context.A.B, got.Context.A.C}; !reflect.DeepEqual(back, values) {
			t.Fatalf("seed %d: got %q, want %q", seed, back, values)
		}
	}
}

func word3(random *rand.Rand) string {
	alphabet := []string{"a", "é", "\"", "\\", "\n", "\x00", "\x7f", "\u2028", "😀", "\xff", "z", " ", "{", "}"}
	var s strings.Builder
	for range random.IntN(4) {
		s.WriteString(alphabet[random.IntN(len(alphabet))])
	}
	return s.String()
}

func FuzzNDJSONRow(f *testing.F) {
	f.Add(`{"id":1,"what":{"b":2},"at":"x"}`)
	f.Add(`{"id":"\ud800"}`)
	f.Fuzz(func(t *testing.T, line string) {
		r := newLineReader(bufio.NewReader(strings.NewReader(line)), []string{"id", "what.b", "at", "what"})
		var one row
		for {
			err := r.read(&one)
			if err != nil && !isProblem(err) {
				return
			}
			if err == nil && !json.Valid(one.line) {
				t.Fatalf("%q is no JSON", one.line)
			}
		}
	})
}
