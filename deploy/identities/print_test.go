package identities

import (
	"strings"
	"testing"
	"time"
)

func TestPrint(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 5, 1, 10, minute, 0, 0, time.UTC) }
	login := Edge{AnonymousID: "a1", UserID: "ada", At: at(5), Source: "identify"}
	anonymous := Anonymous{
		ID: "a1", Edges: []Edge{login, {AnonymousID: "a1", UserID: "bob\x1b[31m", At: at(9), Source: "track", Withdrawn: true}},
		Unlinks: []Unlink{{AnonymousID: "a1", UserID: "bob", Reason: "kiosk", ReceivedAt: at(30)}}, Sent: 3, Shares: map[string]uint64{"ada": 2, "": 1},
		Touchpoints: []Touchpoint{
			{At: at(1), Type: "page", Event: "Page Viewed", UserID: "ada", Why: "the next user seen on it", By: &login},
			{At: at(8), Type: "group", Why: "no user was seen on it"},
		},
	}
	var out strings.Builder
	r := Report{Site: "main", ID: "a1", Anonymous: &anonymous, User: &User{Sent: 2, Sources: []Anonymous{{ID: "a2", Sent: 4, Shares: map[string]uint64{"a1": 1}}}}}
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	const want = `anonymous id a1, site main
  2026-05-01 10:05:00.000  ada was seen on it (identify)
  2026-05-01 10:09:00.000  bob\x1b[31m was seen on it (track), withdrawn
  2026-05-01 10:30:00.000  bob was unlinked for good: kiosk

  3 touchpoints, 1 of nobody, 2 of ada
  the latest 2:
    2026-05-01 10:01:00.000  Page Viewed              → ada              the next user seen on it (2026-05-01 10:05:00.000, identify)
    2026-05-01 10:08:00.000  group                    → nobody           no user was seen on it
user a1, site main
  2 touchpoints sent with the user id

  from anonymous id a2: 1 of 4 touchpoints
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := (&Report{Site: "main", ID: "x"}).Print(&out); err != nil || out.String() != "nothing is known of x at site main\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
