package timer

import (
	"testing"
	"time"
)

// TestPolledIsLessThanTheTimeWaited waits for short times, which are polled for, and
// expects some of them in the account but no more than they took.
func TestPolledIsLessThanTheTimeWaited(t *testing.T) {
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	began := time.Now()
	for range 1000 {
		w.Wait(time.Now().Add(short / 2))
	}
	took := time.Since(began)
	if polled := w.Polled(); polled <= 0 || polled > took {
		t.Errorf("polled for %v in %v of short waits", polled, took)
	}
}
