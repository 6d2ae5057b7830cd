package attack

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/corpus"
)

// checkClasses checks that the ledgers of a mix add up to the whole one, and that
// the log holds the response times of each class.
func checkClasses(t testing.TB, cell record.Cell, log *memoryLog) {
	t.Helper()
	if cell.Classes == nil {
		return
	}
	var sum record.Ledger
	for _, c := range cell.Classes {
		sum.Scheduled += c.Ledger.Scheduled
		sum.Sent += c.Ledger.Sent
		sum.OK += c.Ledger.OK
		sum.Failed += c.Ledger.Failed
		sum.Censored += c.Ledger.Censored
		if n := log.count(record.TagOfClass(c.Name)); n != c.Ledger.OK {
			t.Errorf("class %s: %d response times in the log, ledger %+v", c.Name, n, c.Ledger)
		}
	}
	if sum != cell.Ledger {
		t.Errorf("classes add up to %+v, ledger is %+v", sum, cell.Ledger)
	}
}

// mixOf makes a corpus of 9 frequent requests to 1 of another class.
func mixOf(t testing.TB) *corpus.Corpus {
	t.Helper()
	c, err := corpus.Mix([]corpus.Class{{Name: "often", Weight: 9, Corpus: newCorpus(t, 10)}, {Name: "seldom", Weight: 1, Corpus: newCorpus(t, 5)}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMixInTheLedger holds every loop of a load to the weights of its classes.
func TestMixInTheLedger(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	for _, attackers := range []int{1, 3} {
		cfg, log := load(t, s.URL, 2*time.Millisecond, 600)
		cfg.Corpus, cfg.Attackers = mixOf(t), attackers
		cell := run(t, context.Background(), cfg, log)
		if got := scheduled(cell.Classes); !slices.Equal(got, []int64{540, 60}) {
			t.Errorf("%d attackers: %v scheduled, want 540 and 60", attackers, got)
		}
	}
}

// TestMixOfWhatWasNotSent books each request to its class that a stop kept from
// being sent, with one loop and with several.
func TestMixOfWhatWasNotSent(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { answer(t, w, r) })
	for _, attackers := range []int{1, 3} {
		cfg, log := load(t, s.URL, time.Second, 200)
		stop := make(chan struct{})
		close(stop)
		cfg.Corpus, cfg.Attackers, cfg.Stop = mixOf(t), attackers, stop
		cell := run(t, context.Background(), cfg, log)
		if got := scheduled(cell.Classes); !slices.Equal(got, []int64{180, 20}) {
			t.Errorf("%d attackers: %v scheduled, want 180 and 20", attackers, got)
		}
	}
}

func scheduled(counts []record.ClassCount) []int64 {
	var n []int64
	for _, c := range counts {
		n = append(n, c.Ledger.Scheduled)
	}
	return n
}
