package spool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// crashCopy copies a spool's folder as a crash would leave it: whatever was acknowledged is there, the newest segment
// may end in part of a record that was not, and the progress may be missing.
func crashCopy(t *testing.T, rng *rand.Rand, from string) string {
	t.Helper()
	to := t.TempDir()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	newest := ""
	for _, e := range entries {
		if e.Name() == progressName && rng.IntN(4) == 0 {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(e.Name()) == segmentSuffix {
			newest = filepath.Join(to, e.Name())
		}
	}
	if newest == "" {
		newest = filepath.Join(to, fmt.Sprintf("%016x%s", 1<<20+rng.IntN(1000), segmentSuffix))
	}
	f, err := os.OpenFile(newest, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tail := appendFrame(nil, []byte("not acknowledged"), time.Now())
	tail = tail[:rng.IntN(len(tail))]
	if rng.IntN(3) == 0 {
		clear(tail[rng.IntN(len(tail)+1):]) // blocks that were never written read as zeros
	}
	if _, err := f.Write(tail); err != nil {
		t.Fatal(err)
	}
	return to
}

var errAway = errors.New("broker is away")

// TestCrashesLoseNothing appends, drains, reopens and crashes in any order, and wants the numbers 0, 1, 2 … back: in
// order, all that were acknowledged, and again only after a crash.
func TestCrashesLoseNothing(t *testing.T) {
	for i := range 150 {
		seed := uint64(i)
		t.Run(strconv.Itoa(i), func(t *testing.T) { crashes(t, rand.New(rand.NewPCG(seed, 7))) })
	}
}

func crashes(t *testing.T, rng *rand.Rand) {
	dir := t.TempDir()
	segmentBytes := withSegmentBytes(int64(50 + rng.IntN(400_000)))
	s := open(t, dir, 1<<30, segmentBytes)
	appended, drained, crashed := 0, 0, false
	collect := func(calls int) {
		err := s.Drain(t.Context(), func(_ context.Context, records [][]byte) error {
			if calls--; calls < 0 {
				return errAway
			}
			for _, r := range records {
				n, err := strconv.Atoi(string(r))
				if err != nil {
					t.Fatalf("drained %q, which was never acknowledged", r)
				}
				if n > drained || n < drained && !crashed {
					t.Fatalf("drained %d, want %d (crashed %v)", n, drained, crashed)
				}
				if n == drained {
					crashed = false
				}
				drained = n + 1
			}
			return nil
		})
		if err != nil && !errors.Is(err, errAway) {
			t.Fatal(err)
		}
	}
	for range 30 {
		switch op := rng.IntN(10); {
		case op < 5:
			var values []string
			for range 1 + rng.IntN(3)*rng.IntN(600) {
				values = append(values, strconv.Itoa(appended))
				appended++
			}
			add(t, s, values...)
		case op < 7:
			collect(rng.IntN(4))
		case op < 8:
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open(t, dir, 1<<30, segmentBytes)
		default:
			dir, crashed = crashCopy(t, rng, dir), true
			s = open(t, dir, 1<<30, segmentBytes)
		}
	}
	collect(1 << 30)
	if drained != appended {
		t.Errorf("drained up to %d of %d", drained, appended)
	}
	if used, oldest := s.Stats(); used != 0 || !oldest.IsZero() {
		t.Errorf("empty, but %d bytes, oldest %v", used, oldest)
	}
}

// TestDamage breaks bytes of one segment among three; everything else must come back.
func TestDamage(t *testing.T) {
	record := func(segment, i int) string { return fmt.Sprintf("%d/%d", segment, i) }
	size := len(appendFrame(nil, []byte(record(0, 0)), time.Now()))
	cases := map[string]struct {
		segment int
		change  func([]byte) []byte
		lost    []int // indexes within the segment
	}{
		"record":              {0, func(b []byte) []byte { b[size+frameHeader]++; return b }, []int{1}},
		"checksum":            {1, func(b []byte) []byte { b[5]++; return b }, []int{0}},
		"marker":              {1, func(b []byte) []byte { b[2*size]++; return b }, []int{2}},
		"length":              {2, func(b []byte) []byte { b[size+8] = 0xff; return b }, []int{1}},
		"tail of an old one":  {0, func(b []byte) []byte { return b[:len(b)-1] }, []int{3}},
		"zeros in the middle": {1, func(b []byte) []byte { clear(b[size-3 : 2*size+1]); return b }, []int{0, 1, 2}},
		"everything":          {0, func(b []byte) []byte { clear(b); return b }, []int{0, 1, 2, 3}},
	}
	for name, c := range cases {
		for _, opened := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/open=%v", name, opened), func(t *testing.T) {
				dir := t.TempDir()
				s := open(t, dir, 1<<20, withSegmentBytes(1))
				var want []string
				for segment := range 3 {
					var values []string
					for i := range 4 {
						values = append(values, record(segment, i))
						if segment != c.segment || !slices.Contains(c.lost, i) {
							want = append(want, record(segment, i))
						}
					}
					add(t, s, values...)
				}
				if !opened {
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
				}
				path := s.path(uint64(c.segment+1), segmentSuffix) // numbers start at 1
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, c.change(data), 0o600); err != nil {
					t.Fatal(err)
				}
				if !opened {
					s = open(t, dir, 1<<20)
				}
				same(t, drain(t, s), want...)
				if aside, _ := filepath.Glob(filepath.Join(dir, "*"+corruptSuffix)); len(aside) != 1 {
					t.Errorf("set aside: %q", aside)
				}
				if used, _ := s.Stats(); used != 0 {
					t.Errorf("%d bytes used", used)
				}
			})
		}
	}
}

// TestInterruptedRepair leaves the folder as a crash in the middle of a repair would.
func TestInterruptedRepair(t *testing.T) {
	saved := appendFrame(nil, []byte("saved"), time.Now())
	damaged := append([]byte("xx"), saved...)
	for name, files := range map[string]map[string][]byte{
		"saved, not exchanged":      {segmentSuffix: damaged, salvageSuffix: saved[:10]},
		"set aside, not exchanged":  {corruptSuffix: damaged, salvageSuffix: saved},
		"exchanged, not thrown out": {corruptSuffix: damaged, segmentSuffix: saved},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for suffix, data := range files {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%016x%s", 5, suffix)), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			same(t, drain(t, open(t, dir, 1<<20)), "saved")
		})
	}
}
