package attack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"servebench/reports/record"
)

// rest is how much later than its beginning the end of an answer comes.
const rest = 300 * time.Millisecond

// halting begins each answer at once and ends it after rest.
func halting(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		whole := httptest.NewRecorder()
		answer(t, whole, r)
		text := whole.Body.String()
		io.WriteString(w, text[:1])
		http.NewResponseController(w).Flush()
		time.Sleep(rest)
		io.WriteString(w, text[1:])
	}
}

func TestTimeToFirstByte(t *testing.T) {
	s := serve(t, halting(t))
	for _, standard := range []bool{false, true} {
		t.Run(fmt.Sprintf("net/http %v", standard), func(t *testing.T) {
			cfg, log := load(t, s.URL, 10*time.Millisecond, 20)
			cfg.HTTP.Standard, cfg.FirstByte = standard, true
			cell := run(t, context.Background(), cfg, log)
			if n := log.count(record.TagFirstByte); n != 20 || cell.Ledger.OK != 20 {
				t.Fatalf("%d times to first byte of %d answers, want 20 of 20; errors %+v", n, cell.Ledger.OK, cell.Errors)
			}
			first, all := log.quantile(record.TagFirstByte, 50), log.quantile(record.TagResponse, 50)
			if first > all-rest/2 {
				t.Errorf("half of the first bytes came within %v, half of the answers were complete within %v; want most of %v between", first, all, rest)
			}
		})
	}
}

// TestTimeToFirstByteIsAskedFor expects none of a load that does not ask.
func TestTimeToFirstByteIsAskedFor(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	cfg, log := load(t, s.URL, time.Millisecond, 10)
	run(t, context.Background(), cfg, log)
	if n := log.count(record.TagFirstByte); n != 0 {
		t.Errorf("%d times to first byte, want none", n)
	}
}
