package attack

import (
	"context"
	"net/http"
	"testing"
	"time"

	"servebench/reports/record"
)

func TestEveryAnswerRight(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	cfg, log := load(t, s.URL, 2*time.Millisecond, 100)
	var last Progress
	cfg.Progress = func(p Progress) { last = p }
	cell := run(t, context.Background(), cfg, log)

	if want := (record.Ledger{Scheduled: 100, Sent: 100, OK: 100}); cell.Ledger != want {
		t.Errorf("ledger %+v, want %+v; errors %+v", cell.Ledger, want, cell.Errors)
	}
	if want := (record.Answers{Checked: 100, Agreed: 100, Labelled: 100, Correct: 100}); cell.Answers != want {
		t.Errorf("answers %+v, want %+v", cell.Answers, want)
	}
	if cell.Good != 100 {
		t.Errorf("%d good answers, want all of them without a deadline", cell.Good)
	}
	if cell.Offered != 500 || cell.Elapsed < 198*time.Millisecond || cell.Span != 200*time.Millisecond {
		t.Errorf("offered %v, elapsed %v, span %v; want 500 per second for 200 ms", cell.Offered, cell.Elapsed, cell.Span)
	}
	if cell.Instrument.Dials < 1 || cell.Instrument.CPU <= 0 {
		t.Errorf("instrument %+v, want dials and CPU time", cell.Instrument)
	}
	if last.Sent != 100 || last.Done != 100 || last.Failed != 0 || last.InFlight != 0 {
		t.Errorf("last progress %+v, want all done", last)
	}
}
