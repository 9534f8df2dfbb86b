package erasure

import (
	"errors"
	"testing"

	"github.com/throughline/throughline/schemas/touchpoint"
)

var salt = []byte("some salt")

func erase(kind touchpoint.Kind, id, part string, at int64) *touchpoint.Erase {
	return &touchpoint.Erase{Site: "main", Kind: kind.String(), Id: id, Part: part, ReceivedAt: at, Salt: salt, Request: "r"}
}

func TestKnown(t *testing.T) {
	var r Register
	if r.Known().Until(User, "main", "ada", "") != 0 || r.Known().Pair("main", "a", "ada") != 0 {
		t.Error("something is known from the start")
	}
	ada := touchpoint.Customer{Site: "main", Kind: touchpoint.KindUser, ID: "ada"}
	phone := touchpoint.Customer{Site: "main", Kind: touchpoint.KindAnonymous, ID: "phone"}
	kiosk := touchpoint.Customer{Site: "main", Kind: touchpoint.KindAnonymous, ID: "kiosk"}
	for _, e := range []*touchpoint.Erase{
		erase(touchpoint.KindUser, "ada", "", 20), erase(touchpoint.KindUser, "ada", "", 10), erase(touchpoint.KindAnonymous, "phone", "", 30),
		erase(touchpoint.KindAnonymous, "kiosk", "ada", 40), erase(touchpoint.KindUser, "ada", "kiosk", 50),
	} {
		if err := Check(e); err != nil {
			t.Fatal(err)
		}
		r.Learn(Marks(e)...)
	}
	known := r.Known()
	other := phone
	other.Site = "shop"
	for name, c := range map[string]struct{ got, want int64 }{
		"the later of two":           {known.Customer(ada, ada.Bucket()), 20},
		"an anonymous id":            {known.Customer(phone, phone.Bucket()), 30},
		"a shared one":               {known.Customer(kiosk, kiosk.Bucket()), 40},
		"the same of another site":   {known.Customer(other, other.Bucket()), 0},
		"the user on the shared one": {known.Pair("main", "kiosk", "ada"), 40},
		"another user there":         {known.Pair("main", "kiosk", "bob"), 0},
		"the user elsewhere":         {known.Pair("main", "tablet", "ada"), 20},
		"anybody on the one":         {known.Pair("main", "phone", "bob"), 30},
		"what came from it":          {known.Until(Source, "main", "kiosk", "ada"), 50},
		"what came from another":     {known.Until(Source, "main", "phone", "ada"), 0},
		"a user named as the id":     {known.Until(User, "main", "phone", ""), 0},
		"ids that touch":             {known.Until(Source, "main", "kioska", "da"), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
	if !known.Knows(Marks(erase(touchpoint.KindUser, "ada", "", 15))[0]) || known.Knows(Marks(erase(touchpoint.KindUser, "ada", "", 25))[0]) {
		t.Error("an earlier request is not known, or a later one is")
	}
}

func TestCheck(t *testing.T) {
	for _, e := range []*touchpoint.Erase{
		{}, erase(touchpoint.KindUser, "", "", 1), erase(touchpoint.KindUser, "ada", "", 0),
		{Site: "main", Kind: "group", Id: "x", ReceivedAt: 1, Salt: salt, Request: "r"},
		{Site: "main", Kind: "user", Id: "x", ReceivedAt: 1, Request: "r"},
	} {
		if err := Check(e); !errors.Is(err, ErrImpossible) {
			t.Errorf("%v: %v", e, err)
		}
	}
}

// TestNames: rejections are searched by what they hold, sound JSON or not, and only those received before the request.
func TestNames(t *testing.T) {
	var r Register
	for _, id := range []string{"ada", "1815", "grüße \"x\"", "o'neil"} {
		r.Learn(Marks(erase(touchpoint.KindUser, id, "", 100))...)
	}
	r.Learn(Marks(erase(touchpoint.KindAnonymous, "phone", "", 100))...)
	record, err := (&touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: &touchpoint.Touchpoint{Site: "main", UserId: "ada", MessageId: "m"}}}).MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	row, err := (&touchpoint.Touchpoint{Site: "main", AnonymousId: "phone", MessageId: "m"}).MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	for raw, want := range map[string]bool{
		`{"user_id":"ada"}`: true, `{"user_id":"ada`: false, `{"a":{"b":["phone"]}}`: true, `{"user_id":1815}`: true, `{"user_id":18150}`: false,
		`{"user_id":"gr\u00fc\u00dfe \"x\""}`: true, `{'user_id':'ada'}`: true, `{"user_id":"adam"}`: false, `{"event":"tell ada"}`: false, ``: false,
		`{"x":"\\","user_id":"ada"}`: true, string(record): true, string(row): true,
	} {
		if got := r.Known().Names(&touchpoint.Rejection{Site: "main", Raw: []byte(raw), ReceivedAt: 100}); got != want {
			t.Errorf("%q: %v", raw, got)
		}
		if r.Known().Names(&touchpoint.Rejection{Site: "main", Raw: []byte(raw), ReceivedAt: 101}) {
			t.Errorf("%q is refused although it came later", raw)
		}
	}
}
