package record

// Visit is one deployment of a run: a fresh server on a target, which the load
// of a round is played on.
type Visit struct {
	Target string
	Round  int // from 1
	// Attempt is how often the visit was played before, with the same load: 0 the
	// first time.
	Attempt int
}

// Visit is the one that the cell belongs to.
func (c *Cell) Visit() Visit {
	return Visit{Target: c.Target, Round: c.Round, Attempt: c.Attempt}
}
