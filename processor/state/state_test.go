package state

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

func randomSet(r *rand.Rand) *journey.Set {
	words := []string{"", "direct", "email", "sommer 🌞", "x"}
	set := &journey.Set{}
	at := int64(1_700_000_000_000)
	for range r.IntN(40) {
		at += r.Int64N(1 << uint(r.IntN(40)))
		id := []byte("00000000-0000-4000-8000-000000000000")[:20+r.IntN(17)]
		for i := range id {
			if id[i] != '-' {
				id[i] = "0123456789abcdef"[r.IntN(16)]
			}
		}
		set.Add(&journey.Touch{
			MessageID: journey.PackMessageID(string(id)), OccurredAt: at, ReceivedAt: at*1000 + r.Int64N(1e9) - 1000,
			Stage: stages.Stage(r.IntN(6)), Passive: r.IntN(2) == 0, Channel: words[r.IntN(5)], Campaign: words[r.IntN(5)],
			Device: words[r.IntN(5)], Country: words[r.IntN(5)], Revenue: r.Int64N(3) * (r.Int64() - r.Int64()),
		})
	}
	set.Sort()
	set.Floor = r.Uint64N(1 << 60)
	return set
}

func TestCodecRoundTrip(t *testing.T) {
	for seed := uint64(1); seed <= 2000; seed++ {
		want := randomSet(rand.New(rand.NewPCG(seed, 3)))
		var got journey.Set
		if err := Decode(Encode(nil, want), nil, &got); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if got.Floor != want.Floor || len(got.Touches) != len(want.Touches) ||
			(len(want.Touches) > 0 && !reflect.DeepEqual(got.Touches, want.Touches)) {
			t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got.Touches, want.Touches)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for seed := uint64(1); seed < 20; seed++ {
		f.Add(Encode(nil, randomSet(rand.New(rand.NewPCG(seed, 3)))))
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		var set journey.Set
		if Decode(bytes.Clone(blob), nil, &set) != nil {
			return
		}
		var again journey.Set
		if err := Decode(Encode(nil, &set), nil, &again); err != nil {
			t.Fatalf("what decodes must encode: %v", err)
		}
	})
}

func TestStateSurvivesReopen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	c := touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "u1"}
	key := Key(nil, 7, c)
	b := s.NewBatch()
	must(t, b.Put(key, []byte("blob")))
	must(t, b.SetApplied(3, Applied{Offset: 42, Partitions: 4}))
	must(t, b.Commit())
	must(t, s.Close())

	s = open(t, dir)
	defer s.Close()
	if blob, err := s.Get(key); err != nil || string(blob) != "blob" {
		t.Fatalf("got %q, %v", blob, err)
	}
	if a, ok, err := s.Applied(3); err != nil || !ok || a != (Applied{Offset: 42, Partitions: 4}) {
		t.Fatalf("applied %+v %v %v", a, ok, err)
	}
	if _, ok, err := s.Applied(4); ok || err != nil {
		t.Fatalf("partition 4 is known: %v", err)
	}
}

func TestKeysNameCustomers(t *testing.T) {
	seen := map[string]touchpoint.Customer{}
	for _, id := range []string{
		"u1", "", "a@b.example", "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-00000000000A", "sixteen-letters!",
		string([]byte{0: 0, 6: 0x40, 8: 0x80, 15: 1}),
	} {
		for _, kind := range []touchpoint.Kind{touchpoint.KindUser, touchpoint.KindAnonymous} {
			want := touchpoint.Customer{Site: "shop", Kind: kind, ID: id}
			key := Key(nil, 515, want)
			if other, ok := seen[string(key)]; ok {
				t.Errorf("%+v and %+v have one key", want, other)
			}
			seen[string(key)] = want
			if bucket, got, err := CustomerOf(key); err != nil || bucket != 515 || got != want {
				t.Errorf("%x names %+v in bucket %d, %v; want %+v", key, got, bucket, err, want)
			}
		}
	}
	for _, key := range []string{"", "s", "s\x00\x01", "s\x00\x01shop", "s\x00\x01shop\x00", "o\x00\x00\x00\x01\x00\x00"} {
		if _, _, err := CustomerOf([]byte(key)); err == nil {
			t.Errorf("%q names a customer", key)
		}
	}
}

