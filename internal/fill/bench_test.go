package fill_test

import (
	"io"
	"testing"

	"parlor/internal/fill"
	"parlor/internal/store/storetest"
)

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		o := small()
		o.Conversations, o.Messages, o.Visitors = 10_000, 100_000, 3000
		r, err := fill.Fill(b.Context(), storetest.SQLite(b), o, io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(r.Messages)/r.Took.Seconds(), "messages/s")
	}
}
