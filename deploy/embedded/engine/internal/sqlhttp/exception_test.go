package sqlhttp

import (
	"context"
	"errors"
	"testing"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		text string
	}{
		{exception(60, "UNKNOWN_TABLE", "no table"), 60, "Code: 60. DB::Exception: no table. (UNKNOWN_TABLE)"},
		{&chdb.Error{Text: "Code: 36. DB::Exception: Code: 36. DB::Exception: bad. (BAD_ARGUMENTS) (version 26.7.2.1). (BAD_ARGUMENTS)"}, 36,
			"Code: 36. DB::Exception: bad. (BAD_ARGUMENTS) (version 26.7.2.1)"},
		{context.Canceled, 394, "Code: 394. DB::Exception: Query was cancelled. (QUERY_WAS_CANCELLED)"},
		{errors.New("x"), 1002, "Code: 1002. DB::Exception: x. (UNKNOWN_EXCEPTION)"},
	} {
		if code, text := explain(c.err); code != c.code || text != c.text {
			t.Errorf("explain(%v) = %d %q", c.err, code, text)
		}
	}
}

func TestLower(t *testing.T) {
	for _, c := range []struct{ name, wish, limit, want string }{
		{"max_execution_time", "", "60", "60"}, {"max_execution_time", "0", "60", "60"}, {"max_execution_time", "5", "60", "5"},
		{"max_execution_time", "61", "60", "60"}, {"max_execution_time", "nan", "60", "60"}, {"max_memory_usage", "-1", "9", "9"}, {"other", "1", "2", "2"},
	} {
		if got := lower(c.name, c.wish, c.limit); got != c.want {
			t.Errorf("lower(%+v) = %s", c, got)
		}
	}
}
