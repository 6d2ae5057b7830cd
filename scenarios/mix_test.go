package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMix fills in what classes leave open, and names every kind of request once.
func TestMix(t *testing.T) {
	s := parsePhase(t, "model: noop, mix: [{name: small, weight: 9}, {name: big, batch: 100, model: credit}], rate: 10, duration: 2s")
	want := []Class{{Name: "small", Weight: 9, Model: "noop", Batch: 1}, {Name: "big", Weight: 1, Model: "credit", Batch: 100}}
	if diff := cmp.Diff(want, s.Load[0].Mix); diff != "" {
		t.Errorf("mix (-want +got):\n%s", diff)
	}
	s.Load = append(s.Load, s.Load[0], Phase{Model: "credit"}, Phase{Model: "noop"})
	want = []Class{{Model: "credit", Batch: 1}, {Name: "small", Model: "noop", Batch: 1}, {Name: "big", Model: "credit", Batch: 100}, {Model: "noop", Batch: 1}}
	if diff := cmp.Diff(want, s.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"credit", "noop"}, s.Models()); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
	s.Load = s.Load[:1]
	resolved, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse("f", resolved, testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	if diff := difference(s, again); diff != "" {
		t.Errorf("resolved text is another scenario:\n%s", diff)
	}
}
