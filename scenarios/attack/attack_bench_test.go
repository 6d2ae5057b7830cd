package attack

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"servebench/reports/record"
)

// BenchmarkLag drives a server in this very process for a second an iteration
// and reports how late requests were sent. Run it with -benchtime 3x.
func BenchmarkLag(b *testing.B) {
	s := serve(b, func(w http.ResponseWriter, r *http.Request) { answer(b, w, r) })
	for _, rate := range []int{200, 1000, 5000} {
		b.Run(fmt.Sprintf("%d_per_s", rate), func(b *testing.B) {
			cfg, log := load(b, s.URL, time.Second/time.Duration(rate), rate)
			for b.Loop() {
				if _, err := Run(context.Background(), cfg); err != nil {
					b.Fatal(err)
				}
				log.starts = nil
			}
			for _, p := range []float64{50, 99, 99.9} {
				b.ReportMetric(float64(log.quantile(record.TagLag, p).Nanoseconds())/1e3, fmt.Sprintf("lag-p%v-µs", p))
			}
			b.ReportMetric(float64(log.quantile(record.TagService, 50).Nanoseconds())/1e3, "service-p50-µs")
		})
	}
}
