package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/throughline/throughline/schemas/sites"
)

func TestChooseSites(t *testing.T) {
	several, err := sites.Load([]byte("sites:\n  - {id: a, write_keys: [key-a]}\n  - {id: b, write_keys: [key-b]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		all   *sites.Sites
		o     rebuildOptions
		want  string
		wrong string
	}{
		{several, rebuildOptions{}, "a b", ""},
		{several, rebuildOptions{site: "b"}, "b", ""},
		{several, rebuildOptions{site: "b", rules: "x.yaml"}, "b", ""},
		{several, rebuildOptions{rules: "x.yaml"}, "", "name the --site"},
		{several, rebuildOptions{site: "c"}, "", "no such site"},
		{sites.Default(), rebuildOptions{rules: "x.yaml"}, "main", ""},
	} {
		chosen, err := chooseSites(c.all, c.o)
		var ids []string
		for _, s := range chosen {
			ids = append(ids, s.ID)
		}
		if got := strings.Join(ids, " "); got != c.want || (err == nil) != (c.wrong == "") {
			t.Errorf("%+v: %q, %v", c.o, got, err)
		}
		var coded codedError
		if err != nil && (!errors.As(err, &coded) || coded.code != exitUsage || !strings.Contains(err.Error(), c.wrong)) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}
