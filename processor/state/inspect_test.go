package state

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
)

func TestInspect(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if _, err := Inspect(dir); !errors.Is(err, ErrNone) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := Inspect(t.TempDir()); !errors.Is(err, ErrNone) {
		t.Errorf("an empty folder: %v", err)
	}
	s, err := Open(Config{Dir: dir}, silent{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[int32]Applied{0: {Offset: 17, Partitions: 12}, 300: {Offset: 1 << 40, Partitions: 1024, Rebuilt: 1 << 50}}
	b := s.NewBatch()
	for partition, a := range want {
		if err := b.SetApplied(partition, a); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it leaves everything as it was
		got, err := Inspect(dir)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v", got, err)
		}
	}
}

const heldState = "TEST_HELD_STATE"

// TestInspectWhatAProcessorHasOpen has a process of its own hold the state; as that process it holds it.
func TestInspectWhatAProcessorHasOpen(t *testing.T) {
	if dir := os.Getenv(heldState); dir != "" {
		s, err := Open(Config{Dir: dir}, silent{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("open")
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = s.Close()
		return
	}
	dir := filepath.Join(t.TempDir(), "state")
	holder := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	holder.Env = append(os.Environ(), heldState+"="+dir)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatal(line, err)
	}
	if _, err := Inspect(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("%v", err)
	}
	_ = in.Close()
	_ = holder.Wait()
	if _, err := Inspect(dir); err != nil {
		t.Errorf("after it ended: %v", err)
	}
}
