package store

import (
	"fmt"
	"testing"

	"github.com/throughline/throughline/processor/journey"
	"github.com/throughline/throughline/schemas/stages"
	"github.com/throughline/throughline/schemas/touchpoint"
)

// shopTouchpoints look like what a shop sends: few distinct words, long texts, small properties.
func shopTouchpoints(n int) []*TouchpointRow {
	events := []string{"Page Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed"}
	channels := []string{"", "direct", "organic search", "paid search", "email", "social"}
	browsers := []string{"Chrome", "Safari", "Firefox", "Edge"}
	countries := []string{"DE", "FR", "US", "GB", "IT", "ES", "PL", "NL"}
	rows := make([]*TouchpointRow, n)
	for i := range rows {
		h := i * 7919
		t := &touchpoint.Touchpoint{
			Site: "main", MessageId: fmt.Sprintf("0192f0c4-%04x-7000-8000-%012x", h%65536, i), AnonymousId: fmt.Sprintf("anon-%016x", h%(n/3+1)),
			Type: "track", Event: events[h%len(events)], OccurredAt: day + int64(i), ReceivedAt: (day + int64(i)) * 1000, ClientTimestamp: day + int64(i), SentAt: day + int64(i),
			Channel: channels[h%len(channels)], Campaign: []string{"", "", "spring"}[h%3], Url: fmt.Sprintf("https://shop.example/products/%d?ref=home", h%5000),
			Path: fmt.Sprintf("/products/%d", h%5000), Referrer: "https://search.example/", Title: "A product of the shop",
			UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
			Browser:   browsers[h%4], Os: []string{"Windows", "iOS", "Android"}[h%3], Device: []string{"desktop", "mobile"}[h%2], Ip: "192.0.2.0",
			Country: countries[h%8], Locale: "en-GB", Properties: []byte(`{"product_id":"p-1234","price":19.9,"quantity":1}`),
			Context: []byte(`{"page":{"path":"/products/1"},"user_agent":"Mozilla/5.0"}`), Source: "http",
		}
		rows[i] = &TouchpointRow{
			Touchpoint: t, Bucket: uint16(h % 1024), Stage: stages.Stage(h % 5), StageRule: "ecommerce.product_viewed", RulesVersion: "builtin-1",
			Version: uint64(i),
		}
	}
	return rows
}

func shopJourneys(n, touches int) []journey.Journey {
	rows := oddJourneys(n)
	for i := range rows {
		j := &rows[i]
		j.TouchAt, j.TouchStage = make([]int64, touches), make([]uint8, touches)
		j.TouchChannel, j.TouchCampaign = make([]string, touches), make([]string, touches)
		for k := range touches {
			j.TouchAt[k], j.TouchChannel[k] = day+int64(k), []string{"direct", "email", "social"}[k/4%3]
		}
	}
	return rows
}

// BenchmarkEncode is the time to make the bytes of an INSERT, a row.
func BenchmarkEncode(b *testing.B) {
	const n = 20_000
	b.Run("touchpoints", func(b *testing.B) { benchmarkEncode(b, touchpointColumns(), shopTouchpoints(n)) })
	b.Run("sessions", func(b *testing.B) { benchmarkEncode(b, sessionColumns(), pointers(oddSessions(n))) })
	b.Run("journeys-10-touches", func(b *testing.B) { benchmarkEncode(b, journeyColumns(), pointers(shopJourneys(n, 10))) })
	b.Run("transitions", func(b *testing.B) { benchmarkEncode(b, transitionColumns(), pointers(oddTransitions(n))) })
}

func benchmarkEncode[R any](b *testing.B, columns []column[R], rows []R) {
	blk := &block[R]{columns: columns}
	var bytes int
	b.ReportAllocs()
	for b.Loop() {
		blk.reset()
		blk.fill(rows)
		bytes = len(wire(b, blk))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)), "ns/row")
	b.ReportMetric(float64(bytes)/float64(len(rows)), "B/row")
}
