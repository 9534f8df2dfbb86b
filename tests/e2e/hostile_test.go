package e2e

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/throughline/throughline/tests/harness"
	"github.com/throughline/throughline/tests/hostile"
)

var (
	hostileSeed   = flag.Uint64("hostile-seed", 0, "seed of the hostile input; 0 draws one")
	hostileEvents = flag.Int("hostile-events", 10_000, "how many mutated events to post")
)

// TestHostileInput lets everything at the program that strangers, mistakes and scanners send, and good events among it. The
// program must not end; every bad event must be refused with a reason and kept, every good one be there once.
func TestHostileInput(t *testing.T) {
	seed := *hostileSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	p := harness.New(t, "", "COLLECTOR_READ_TIMEOUT=2s", "LOG_LEVEL=warn", "UP_PARTITIONS=4")
	p.Start(t)
	pid := p.Pid()
	l := newLedger(p)
	var work sync.WaitGroup
	for name, attack := range map[string]func(*testing.T, *ledger, *rand.Rand){
		"mutations": postMutations, "bodies": postBodies, "slow": comeSlowly, "wire": postGarbage,
		"admin": garbageToAdmin, "clickhouse": garbageToClickHouse, "kafka": garbageToKafka,
	} {
		random := rand.New(rand.NewPCG(seed, uint64(len(name))))
		work.Go(func() {
			start := time.Now()
			attack(t, l, random)
			t.Logf("%s: %s", name, time.Since(start).Round(time.Millisecond))
		})
	}
	work.Wait()
	l.post(t, parcel{body: goodEvent("good-last"), good: []string{"good-last"}})
	p.CaughtUp(t, time.Minute)
	l.checkTouchpoints(t)
	l.checkRejected(t)
	stillWell(t, p, pid)
	p.Stop(t)
}

// parcel is a request's body and what is known of it.
type parcel struct {
	body []byte
	// encoding compresses the body on the way.
	encoding string
	lines    bool
	history  bool
	// raws are the single events in order, where the body is made of events that cannot run into one another.
	raws [][]byte
	// good are the message ids of the good events in it.
	good []string
}

func goodEvent(id string) []byte {
	return fmt.Appendf(nil, `{"message_id":%q,"event":"Product Viewed","anonymous_id":"visitor %s","timestamp":%q,"properties":{"n":1}}`,
		id, id[max(0, len(id)-2):], time.Now().UTC().Format(time.RFC3339Nano))
}

// postMutations packs mutated events, good ones among them, in every way that there is, and posts them.
func postMutations(t *testing.T, l *ledger, random *rand.Rand) {
	parcels := make(chan parcel)
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for one := range parcels {
				l.post(t, one)
			}
		})
	}
	events := hostile.Mutations(random.Uint64(), *hostileEvents)
	for n := 0; len(events) > 0; n++ {
		size := 1
		if n%3 != 0 {
			size = min(1+random.IntN(40), len(events))
		}
		history := random.IntN(4) == 0
		if history {
			inThePast(events[:size])
		}
		one, left := pack(random, n, events[:size])
		one.history = history
		one.encoding = []string{"", "gzip", "br", "zstd", "deflate"}[random.IntN(5)]
		parcels <- one
		events = append(events[size:], left...)
	}
	close(parcels)
	work.Wait()
}

// pastID begins the message ids of imported events. An id is known for as long as its journey lives, and mutated times can
// lie years apart: so these need not be unique, and must not meet those of today.
const pastID = "past-"

func inThePast(events [][]byte) {
	for i := range events {
		events[i] = bytes.ReplaceAll(events[i], []byte(`"m-`), []byte(`"`+pastID))
	}
}

// pack makes one event, lines, an array or a batch of events, and gives those for which there was no room in it.
func pack(random *rand.Rand, n int, events [][]byte) (one parcel, left [][]byte) {
	if n%3 == 0 {
		return parcel{body: events[0], raws: events}, nil
	}
	array := n%3 == 2
	// An event that is no JSON can break the whole of an array; in most of them the good ones are to be taken.
	sound := array && random.IntN(4) > 0
	for _, raw := range events {
		if sound && !json.Valid(raw) {
			left = append(left, raw)
		} else {
			one.raws = append(one.raws, raw)
		}
	}
	for k := range 1 + random.IntN(3) {
		id := fmt.Sprintf("good-%d-%d", n, k)
		one.raws = slices.Insert(one.raws, random.IntN(len(one.raws)+1), goodEvent(id))
		one.good = append(one.good, id)
	}
	if array {
		return packArray(random, one, sound), left
	}
	return packLines(one), nil
}

func packLines(one parcel) parcel {
	var raws [][]byte
	for _, raw := range one.raws {
		for line := range bytes.SplitSeq(raw, []byte("\n")) {
			if len(bytes.TrimSpace(line)) > 0 {
				raws = append(raws, line)
			}
		}
	}
	return parcel{body: bytes.Join(raws, []byte("\n")), raws: raws, good: one.good, lines: true}
}

func packArray(random *rand.Rand, one parcel, sound bool) parcel {
	one.body = fmt.Appendf(nil, "[%s]", bytes.Join(one.raws, []byte(",")))
	if random.IntN(2) == 0 {
		one.body = fmt.Appendf(nil, `{"sent_at":"2026-03-01T12:00:00Z","batch":%s}`, one.body)
	}
	if !sound {
		one.raws = nil
	}
	return one
}
