package proof

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGoals plays the whole table, with so many simulations that the goals are farther from
// the truth than three standard deviations.
func TestGoals(t *testing.T) {
	simulations := 1000
	if testing.Short() {
		simulations = 400
	}
	table, err := Run(context.Background(), simulations)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range table.Goals {
		rate := g.Rate
		if rate.N != simulations {
			t.Fatalf("%s, change %v: no rate of %d simulations in the table", g.Noise, g.Change, simulations)
		}
		// In short, chance may have its way with a rate near its bound.
		off := rate.Value() < g.Least || rate.Value() > g.Most
		if g.State == Misses || off && !testing.Short() {
			t.Errorf("%s, change %v: %v in %.4f of the simulations, want %v to %v", g.Noise, g.Change, g.Verdict, rate.Value(), g.Least, g.Most)
		}
	}
}

// TestStateOfAGoal: only an interval that lies on one side of the bound tells.
func TestStateOfAGoal(t *testing.T) {
	most, least := Goal{Most: 0.008}, Goal{Least: 0.95, Most: 1}
	for _, tt := range []struct {
		goal Goal
		rate Rate
		want State
	}{
		{most, Rate{3, 500}, Undecided}, {most, Rate{20, 20_000}, Holds}, {most, Rate{20, 500}, Misses}, {most, Rate{}, Misses},
		{least, Rate{48, 50}, Undecided}, {least, Rate{1000, 1000}, Holds}, {least, Rate{25, 50}, Misses},
	} {
		tt.goal.Rate = tt.rate
		if got := tt.goal.state(); got != tt.want {
			t.Errorf("%d of %d, want %v to %v: %s, want %s", tt.rate.K, tt.rate.N, tt.goal.Least, tt.goal.Most, got, tt.want)
		}
	}
}

// TestDesigns holds the designs against what the study found, which had 20,000 simulations:
// within three standard deviations of both and what the model leaves open.
func TestDesigns(t *testing.T) {
	const simulations = 1000
	for i, want := range [][]float64{ // by noise and change: shared 0, 0.05, 0.10, 0.20, dedicated 0, 0.05
		nil, // one run each: see the package comment
		{0.206, 0.437, 0.670, 0.936, 0.185, 0.960},
		{0.114, 0.511, 0.851, 0.990, 0.230, 0.988},
		{0.077, 0.466, 0.840, 0.987, 0.025, 0.885},
		{0.0038, 0.418, 0.873, 0.991, 0.0000, 0.986},
		{0.0042, 0.660, 0.983, 1.000, 0.0000, 0.9995},
	} {
		d := others()[i]
		row, err := d.row(context.Background(), uint64(i), simulations)
		if err != nil {
			t.Fatal(err)
		}
		for k, p := range want {
			got := row.Cells[k].Fail.Value()
			if deviation := math.Sqrt(p * (1 - p) / simulations); math.Abs(got-p) > 3*deviation+0.02 {
				t.Errorf("%s, %s, change %v: FAIL in %.4f of the simulations, want about %v", d.name, row.Cells[k].Noise, row.Cells[k].Change, got, p)
			}
		}
	}
}

// TestRunIsTheSameOnAnyMachine: the number of CPUs does not matter.
func TestRunIsTheSameOnAnyMachine(t *testing.T) {
	one := func(cpus int) Table {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cpus))
		table, err := Run(context.Background(), 50)
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	if diff := cmp.Diff(one(1), one(3)); diff != "" {
		t.Errorf("on one CPU (-) and on three (+):\n%s", diff)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	why := errors.New("no more of it")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	if _, err := Run(ctx, 1_000_000_000); !errors.Is(err, why) {
		t.Errorf("error %v, want %v", err, why)
	}
}

// TestEverySimulationCounts: the verdicts of a cell are all of its simulations.
func TestEverySimulationCounts(t *testing.T) {
	table, err := Run(context.Background(), 51)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range append(table.Others, table.Gate) {
		if len(row.Cells) != len(Noises())*len(Changes()) {
			t.Errorf("%s: %d cells", row.Design, len(row.Cells))
		}
		for _, c := range row.Cells {
			if sum := c.Fail.K + c.Pass.K + c.Inconclusive.K; sum != 51 || c.Fail.N != 51 {
				t.Errorf("%s, %s, change %v: %d verdicts in %d simulations, want 51", row.Design, c.Noise, c.Change, sum, c.Fail.N)
			}
		}
	}
}

// BenchmarkTable plays a table of 100 simulations a cell.
func BenchmarkTable(b *testing.B) {
	for b.Loop() {
		if _, err := Run(context.Background(), 100); err != nil {
			b.Fatal(err)
		}
	}
}
