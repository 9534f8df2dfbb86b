package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
)

// ledger posts and remembers what the answers promised.
type ledger struct {
	pipeline *harness.Pipeline
	client   *http.Client

	mu struct {
		sync.Mutex
		// accepted message ids, and those of good events in requests that were refused as a whole.
		accepted, untaken map[string]bool
		// rejected counts refusals by what is known of them; strangers are refusals whose bytes are not known, alike
		// those of them that look like another of the same request and may be the same bytes, which are one row.
		rejected         map[refused]int
		strangers, alike int
	}
}

// refused is what a row of rejected_touchpoints must hold.
type refused struct{ reason, field, raw string }

func newLedger(p *harness.Pipeline) *ledger {
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	l := &ledger{pipeline: p, client: &http.Client{Timeout: 30 * time.Second, Transport: transport}}
	l.mu.accepted, l.mu.untaken, l.mu.rejected = map[string]bool{}, map[string]bool{}, map[refused]int{}
	return l
}

// verdicts is an answer of the collector.
type verdicts struct {
	Status                    int `json:"-"`
	Accepted, Rejected, Retry int
	Results                   []verdict
	Error                     struct{ Reason, Field, Detail string }
}

type verdict struct {
	MessageID                     string `json:"message_id"`
	Status, Reason, Field, Detail string
}

// send posts a body and decodes the answer, which must be one of the contract's.
func (l *ledger) send(t *testing.T, path, key string, body io.Reader, headers ...string) (v verdicts, ok bool) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+l.pipeline.HTTP+path, body)
	if err != nil {
		t.Error(err)
		return v, false
	}
	req.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := l.client.Do(req)
	if err != nil {
		t.Error(err)
		return v, false
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if v.Status = resp.StatusCode; err != nil || json.Unmarshal(answer, &v) != nil {
		t.Errorf("status %d, no answer of the contract: %v %.300q", v.Status, err, answer)
		return v, false
	}
	if v.Status != http.StatusOK && (v.Error.Reason == "" || v.Error.Detail == "") {
		t.Errorf("status %d without a reason: %.300q", v.Status, answer)
	}
	return v, true
}

// post sends a parcel and takes note of the verdicts.
func (l *ledger) post(t *testing.T, one parcel) {
	path, key, headers := "/v1/touchpoints", "local", []string{"Content-Type", "application/json"}
	if one.history {
		path, key = "/v1/import", "local-import"
	}
	if one.lines {
		headers[1] = "application/x-ndjson"
	}
	if one.encoding != "" {
		headers = append(headers, "Content-Encoding", one.encoding)
	}
	v, ok := l.send(t, path, key, compress(t, one.encoding, one.body), headers...)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if v.Status == http.StatusOK {
		l.note(t, one, v)
		return
	}
	for _, id := range one.good {
		l.mu.untaken[id] = true
	}
	switch {
	case v.Status == http.StatusRequestEntityTooLarge || v.Error.Reason == "empty":
	case v.Status == http.StatusBadRequest:
		l.mu.rejected[refused{v.Error.Reason, v.Error.Field, stored(one.body)}]++
	default:
		t.Errorf("status %d: %+v for %.300q", v.Status, v.Error, one.body)
	}
}

// note takes the verdicts of single events. The caller holds mu.
func (l *ledger) note(t *testing.T, one parcel, v verdicts) {
	if v.Accepted+v.Rejected != len(v.Results) || v.Retry != 0 {
		t.Errorf("%d accepted, %d rejected and %d to retry of %d", v.Accepted, v.Rejected, v.Retry, len(v.Results))
	}
	known := len(v.Results) == len(one.raws)
	taken, told := map[string]bool{}, map[refused]bool{}
	for i, r := range v.Results {
		switch {
		case r.Status == "accepted" && r.MessageID != "":
			l.mu.accepted[r.MessageID], taken[r.MessageID] = true, true
		case r.Status != "rejected" || r.Reason == "" || r.Detail == "" || (r.Field == "") != wholeEvent[r.Reason]:
			t.Errorf("odd verdict %+v for %.300q", r, one.body)
		case known:
			// The same bytes twice in one request are one row.
			if row := (refused{r.Reason, r.Field, stored(one.raws[i])}); !told[row] {
				told[row] = true
				l.mu.rejected[row]++
			}
		default:
			l.mu.strangers++
			if row := (refused{r.Reason, r.Field, r.Detail}); told[row] {
				l.mu.alike++
			} else {
				told[row] = true
			}
		}
	}
	for _, id := range one.good {
		if !taken[id] {
			l.mu.untaken[id] = true
			if known {
				t.Errorf("the good event %s was not accepted: %+v", id, v.Results)
			}
		}
	}
}

