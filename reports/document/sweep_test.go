package document

import (
	"slices"
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/document/element"
	"servebench/reports/record/recordtest"
)

// TestSizesShowWhatIsCompared: where too few requests tell a p99, sizes are compared by another
// quantile, which their table has in its place.
func TestSizesShowWhatIsCompared(t *testing.T) {
	for rounds, want := range map[int]string{3: "p99 ms", 1: "p90 ms"} {
		p := recordtest.Sizes()
		p.Rounds = rounds
		for i := range p.Phases {
			p.Phases[i].Duration = min(p.Phases[i].Duration, 2*time.Second)
		}
		a, err := analysis.Analyse(recordtest.Open(t, p))
		if err != nil {
			t.Fatal(err)
		}
		tables := 0
		for _, s := range New(a).Sections {
			if s.ID != "sizes" {
				continue
			}
			if tables++; !slices.ContainsFunc(s.Table.Columns, func(c element.Column) bool { return c.Title == want }) {
				t.Errorf("%d rounds: columns %+v, want one of %s", rounds, s.Table.Columns, want)
			}
		}
		if tables != 2 {
			t.Errorf("%d tables of sizes, want those of physical and of lambda", tables)
		}
	}
}
