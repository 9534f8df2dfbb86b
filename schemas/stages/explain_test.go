package stages

import "testing"

func TestExplainSaysWhy(t *testing.T) {
	r, err := Load([]byte(head + `
  - {id: e, stage: intent, when: {event: [A, B, C, D, E, F]}}
  - {id: t, stage: intent, when: {type: [page, screen]}}
  - {id: c, stage: intent, when: {event: X, channel: [email, sms]}}
  - {id: p, stage: intent, when: {path: [/A/**, /]}}
  - {id: q, stage: intent, when: {property: {plan: gold}}}
  - {id: n, stage: intent, when: {property: {plan: tin, size: 5}}}
  - {id: x, stage: loyalty, when: {event: x}}
  - {id: never, stage: intent, when: {type: track}}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{"e", Intent, false, "event", `the event is "X"; wanted "a" or "b" or "c" or "d" or one of 2 others`},
		{"t", Intent, false, "type", `the type is "track"; wanted "page" or "screen"`},
		{"c", Intent, false, "channel", `the channel is missing; wanted "email" or "sms"`},
		{"p", Intent, false, "path", `the path is "/b"; wanted "/a/**" or "/"`},
		{"q", Intent, false, "property", `the property "plan" is "tin"; wanted "gold"`},
		{"n", Intent, false, "property", `the property "size" is missing; wanted "5"`},
		{"x", Loyalty, true, "", "all its conditions hold"},
	}
	got := r.Explain(Input{Event: "X", Type: "track", Path: "/b", Properties: []byte(`{"plan":"tin"}`)})
	if len(got) != len(want) {
		t.Fatalf("%d steps, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("step %d:\ngot  %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func TestAllKeepsTheOrder(t *testing.T) {
	r, err := Load([]byte(head + "  - {id: b, stage: intent, when: {event: x}}\n  - {id: a, stage: none, when: {type: page}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for id, stage := range r.All() {
		got += id + "=" + stage.String() + ";"
	}
	if got != "b=intent;a=;" {
		t.Error(got)
	}
	for range r.All() {
		break
	}
}