// wholeEvent are the reasons that no single field is at fault for.
var wholeEvent = map[string]bool{"not_json": true, "too_large": true, "too_deep": true, "too_many_keys": true}

var address = regexp.MustCompile(`"ip"\s*:\s*"[^"]*"`)

// stored gives what is kept of refused bytes: no client address, at most 64 KB; space round it is of no interest here.
func stored(raw []byte) string {
	raw = bytes.TrimPrefix(address.ReplaceAll(raw, []byte(`"ip":""`)), []byte("\xef\xbb\xbf"))
	return strings.TrimSpace(string(raw[:min(len(raw), 64<<10)]))
}

// checkTouchpoints wants every accepted event once, and nothing else.
func (l *ledger) checkTouchpoints(t *testing.T) {
	rows, err := l.pipeline.Conn(t).Query(t.Context(), "SELECT message_id, count(), uniqExact(user_id, if(user_id = '', anonymous_id, '')) FROM touchpoints GROUP BY message_id")
	must(t, err)
	defer rows.Close()
	missing, good := maps.Clone(l.mu.accepted), 0
	for rows.Next() {
		var id string
		var n, customers uint64
		must(t, rows.Scan(&id, &n, &customers))
		delete(missing, id)
		twice := n != customers && !strings.HasPrefix(id, pastID)
		if twice || !l.mu.accepted[id] || l.mu.untaken[id] || strings.HasPrefix(id, "good-") && n != 1 {
			t.Errorf("%q is there %d times for %d customers; accepted %t, in a refused request %t", id, n, customers, l.mu.accepted[id], l.mu.untaken[id])
		}
		if strings.HasPrefix(id, "good-") {
			good++
		}
	}
	must(t, rows.Err())
	t.Logf("%d message ids accepted, of them %d good events; %d good ones in refused requests", len(l.mu.accepted), good, len(l.mu.untaken))
	if len(missing) > 0 || good == 0 {
		t.Errorf("%d good events are there; of the accepted ones %d are missing: %.300q", good, len(missing), slices.Collect(maps.Keys(missing)))
	}
}

// checkRejected wants a row for every refusal, with its reason, field and bytes.
func (l *ledger) checkRejected(t *testing.T) {
	rows, err := l.pipeline.Conn(t).Query(t.Context(), "SELECT reason, field, detail, raw FROM rejected_touchpoints WHERE component = 'collector'")
	must(t, err)
	defer rows.Close()
	missing, strangers, reasons := maps.Clone(l.mu.rejected), 0, map[string]int{}
	for rows.Next() {
		var row refused
		var detail, raw string
		must(t, rows.Scan(&row.reason, &row.field, &detail, &raw))
		row.raw = stored([]byte(raw))
		reasons[row.reason]++
		if row.reason == "" || detail == "" {
			t.Errorf("a refusal without a reason: %.300q", raw)
		}
		if missing[row] > 0 {
			missing[row]--
		} else if strangers++; strangers > l.mu.strangers {
			t.Errorf("nobody was told of %s %s: %.300q", row.reason, row.field, row.raw)
		}
	}
	must(t, rows.Err())
	t.Logf("refused: %v", reasons)
	for row, n := range missing {
		if n > 0 {
			t.Errorf("%d times not kept: %s %s %.300q", n, row.reason, row.field, row.raw)
		}
	}
	if strangers > l.mu.strangers || strangers < l.mu.strangers-l.mu.alike {
		t.Errorf("%d refusals of unknown bytes kept, %d told, %d of them alike", strangers, l.mu.strangers, l.mu.alike)
	}
	poison := l.pipeline.Query(t, "SELECT count() FROM rejected_touchpoints WHERE component = 'processor' AND raw != '' AND detail != '' AND topic = 'touchpoints.v1'")
	if poison != strconv.Itoa(strangeRecordsSent) {
		t.Errorf("%s of %d records that are no touchpoints are kept", poison, strangeRecordsSent)
	}
}
