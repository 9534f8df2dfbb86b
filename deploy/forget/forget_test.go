package forget

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPersonIsOne(t *testing.T) {
	for _, p := range []Person{{}, {Site: "main"}, {User: "ada"}, {Site: "main", User: "ada", Anonymous: "phone"}} {
		if p.Check() == nil {
			t.Errorf("%+v is taken", p)
		}
	}
	if err := (Person{Site: "main", Anonymous: "phone"}).Check(); err != nil {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		raw, id string
		want    bool
	}{
		{`{"user_id":"ada"}`, "ada", true}, {`{"user_id":"adam"}`, "ada", false}, {`{"url":"/?u=ada-lovelace&x"}`, "ada-lovelace", true},
		{`{"url":"/?u=ada"}`, "ada", false}, {`{"user_id":"gr\u00fc\u00dfe"}`, "grüße", true},
	} {
		if got := names(c.raw, "", c.id); got != c.want {
			t.Errorf("%s names %s: %v", c.raw, c.id, got)
		}
	}
	if !names("", `"ada" is no number`, "ada") {
		t.Error("the detail does not count")
	}
	for _, want := range []string{"ü/😀", `\u00fc/\ud83d\ude00`, `\u00fc\/\ud83d\ude00`} {
		if all := spellings("ü/😀"); !slices.Contains(all, want) {
			t.Errorf("%q is not among %q", want, all)
		}
	}
}

func TestStatementsHoldNoIDs(t *testing.T) {
	r := Run{salt: []byte("salt"), until: time.UnixMicro(1), plan: &Plan{
		Person: Person{Site: "main", User: "ada"}, IDs: []ID{{ID: "phone", Alone: true, Users: []string{"ada"}}, {ID: "kiosk", Users: []string{"ada", "bob"}}},
	}}
	for _, sql := range []string{r.customers(r.plan.whole()), r.customers(r.plan.shared()), r.named()} {
		for _, id := range []string{"ada", "phone", "kiosk", "bob"} {
			if strings.Contains(sql, id) {
				t.Errorf("%s in %s", id, sql)
			}
		}
		if !strings.Contains(sql, "SHA256(concat(unhex('73616c74')") {
			t.Errorf("no hash in %s", sql)
		}
	}
	if got := r.customers(nil); got != "0" {
		t.Errorf("nobody is %q", got)
	}
	var to []string
	for _, e := range r.parts() {
		to = append(to, e.Kind+" "+e.Id+" "+e.Part)
	}
	if want := []string{"anonymous phone ", "user ada phone", "anonymous kiosk ada", "user ada kiosk"}; !slices.Equal(to, want) {
		t.Errorf("sent %q, want %q", to, want)
	}
}

func TestPrintPlan(t *testing.T) {
	plan := &Plan{Person: Person{Site: "main", User: "ada\x1b[31m"}}
	plan.merge(&Plan{IDs: []ID{{ID: "phone", Alone: true, Users: []string{"ada"}}}})
	plan.merge(&Plan{IDs: []ID{{ID: "kiosk", Users: []string{"bob"}}, {ID: "phone", Users: []string{"ada"}}}})
	var out strings.Builder
	PrintPlan(&out, plan, []Count{{"touchpoints_log", 12}})
	const want = `user ada\x1b[31m, site main
  anonymous id kiosk keeps the part of others: bob
  anonymous id phone goes: nobody else was seen on it
         12  rows of touchpoints_log
  and the person's part of the shared anonymous ids
nothing was changed; --yes does it. It cannot be undone.
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	PrintRetention(&out, map[string]time.Duration{"a": -1, "b": 24 * time.Hour}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if !strings.Contains(out.String(), "in a for ever") || !strings.Contains(out.String(), "in b at the longest until about 2026-01-02 00:00") {
		t.Error(out.String())
	}
}
