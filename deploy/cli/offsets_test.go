package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/schemas/topics"
)

func TestOffsetsThereAndBack(t *testing.T) {
	r := newRig(t)
	t.Setenv("THROUGHLINE_PROCESSOR_GROUP", "mine")
	file := filepath.Join(t.TempDir(), "offsets")
	const want = "rejected.v1,0,0\ntouchpoints.v1,0,0\ntouchpoints.v1,1,7\ntouchpoints.v1,2,0\n"
	if err := os.WriteFile(file, []byte("touchpoints.v1,1,7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, said := run("offsets", "set", file); code != exitOK || !strings.Contains(out, "group mine goes on from") {
		t.Fatalf("code %d: %s%s", code, out, said)
	}
	if code, out, said := run("offsets"); code != exitOK || out != want {
		t.Errorf("code %d: %s%s", code, out, said)
	}
	member, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{ID: "mine", Brokers: []string{r.brokers}, Topics: []string{topics.Touchpoints}})
	if err != nil {
		t.Fatal(err)
	}
	defer member.Close()
	if _, err := member.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, _, said := run("offsets", "set", file); code != exitFailed || !strings.Contains(said, "processors are in the group: 1 of them") {
		t.Errorf("code %d: %s", code, said)
	}
}

func TestOffsetsFile(t *testing.T) {
	newRig(t)
	for text, want := range map[string]string{
		"":                          "no offsets in it",
		"touchpoints.v1,0\n":        "wrong number of fields",
		"touchpoints.v1,0,1\nx,y,1": "line 2: partition \"y\"",
		"touchpoints.v1,0,-1\n":     "line 1: offset \"-1\"",
		"touchpoints.v1,9,1\n":      "there is no touchpoints.v1/9",
		"others,0,1\n":              "there is no others/0",
	} {
		file := filepath.Join(t.TempDir(), "offsets")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, said := run("offsets", "set", file); code != exitFailed || !strings.Contains(said, want) {
			t.Errorf("%q: code %d: %s", text, code, said)
		}
	}
}
