package importer

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/throughline/throughline/collector/admission"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// dataFolder lies beside the project and need not be there.
const dataFolder = "../../../shared/data/"

// history is what the tests look at: touchpoints by customer, each once.
type history struct {
	rows, skipped int
	ids           map[string]bool
	events        map[string]int
	times         map[string][]int64

	admitter *admission.Admitter
	request  admission.Request
	touch    touchpoint.Touchpoint
}

// load converts a whole data set by its mapping file.
func load(t *testing.T, name string) *history {
	t.Helper()
	input, err := openSource(dataFolder + name + ".csv.gz")
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no data set %s.csv.gz in %s", name, dataFolder)
	} else if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	m, err := LoadMapping("../../tests/mappings/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := input.rows(m)
	if err != nil {
		t.Fatal(err)
	}
	to, err := newConverter(m, rows.columns())
	if err != nil {
		t.Fatal(err)
	}
	site, _ := sites.Default().ByID("main")
	h := &history{ids: map[string]bool{}, events: map[string]int{}, times: map[string][]int64{},
		admitter: admission.New(), request: admission.Request{Site: site, ReceivedAt: time.Now(), Import: true}}
	var r row
	var event []byte
	for {
		if err := rows.read(&r); errors.Is(err, io.EOF) {
			return h
		} else if err != nil {
			t.Fatal(err)
		}
		if to.skipped(&r) {
			h.skipped++
			continue
		}
		var problem *Problem
		if event, problem = to.convert(event[:0], &r); problem != nil {
			t.Fatal(problem)
		}
		h.rows++
		h.add(t, event)
	}
}

// add lets the collector's own admission read the event, so what it would refuse fails here.
func (h *history) add(t *testing.T, event []byte) {
	if problem := h.admitter.Admit(&h.request, event, &h.touch); problem != nil {
		t.Fatalf("%s: refused: %+v", event, problem)
	}
	if id := strings.Clone(h.touch.MessageId); !h.ids[id] {
		h.ids[id] = true
		h.events[strings.Clone(h.touch.Event)]++
		customer := strings.Clone(h.touch.AnonymousId)
		h.times[customer] = append(h.times[customer], h.touch.OccurredAt)
	}
}

func (h *history) sessions(gap time.Duration) int {
	n := 0
	for _, times := range h.times {
		slices.Sort(times)
		for i := range times {
			if i == 0 || times[i]-times[i-1] > gap.Milliseconds() {
				n++
			}
		}
	}
	return n
}

func TestGoogleMerch(t *testing.T) {
	h := load(t, "google-merch-events")
	if h.rows != 719_386 || len(h.ids) != 78_742 || len(h.times) != 14_701 {
		t.Errorf("%d rows, %d hits, %d visitors", h.rows, len(h.ids), len(h.times))
	}
	if h.events["add_to_cart"] != 58_438 || h.events["begin_checkout"] != 15_326 || h.events["purchase"] != 4_978 {
		t.Errorf("hits by type %v", h.events)
	}
	if a, b := h.sessions(30*time.Minute), h.sessions(24*time.Hour); a != 18_242 || b != 16_598 {
		t.Errorf("%d sessions at 30 min, %d at 24 h", a, b)
	}
}

func TestGoogleMerchUsers(t *testing.T) {
	h := load(t, "google-merch-users")
	if h.skipped != 4_433 || h.rows+h.skipped != 270_154 || len(h.times) != h.rows {
		t.Errorf("%d rows, %d skipped, %d visitors", h.rows, h.skipped, len(h.times))
	}
}

func TestBPIC2012(t *testing.T) {
	h := load(t, "bpic2012")
	if h.rows != 262_200 || len(h.ids) != h.rows || len(h.times) != 13_087 {
		t.Errorf("%d rows, %d ids, %d cases", h.rows, len(h.ids), len(h.times))
	}
	if a, b := h.sessions(30*time.Minute), h.sessions(24*time.Hour); a != 67_220 || b != 35_203 {
		t.Errorf("%d sessions at 30 min, %d at 24 h", a, b)
	}
}

func TestWebtrackr(t *testing.T) {
	h := load(t, "webtrackr")
	if h.rows != 49_612 || len(h.ids) != 49_590 || len(h.times) != 5 {
		t.Errorf("%d rows, %d ids, %d panelists", h.rows, len(h.ids), len(h.times))
	}
	if got := []int{h.sessions(15 * time.Minute), h.sessions(30 * time.Minute), h.sessions(time.Hour)}; !slices.Equal(got, []int{1038, 579, 342}) {
		t.Errorf("sessions at 15, 30, 60 min: %d", got)
	}
}
