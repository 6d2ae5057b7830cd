package proof

import (
	"context"
	"runtime"
	"sync"
)

// Table is how often the designs fail and pass candidates.
type Table struct {
	Simulations int // of each cell
	Gate        Row // the design of servebench ab
	Others      []Row
}

// Row is a design and its cells, by noise and, in one, by ascending change.
type Row struct {
	Design string
	Cells  []Cell
}

// Cell returns that of a noise and a change; false when there is none.
func (r Row) Cell(noise string, change float64) (Cell, bool) {
	for _, c := range r.Cells {
		if c.Noise == noise && c.Change == change {
			return c, true
		}
	}
	return Cell{}, false
}

// Changes are by how much candidates are slower, from not at all on.
func Changes() []float64 { return []float64{0, 0.05, 0.10, 0.20} }

// Noises are those that comparisons are simulated under.
func Noises() []Noise { return []Noise{Shared(), Dedicated()} }

// Run simulates so many comparisons for each cell of the table, on all CPUs. The same
// number gives the same table on any machine. Its only error is the context's, or that
// the plan of the gate is none.
func Run(ctx context.Context, simulations int) (Table, error) {
	first, err := gate()
	if err != nil {
		return Table{}, err
	}
	var rows []Row
	for i, d := range append([]design{first}, others()...) {
		row, err := d.row(ctx, uint64(i), simulations)
		if err != nil {
			return Table{}, err
		}
		rows = append(rows, row)
	}
	return Table{Simulations: simulations, Gate: rows[0], Others: rows[1:]}, nil
}

// row plays all cells of a design. No two cells of a table draw the same noise: each
// has its own stream.
func (d design) row(ctx context.Context, number uint64, simulations int) (Row, error) {
	row := Row{Design: d.name}
	stream := number << 32
	for _, noise := range Noises() {
		for _, change := range Changes() {
			c := d.cell(ctx, noise, change, stream, simulations)
			if err := context.Cause(ctx); err != nil {
				return row, err
			}
			row.Cells = append(row.Cells, c)
			stream++
		}
	}
	return row, nil
}

// cell plays the simulations of one cell, each CPU a share of them. What a simulation draws
// depends on its number alone, so that it does not matter who plays it.
func (d design) cell(ctx context.Context, noise Noise, change float64, stream uint64, simulations int) Cell {
	all := Cell{Noise: noise.Name, Change: change}
	var mu sync.Mutex
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		wg.Go(func() {
			var share Cell
			for simulation := worker; simulation < simulations && ctx.Err() == nil; simulation += workers {
				o := d.play(newMachine(noise, stream, uint64(simulation)), change)
				share.Add(o.verdict, o.pairs)
			}
			mu.Lock()
			defer mu.Unlock()
			all.merge(share)
		})
	}
	wg.Wait()
	return all
}
