package admission

import (
	"net/netip"
	"testing"
	"time"

	"github.com/throughline/throughline/schemas/sites"
	"github.com/throughline/throughline/schemas/touchpoint"
)

const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

var received = time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC)

// request is what a browser's event comes in with.
func request() *Request {
	site, _ := sites.Default().ByID("main")
	return &Request{Site: site, ReceivedAt: received, UserAgent: chrome, IP: netip.MustParseAddr("203.0.113.77"), Country: "DE"}
}

const pageEvent = `{"message_id":"01890a5d-ac96-774b-bcce-b302099a8057","type":"page","anonymous_id":"a-5f3b9c1e7d","timestamp":"2026-03-01T12:00:00.123Z","sent_at":"2026-03-01T12:00:00.200Z","properties":{"category":"shoes","position":3},"context":{"page":{"url":"https://shop.example.com/shoes/runner?utm_source=google&utm_medium=cpc&utm_campaign=spring","referrer":"https://www.google.com/","title":"Runner shoes"},"locale":"en-GB"}}`

func BenchmarkAdmit(b *testing.B) {
	a, req, raw := New(), request(), []byte(pageEvent)
	var into touchpoint.Touchpoint
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if p := a.Admit(req, raw, &into); p != nil {
			b.Fatal(p)
		}
	}
}
