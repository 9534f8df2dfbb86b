package state

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/throughline/throughline/processor/erasure"
	"github.com/throughline/throughline/schemas/touchpoint"
)

func TestMarksComeBack(t *testing.T) {
	s := open(t, t.TempDir())
	var want []erasure.Mark
	for i, kind := range []erasure.Kind{erasure.Anonymous, erasure.Source, erasure.Seen, erasure.Shared, erasure.User} {
		want = append(want, erasure.Mark{
			Kind: kind, Hash: [16]byte{byte(i)}, Salt: []byte("salt"), Bucket: uint16(1000 + i), Until: 1_790_000_000_000_000 + int64(i),
		})
	}
	b := s.NewBatch()
	for _, m := range want {
		must(t, b.PutMark(3, m))
		must(t, b.PutMark(4, m))
	}
	must(t, b.WipeMarks(4))
	must(t, b.Commit())
	for partition, want := range map[int32][]erasure.Mark{2: nil, 3: want, 4: nil} {
		got, err := s.Marks(partition)
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("partition %d has %v, want %v", partition, got, want)
		}
	}
}

// TestScrub: the bytes of what was dropped are in no file of the folder any more, those of others are.
func TestScrub(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	key := func(id string) []byte {
		return Key(nil, 7, touchpoint.Customer{Site: "main", Kind: touchpoint.KindUser, ID: id})
	}
	b := s.NewBatch()
	must(t, b.Put(key("ada-lovelace"), []byte("touches of ada-lovelace")))
	must(t, b.Put(key("bob-hope-123"), []byte("touches of bob-hope-123")))
	must(t, b.Commit())
	b = s.NewBatch()
	must(t, b.Drop(key("ada-lovelace")))
	must(t, b.Commit())
	s.Scrub([]uint16{7})
	s.Scrub([]uint16{7})
	s.scrubs.Wait()
	must(t, s.Close())
	s = open(t, dir)
	defer s.Close()
	// Logs of before are deleted in the background.
	names := naming(t, dir, "ada-lovelace")
	for tries := 0; len(names) > 0 && tries < 600; tries++ {
		time.Sleep(50 * time.Millisecond)
		names = naming(t, dir, "ada-lovelace")
	}
	if len(names) > 0 {
		t.Errorf("%v still name who was dropped", names)
	}
	if got, err := s.Get(key("bob-hope-123")); err != nil || len(got) == 0 {
		t.Errorf("the other one is %q, %v", got, err)
	}
}

// naming lists the files of a folder that hold a text.
func naming(t *testing.T, dir, text string) (names []string) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			continue // deleted meanwhile
		}
		if bytes.Contains(content, []byte(text)) {
			names = append(names, filepath.Base(name))
		}
	}
	return slices.Clip(names)
}
