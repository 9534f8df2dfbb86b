package kafka

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/suite"
)

// TestRetentionOvertakes lets retention remove touchpoints before a processor has read them: once while it is stopped, and once while
// it is frozen in the middle of its work. It goes on behind the gap, counts exactly what is lost, says so in its log, and the doctor
// says so too. What came before and after the gap is in the tables.
func TestRetentionOvertakes(t *testing.T) {
	single.need(t)
	client := clientOf(t, single.conn())
	s := harness.NewServicesAt(t, suite.Sites, single.conn(), "2")
	processor, _ := s.StartWatched(t, 1, "PROCESSOR_SESSION_TIMEOUT=60s")
	live := suite.NewLive(s.Pipeline)
	post(t, live, 200)
	s.CaughtUp(t, patience)
	processor.Stop(t)

	lost := overtake(t, client, live, committed(t, client))
	out, err := s.Command(t.Context(), "doctor", "--skip", "collector,processor")
	if want := fmt.Sprintf("retention has removed %d records that no processor had read", lost); err == nil || !strings.Contains(out, want) {
		t.Errorf("the doctor does not say %q:\n%s", want, out)
	}
	processor, admin := s.StartWatched(t, 1, "PROCESSOR_SESSION_TIMEOUT=60s")
	s.CaughtUp(t, patience)
	if counted := wantLost(t, s, admin, live, lost-1, lost); counted != lost {
		t.Errorf("%d records are lost, %d are counted", lost, counted)
	}

	t.Log("frozen while it works")
	before := committed(t, client)
	processor.Signal(t, syscall.SIGSTOP)
	more := overtake(t, client, live, before)
	processor.Signal(t, syscall.SIGCONT)
	s.CaughtUp(t, patience)
	counted := wantLost(t, s, admin, live, lost, lost+more)
	post(t, live, 100)
	s.CaughtUp(t, patience)
	if again := wantLost(t, s, admin, live, lost, lost+more); again != counted {
		t.Errorf("%d are lost without retention", again-counted)
	}
}

// post posts so many touchpoints, or some more.
func post(t *testing.T, live *suite.Live, count int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); live.Run(ctx) }()
	acknowledges(t, live, count)
	cancel()
	<-done
}

// committed gives what the group has committed of each partition.
func committed(t *testing.T, client *kafka.Client) map[int]int64 {
	t.Helper()
	res, err := client.OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{
		GroupID: "throughline-processor", Topics: map[string][]int{topics.Touchpoints: {0, 1}},
	})
	must(t, err)
	at := map[int]int64{}
	for _, p := range res.Topics[topics.Touchpoints] {
		at[p.Partition] = p.CommittedOffset
	}
	return at
}

// overtake posts touchpoints that retention takes at once, and tells how many beyond the committed ones are gone. After it
// retention is as it was.
func overtake(t *testing.T, client *kafka.Client, live *suite.Live, at map[int]int64) (lost int64) {
	t.Helper()
	alter(t, client, map[string]string{"segment.ms": "100", "retention.ms": "200"})
	post(t, live, 150)
	time.Sleep(300 * time.Millisecond)
	post(t, live, 50) // begins new segments
	harness.Eventually(t, patience, "retention has taken something of each partition", func() error {
		for partition, first := range firsts(t, client) {
			if first <= at[partition] {
				return fmt.Errorf("partition %d begins at %d, committed is %d", partition, first, at[partition])
			}
		}
		return nil
	})
	alter(t, client, map[string]string{"segment.ms": "604800000", "retention.ms": "604800000"})
	time.Sleep(2 * time.Second) // a removal that is under way
	for partition, first := range firsts(t, client) {
		lost += first - at[partition]
	}
	return lost
}

// firsts are the offsets that the logs begin with.
func firsts(t *testing.T, client *kafka.Client) map[int]int64 {
	t.Helper()
	res, err := client.ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		topics.Touchpoints: {kafka.FirstOffsetOf(0), kafka.FirstOffsetOf(1)},
	}})
	must(t, err)
	out := map[int]int64{}
	for _, p := range res.Topics[topics.Touchpoints] {
		must(t, p.Error)
		out[p.Partition] = p.FirstOffset
	}
	return out
}

func alter(t *testing.T, client *kafka.Client, settings map[string]string) {
	t.Helper()
	resource := kafka.IncrementalAlterConfigsRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: topics.Touchpoints}
	for name, value := range settings {
		resource.Configs = append(resource.Configs, kafka.IncrementalAlterConfigsRequestConfig{Name: name, Value: value})
	}
	res, err := client.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{resource},
	})
	must(t, err)
	for _, r := range res.Resources {
		must(t, r.Error)
	}
}

// wantLost wants as many touchpoints counted as lost as are missing, more than before and not more than retention took: a fetch
// that the broker was holding when the processor froze may have brought some of them. It gives their number.
func wantLost(t *testing.T, s *harness.Services, admin string, live *suite.Live, moreThan, atMost int64) int64 {
	t.Helper()
	counted := int64(metric(t, admin, "throughline_processor_lost_records_total"))
	if counted <= moreThan || counted > atMost {
		t.Errorf("%d records are counted as lost, want more than %d and at most %d", counted, moreThan, atMost)
	}
	harness.Eventually(t, time.Minute, "the table has what is left", func() error {
		return inTable(t, s, live.Acknowledged()-int(counted))
	})
	if !strings.Contains(s.LogTail(1<<20), "retention has overtaken the processor: records are lost to the tables") {
		t.Error("the log says nothing of it")
	}
	t.Logf("%d acknowledged, %d of them taken by retention before they were read, counted and told", live.Acknowledged(), counted)
	return counted
}

// metric is the sum of a counter over its labels.
func metric(t *testing.T, admin, name string) (sum float64) {
	t.Helper()
	resp, err := http.Get("http://" + admin + "/metrics")
	must(t, err)
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	must(t, err)
	for _, m := range families[name].GetMetric() {
		sum += m.GetCounter().GetValue()
	}
	return sum
}
