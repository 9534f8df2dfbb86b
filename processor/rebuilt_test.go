package processor

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/throughline/throughline/processor/store"
	"github.com/throughline/throughline/schemas/stages"
)

func TestRebuiltOf(t *testing.T) {
	step := func(site string, rebuild int64, step, digest string) store.RebuildStep {
		return store.RebuildStep{Site: site, Rebuild: rebuild, Step: step, RulesVersion: "v", RulesDigest: digest}
	}
	now := stages.Builtin().Digest()
	for name, c := range map[string]struct {
		steps      []store.RebuildStep
		last       int64
		unfinished bool
		warns      string
	}{
		"none": {},
		"finished": {
			steps: []store.RebuildStep{step("a", 3, store.RebuildBegun, now), step("a", 3, store.RebuildFinished, now)}, last: 3,
		},
		"all steps at one time": {
			steps: []store.RebuildStep{step("a", 3, store.RebuildFinished, now), step("a", 3, store.RebuildStaged, now)}, last: 3,
		},
		"other rules": {
			steps: []store.RebuildStep{step("a", 3, store.RebuildBegun, "x"), step("a", 3, store.RebuildFinished, "x")}, last: 3, warns: "site=a",
		},
		"one of two sites is not finished": {
			steps: []store.RebuildStep{step("a", 3, store.RebuildFinished, now), step("b", 5, store.RebuildBegun, now), step("b", 5, store.RebuildBuilt, now)},
			last:  5, unfinished: true,
		},
	} {
		r, err := rebuiltOf(c.steps)
		var said bytes.Buffer
		r.differ(bookOf(t, stages.Builtin()), slog.New(slog.NewTextHandler(&said, nil)))
		if r.last != c.last || errors.Is(err, ErrRebuilding) != c.unfinished || (said.Len() > 0) != (c.warns != "") || !strings.Contains(said.String(), c.warns) {
			t.Errorf("%s: last %d, %v, said %q", name, r.last, err, said.String())
		}
	}
}
