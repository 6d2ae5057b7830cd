package sentence

import (
	"testing"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/capacity/search"
	"servebench/reports/record"
)

func TestCapacityResult(t *testing.T) {
	steps := []capacity.SearchStep{{SearchStep: record.SearchStep{Rate: 1600}}}
	for _, tt := range []struct {
		s    capacity.Searched
		want string
	}{
		{capacity.Searched{}, "was not measured"},
		{capacity.Searched{Steps: steps, Result: search.Result{Certified: 455, Breaks: 519}, LimitedBy: capacity.ByCPU}, "holds 455/s with 95 % confidence, and breaks at 519/s (CPU)"},
		{capacity.Searched{Steps: steps, Result: search.Result{Certified: 455}}, "holds 455/s with 95 % confidence; no rate is shown to break it"},
		{capacity.Searched{Steps: steps, Result: search.Result{Certified: 47.3, NotHeld: 50.4}}, "holds 47.3/s with 95 % confidence; no rate is shown to break it, and the lowest that did not hold was 50.4/s"},
		{capacity.Searched{Steps: steps, Result: search.Result{Certified: 20, Capped: true}}, "holds 20/s with 95 % confidence, as high as was asked (--most)"},
		{capacity.Searched{Steps: steps, Result: search.Result{Breaks: 6.25}}, "holds no rate that was played, and breaks at 6.2/s"},
		{capacity.Searched{Steps: steps, Result: search.Result{Breaks: 100, Attempts: 4}, LimitedBy: capacity.ByQueue}, "is certified at no rate, and breaks at 100/s (queue, with idle CPUs)"},
		{capacity.Searched{Steps: steps, Result: search.Result{Attempts: 4}}, "is certified at no rate"},
		{capacity.Searched{Steps: []capacity.SearchStep{{SearchStep: record.SearchStep{Rate: 400}, Died: true}}, Result: search.Result{Invalid: true}, Disturbed: "the server was removed"}, "has no capacity that is known: at 400/s, the server was removed"},
		{capacity.Searched{Steps: steps, Result: search.Result{Invalid: true, Certified: 455}, Disturbed: "4 % left late"}, "has no capacity that is known: the load generator was the limit at 1600/s (4 % left late)"},
	} {
		if got := CapacityResult(tt.s); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
