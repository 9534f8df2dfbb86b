package processor

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/throughline/throughline/processor/consume"
	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/topics"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// benchRecords makes page views and steps of customers with ten touches each, in the order of time.
func benchRecords(n int) (records []consume.Record) {
	r := rand.New(rand.NewPCG(1, 1))
	events := []string{"Product Viewed", "Product List Viewed", "Product Added", "Checkout Started", "Order Completed", "Page Viewed"}
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	customers := max(n/10, 1)
	for i := range n {
		at += 3
		record := touchpoint.Record{Kind: &touchpoint.Record_Touchpoint{Touchpoint: &touchpoint.Touchpoint{
			Site: "main", MessageId: fmt.Sprintf("%08x-7000-4000-8000-%012x", r.Uint32(), i), Type: "track", Event: events[r.IntN(len(events))],
			AnonymousId: fmt.Sprintf("%08x-0000-4000-8000-000000000000", r.IntN(customers)), OccurredAt: at, ReceivedAt: at*1000 + 120_000,
			Channel: "paid search", Campaign: "spring", CampaignSource: "google", CampaignMedium: "cpc", Device: "mobile", Country: "DE",
			Browser: "Safari", Os: "iOS", Url: "https://shop.example/products/4711?utm_source=google", Path: "/products/4711",
			UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15", Ip: "203.0.113.0",
			Properties: []byte(`{"product_id":"4711","price":19.9,"currency":"EUR","category":"shoes"}`),
			Context:    []byte(`{"page":{"url":"https://shop.example/products/4711?utm_source=google"}}`), Source: "http",
		}}}
		value, err := record.MarshalVT()
		if err != nil {
			panic(err)
		}
		records = append(records, consume.Record{Offset: int64(i), Value: value})
	}
	return records
}

// BenchmarkEvent is what an event costs from the bytes of its record to rows and state, in cuts of 20,000, without fetch and store.
func BenchmarkEvent(b *testing.B) {
	records := benchRecords(200_000)
	rules, err := newRulebook(sites.Default(), func(string) (*stages.Rules, error) { return stages.Builtin(), nil })
	if err != nil {
		b.Fatal(err)
	}
	const size = 20_000
	b.ReportAllocs()
	var sets map[string][]byte
	var c *cutter
	p := newPartition(topics.Touchpoints, 0, 0, 0)
	rows, events := 0, 0
	for done := 0; b.Loop(); done = (done + size) % len(records) {
		if done == 0 {
			sets = map[string][]byte{}
			c = newCutter(rules, setsIn(sets))
		}
		taken := (&owner{rules: rules}).decodeChunk(p, records[done:done+size])
		out, err := c.cut(p, taken)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range out.sets {
			sets[s.key] = s.blob
		}
		rows += len(out.batch.Sessions) + len(out.batch.Journeys) + len(out.batch.Transitions)
		events += size
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
	b.ReportMetric(float64(rows)/float64(events), "rows/event")
}
