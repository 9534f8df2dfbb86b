package stages

import (
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"/", []string{"/", "//", "/?a=/b", "/#x"}, []string{"", "/a", "?a"}},
		{"/pricing", []string{"/pricing", "/pricing/", "/Pricing", "pricing", "/pricing?x=1", "/pricing#top"}, []string{"/pricing/eu", "/pricings", "/a/pricing", "/"}},
		{"/pricing/**", []string{"/pricing", "/pricing/a/b"}, []string{"/x/pricing"}},
		{"/*/blog/**", []string{"/en/blog", "/en/blog/x"}, []string{"/blog", "/a/b/blog"}},
		{"/**/cart", []string{"/cart", "/a/b/cart", "/cart/cart"}, []string{"/cart/x"}},
		{"/**/a/**/b", []string{"/a/b", "/x/a/y/b", "/a/b/b", "/a/a/b"}, []string{"/b/a", "/a/b/c"}},
		{"/thank*you*", []string{"/thank-you", "/thankyou", "/thank-you-all", "/THANK_YOU"}, []string{"/thank", "/thank/you"}},
		{"/**", []string{"/", "/a/b"}, []string{""}},
		{"/*", []string{"/a"}, []string{"/", "/a/b"}},
		{"/größe", []string{"/größe"}, []string{"/grösse"}},
	} {
		g, err := parseGlob(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range c.yes {
			if !g.match(path) {
				t.Errorf("%s does not match %q", c.pattern, path)
			}
		}
		for _, path := range c.no {
			if g.match(path) {
				t.Errorf("%s matches %q", c.pattern, path)
			}
		}
	}
}

// Many stars must not take exponential time: this ends at once, or never.
func TestGlobWithManyStars(t *testing.T) {
	g, err := parseGlob(strings.Repeat("/**/a*a*a*a*a*a*b", 20))
	if err != nil {
		t.Fatal(err)
	}
	if g.match(strings.Repeat("/"+strings.Repeat("a", 200), 200)) {
		t.Error("matches")
	}
}

// More rules with paths than the index holds are still tried.
func TestManyPathRules(t *testing.T) {
	var rules []rule
	for i := range maxIndexed + 10 {
		g, err := parseGlob("/" + strings.Repeat("x", i+1))
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, rule{id: strings.Repeat("x", i+1), paths: []glob{g}})
	}
	r := &Rules{rules: rules, index: newIndex(rules)}
	for i := range rules {
		if _, id := r.Match(Input{Path: "/" + rules[i].id}); id != rules[i].id {
			t.Errorf("rule %d is not found", i)
		}
	}
}
