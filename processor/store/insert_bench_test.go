package store

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkInsert is one flush of touchpoints on the real engine, encoding included.
func BenchmarkInsert(b *testing.B) {
	for _, n := range []int{1, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _ := openDatabase(b, nil)
			batch := &Batch{Touchpoints: shopTouchpoints(n)}
			for b.Loop() {
				if err := s.Write(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkFlush is a flush of all tables: 10,000 touchpoints of 5,000 customers.
func BenchmarkFlush(b *testing.B) {
	s, _ := openDatabase(b, nil)
	batch := &Batch{
		Touchpoints: shopTouchpoints(10_000), Sessions: oddSessions(5_000), Journeys: shopJourneys(5_000, 10), Transitions: oddTransitions(5_000),
	}
	for b.Loop() {
		if err := s.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(10_000*b.N)/b.Elapsed().Seconds(), "touchpoints/s")
}

// BenchmarkRestore reads all touches of one partition back.
func BenchmarkRestore(b *testing.B) {
	s, _ := openDatabase(b, nil)
	if err := s.Write(b.Context(), &Batch{Touchpoints: shopTouchpoints(100_000)}); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		if err := s.Restore(b.Context(), 0, 1, time.Time{}, func(*TouchRow) error { n++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
}