func TestScanGoesOnBehindAKey(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	b := s.NewBatch()
	var want []string
	for i := range 10 {
		key := Key(nil, 255, touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: fmt.Sprint("u", i)})
		must(t, b.Put(key, []byte{byte(i)}))
		want = append(want, string(key))
	}
	must(t, b.Put(Key(nil, 256, touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "other"}), []byte{99}))
	must(t, b.Commit())
	var got []string
	var last []byte
	for range 5 {
		n := 0
		must(t, s.Scan(255, last, func(key, blob []byte) (bool, error) {
			if int(blob[0]) != len(got) {
				t.Errorf("%q has %d, want %d", key, blob[0], len(got))
			}
			got, last, n = append(got, string(key)), bytes.Clone(key), n+1
			return n == 3, nil
		}))
	}
	if !slices.Equal(got, want) {
		t.Errorf("scanned %q, want %q", got, want)
	}
}

func TestAnotherLayoutIsEmptied(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	key := Key(nil, 7, touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "u1"})
	b := s.NewBatch()
	must(t, b.Put(key, []byte("blob")))
	must(t, b.SetApplied(3, Applied{Offset: 42, Partitions: 4}))
	must(t, b.batch.Set([]byte(keyLayout), []byte{layout - 1}, nil))
	must(t, b.Commit())
	must(t, s.Close())

	for range 2 {
		s = open(t, dir)
		if blob, err := s.Get(key); err != nil || blob != nil {
			t.Errorf("%q is still there: %v", blob, err)
		}
		if _, known, err := s.Applied(3); err != nil || known {
			t.Errorf("partition 3 is still known: %v", err)
		}
		must(t, s.Close())
	}
}

func TestWipeRemovesOneBucket(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	c := touchpoint.Customer{Site: "shop", Kind: touchpoint.KindUser, ID: "u1"}
	b := s.NewBatch()
	for _, bucket := range []uint16{0, 254, 255, 256, 1023} {
		must(t, b.Put(Key(nil, bucket, c), []byte{1}))
	}
	must(t, b.Commit())
	b = s.NewBatch()
	must(t, b.Wipe(255))
	must(t, b.Wipe(1023))
	must(t, b.Commit())
	for bucket, there := range map[uint16]bool{0: true, 254: true, 255: false, 256: true, 1023: false} {
		blob, err := s.Get(Key(nil, bucket, c))
		if err != nil || (blob != nil) != there {
			t.Errorf("bucket %d: %v %v, want there %v", bucket, blob, err, there)
		}
	}
}

func open(t *testing.T, dir string) *State {
	t.Helper()
	s, err := Open(Config{Dir: dir}, nil)
	must(t, err)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// liveSet is a customer of a shop with n touches in visits of five, as browsers send them.
func liveSet(r *rand.Rand, n int) *journey.Set {
	set := &journey.Set{}
	at := int64(1_780_000_000_000) + r.Int64N(86_400_000)
	channels := []string{"paid search", "email", "organic search", "direct"}
	for i := range n {
		t := journey.Touch{Stage: stages.Stage(r.IntN(4)), Device: "mobile", Country: "DE"}
		at += 5_000 + r.Int64N(300_000)
		if i%5 == 0 {
			at += r.Int64N(5 * 86_400_000)
			if t.Channel = channels[r.IntN(4)]; t.Channel == "paid search" {
				t.Campaign = "spring-sale"
			}
		}
		if i%9 == 8 {
			t.Stage, t.Revenue = stages.Purchase, 199_000+r.Int64N(1000)*100
		}
		id := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.Uint32()>>16, r.Uint32()>>20, r.Uint32()>>20, r.Uint64()>>16)
		t.MessageID, t.OccurredAt, t.ReceivedAt = journey.PackMessageID(id), at, at*1000+r.Int64N(900_000)
		set.Add(&t)
	}
	set.Sort()
	return set
}

// BenchmarkCodec reads and writes a customer of ten touches, and reports the bytes of the stored set.
func BenchmarkCodec(b *testing.B) {
	blob := Encode(nil, liveSet(rand.New(rand.NewPCG(1, 3)), 10))
	b.ReportAllocs()
	touches := make([]journey.Touch, 0, 16)
	for b.Loop() {
		var got journey.Set
		_ = Decode(blob, touches, &got)
		blob = Encode(blob[:0], &got)
	}
	b.ReportMetric(float64(len(blob)), "bytes")
}
