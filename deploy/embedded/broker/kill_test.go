package broker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/throughline/throughline/collector/publish"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/tests/ports"
)

// child runs this test binary as a broker, and waits until it listens.
func child(t *testing.T, dir, listen string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir, childListenEnv+"="+listen)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // it ends when this process does
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed: always an error
}

func TestKilledUnderLoadLosesNothingThatWasAcknowledged(t *testing.T) {
	dir, addr := t.TempDir(), ports.For(t)
	running := child(t, dir, addr)
	p, err := publish.New(publish.Config{
		Brokers: []string{addr}, Topic: topics.Touchpoints, BreakAfter: time.Minute,
	}, publish.Dependencies{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	var mu sync.Mutex
	acked := map[string]bool{}
	stop := make(chan struct{})
	for w := range 8 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				value := fmt.Sprintf("%d/%d", w, i)
				if err := p.Publish(t.Context(), []publish.Record{{Partition: int32(i % 4), Value: []byte(value)}}); err != nil {
					t.Errorf("publish %s: %v", value, err)
					return
				}
				mu.Lock()
				acked[value] = true
				mu.Unlock()
			}
		})
	}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acked)
	}
	for range 4 {
		for target := count() + 200; count() < target; {
			time.Sleep(time.Millisecond)
		}
		kill(t, running)
		running = child(t, dir, addr)
	}
	close(stop)
	writers.Wait()
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
	kill(t, running)
	found := contents(t, start(t, Config{DataDir: dir, Partitions: 4}).Addr())
	for value := range acked {
		if !found[value] {
			t.Errorf("%s was acknowledged and is lost", value)
		}
	}
	t.Logf("%d acknowledged", len(acked))
}

// contents is the set of values in all partitions.
func contents(t *testing.T, addr string) map[string]bool {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(addr), Transport: transport}
	found := map[string]bool{}
	for partition := range 4 {
		for offset, end := int64(0), int64(1); offset < end; {
			res, err := client.Fetch(t.Context(), &kafka.FetchRequest{
				Topic: topics.Touchpoints, Partition: partition, Offset: offset, MaxBytes: 1 << 20, MaxWait: time.Millisecond,
			})
			if err == nil {
				err = res.Error
			}
			if err != nil {
				t.Fatal(err)
			}
			end = res.HighWatermark
			for {
				r, err := res.Records.ReadRecord()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				value, err := kafka.ReadAll(r.Value)
				if err != nil {
					t.Fatal(err)
				}
				found[string(value)], offset = true, r.Offset+1
			}
		}
	}
	return found
}
