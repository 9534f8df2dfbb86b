package suite

import (
	"strings"
	"testing"

	"github.com/throughline/throughline/tests/harness"
)

// Figure is a question and its known answer.
type Figure struct{ Name, SQL, Want string }

// Check asks all of them.
func Check(t testing.TB, p *harness.Pipeline, figures []Figure) {
	t.Helper()
	for _, f := range figures {
		if got := strings.ReplaceAll(p.Query(t, f.SQL), "\n", " "); got != f.Want {
			t.Errorf("%s: got %s, want %s\n%s", f.Name, got, f.Want, f.SQL)
		}
	}
}

const merchSteps = "site = 'merch', steps = ['add_to_cart', 'begin_checkout', 'purchase']"

// MerchFigures are those of the publisher and of two independent scripts.
var MerchFigures = []Figure{
	{"hits by type", "SELECT count(), countIf(event = 'add_to_cart'), countIf(event = 'begin_checkout'), countIf(event = 'purchase') FROM touchpoints WHERE site = 'merch'", "78742\t58438\t15326\t4978"},
	{"visitors", "SELECT uniqExact(customer_id) FROM touchpoints WHERE site = 'merch'", "14701"},
	{"sessions at 30 min", "SELECT count() FROM sessions WHERE site = 'merch'", "18242"},
	{"sessions at 15 min", "SELECT count() FROM sessions_with_gap(site = 'merch', gap_seconds = 900)", "19068"},
	{"sessions at 30 min, asked", "SELECT count() FROM sessions_with_gap(site = 'merch', gap_seconds = 1800)", "18242"},
	{"sessions at 60 min", "SELECT count() FROM sessions_with_gap(site = 'merch', gap_seconds = 3600)", "17882"},
	{"sessions at 24 h", "SELECT count() FROM sessions_with_gap(site = 'merch', gap_seconds = 86400)", "16598"},
	{"users per type", "SELECT uniqExact(customer_id) FROM touchpoints WHERE site = 'merch' GROUP BY event ORDER BY event", "12545 6404 4066"},
	{"ordered funnel", "SELECT customers FROM event_funnel(" + merchSteps + ", window_seconds = 0) ORDER BY step", "12545 4493 2505"},
	{"within 30 min", "SELECT customers FROM event_funnel(" + merchSteps + ", window_seconds = 1800) ORDER BY step", "12545 4304 2265"},
	{"within 1 h", "SELECT customers FROM event_funnel(" + merchSteps + ", window_seconds = 3600) ORDER BY step", "12545 4348 2345"},
	{"within 24 h", "SELECT customers FROM event_funnel(" + merchSteps + ", window_seconds = 86400) ORDER BY step", "12545 4415 2429"},
	{"within 7 d", "SELECT customers FROM event_funnel(" + merchSteps + ", window_seconds = 604800) ORDER BY step", "12545 4462 2474"},
	{"inside one session", "SELECT sessions FROM event_funnel_in_session(" + merchSteps + ") ORDER BY step", "15251 4777 2449"},
	{"inside one session, by touchpoints", "SELECT countIf(c > 0), countIf(c > 0 AND arrayExists((s, t) -> s = 3 AND t >= first, stages, times)) FROM (SELECT session_id, countIf(event = 'add_to_cart') AS c, minIf(occurred_at, event = 'add_to_cart') AS first, groupArray(occurred_at) AS times, groupArray(stage) AS stages FROM touchpoints WHERE site = 'merch' GROUP BY session_id)", "15251\t4777"},
	{"buyers by orders", "SELECT least(orders, 5) AS n, count() FROM customers WHERE site = 'merch' AND orders > 0 GROUP BY n ORDER BY n", "1\t3537 2\t361 3\t93 4\t27 5\t48"},
	{"orders", "SELECT sum(orders) FROM customers WHERE site = 'merch'", "4978"},
}

const bpicSteps = "site = 'bpic', steps = ['A_SUBMITTED', 'A_PREACCEPTED', 'A_ACCEPTED', 'A_FINALIZED', 'A_APPROVED']"

// BPICFigures are those of loan applications.
var BPICFigures = []Figure{
	{"events", "SELECT count(), uniqExact(customer_id) FROM touchpoints WHERE site = 'bpic'", "262200\t13087"},
	{"sessions at 30 min", "SELECT count() FROM sessions WHERE site = 'bpic'", "67220"},
	{"sessions at 24 h", "SELECT count() FROM sessions_with_gap(site = 'bpic', gap_seconds = 86400)", "35203"},
	{"ordered funnel", "SELECT customers FROM event_funnel(" + bpicSteps + ", window_seconds = 0) ORDER BY step", "13087 7367 5113 5015 2246"},
	{"within 7 d", "SELECT customers FROM event_funnel(" + bpicSteps + ", window_seconds = 604800) ORDER BY step", "13087 7366 5023 4932 126"},
	{"within 30 d", "SELECT customers FROM event_funnel(" + bpicSteps + ", window_seconds = 2592000) ORDER BY step", "13087 7367 5113 5015 2058"},
}

// WebFigures are those of the browsing panel.
var WebFigures = []Figure{
	{"sessions at 15 min", "SELECT count() FROM sessions_with_gap(site = 'web', gap_seconds = 900)", "1038"},
	{"sessions at 30 min", "SELECT count() FROM sessions WHERE site = 'web'", "579"},
	{"sessions at 60 min", "SELECT count() FROM sessions_with_gap(site = 'web', gap_seconds = 3600)", "342"},
	{"sessions by panelist", "SELECT customer_id, count() FROM sessions WHERE site = 'web' GROUP BY customer_id ORDER BY customer_id",
		"AiDS4k1rQZ\t124 D1ujrEQbxp\t72 WOPGJF8TIN\t110 XExRVyU6ui\t181 uNzUWueZw3\t92"},
}

// Merch15Figures are those of the site with the shorter session gap.
var Merch15Figures = []Figure{
	{"sessions at 15 min, built", "SELECT count() FROM sessions WHERE site = 'merch15'", "19068"},
}
