package stat

import "testing"

// Values that tie share the mean of their ranks.
func TestRanks(t *testing.T) {
	ranks, ties := ranksOf([]float64{3, 1, 3, 2, 3})
	for i, want := range []float64{4, 1, 4, 2, 4} {
		if ranks[i] != want {
			t.Errorf("rank %d is %v, want %v", i, ranks[i], want)
		}
	}
	if ties != 24 {
		t.Errorf("ties %v, want 3³−3", ties)
	}
	if p := RankTest([]Stretch{{Begin: []float64{1, 1, 1}, End: []float64{1, 1}}}); p != 1 {
		t.Errorf("all alike: chance %v, want 1", p)
	}
}
