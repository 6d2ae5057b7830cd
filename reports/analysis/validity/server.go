package validity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/sample"
	"servebench/reports/format"
	"servebench/reports/record"
)

// injected tells of servers that fail on purpose: in phases whose requests asked them to, and
// those that were started so.
func injected(s *Subject) []finding {
	var all []finding
	var asked []string
	for _, p := range s.Run.Scenario.Phases {
		if p.Measured && len(p.Injected) > 0 {
			asked = append(asked, strings.Join(p.Injected, ", ")+" in phase "+p.Name)
		}
	}
	if asked != nil {
		all = append(all, of(strings.Join(asked, "; "), 0))
	}
	for _, t := range s.Run.Targets {
		if f := t.Facts.Named(record.FactInjected); f.Name != "" {
			all = append(all, of(f.String(), 0).at(t.Name, "", 0).as("always"))
		}
	}
	return all
}

const (
	// leastPiled is how many times the usual number of requests in flight tell a stall, and
	// leastStall the shortest one that is told.
	leastPiled = 10
	leastStall = 200 * time.Millisecond
)

// piledUp tells of stalls: the requests of an even load that are in flight at once pile up to
// many times of what a request's usual time explains (Little's law: their rate × that time),
// and the server catches up with them.
func piledUp(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	phase := s.Run.Phase(c.Phase)
	if !isOpen(s, c) || !constantLoad(phase) || !c.KeptPace() || s.Failover != nil || row.Service.N == 0 {
		return finding{}, false
	}
	usual := max(1, row.Offered*row.Service.Quantiles[0].Value.Seconds())
	var worst record.Slice
	for i := range c.Seconds {
		if c.Seconds[i].InFlight > worst.InFlight {
			worst = c.Seconds[i].Slice.Slice
		}
	}
	most := float64(worst.InFlight)
	lasted := time.Duration(most / row.Offered * float64(time.Second))
	return of(fmt.Sprintf("%s in flight, as many as come in %s, where %s is usual", format.Plural(int(most), "request"), format.Duration(lasted), format.Number(usual)), most,
		"{from}", format.Duration(worst.Start), "{to}", format.Duration(worst.End())), most >= leastPiled*usual && lasted >= leastStall
}

const (
	mostGrowth  = 0.25     // of what the server held before
	leastGrowth = 32 << 20 // bytes; less is that of a heap in use
)

// grew tells of servers that hold much more memory at the end of a phase than at its beginning.
// Where servers come and go, their number is told instead.
func grew(s *Subject, c *sample.Cell, row sample.Row) (finding, bool) {
	if s.Run.Scenario.Scaling != nil || len(c.Usage.Meters) > 0 || row.Ledger.Sent == 0 {
		return finding{}, false
	}
	before, known := heldBefore(s.Run, c)
	held := c.Usage.Resident
	grown := held - before
	if !known || !c.Usage.Known || grown < leastGrowth || float64(grown) < mostGrowth*float64(before) {
		return finding{}, false
	}
	f := of(fmt.Sprintf("from %s to %s, %s for each request", format.Bytes(before), format.Bytes(held), format.Bytes(grown/row.Ledger.Sent)), float64(grown))
	if limit := s.Run.Target(c.Target).Memory; limit > held {
		left := (limit - held) * row.Ledger.Sent / grown
		f = f.as("limited", "{limit}", format.Bytes(limit), "{left}", format.Count(left))
	}
	return f, true
}

// heldBefore is the memory that the server held at the end of the phase before.
func heldBefore(run *record.Run, c *sample.Cell) (bytes int64, known bool) {
	at := slices.IndexFunc(run.Cells, func(o record.Cell) bool { return o.Trial() == c.Trial() && o.Phase == c.Phase })
	for i := at - 1; i >= 0; i-- {
		if o := run.Cells[i]; o.Trial() == c.Trial() {
			return o.Usage.Resident, o.Usage.Known && o.Usage.Resident > 0
		}
	}
	return 0, false
}
