package record

// Trial is one deployment of a run: a fresh server on a target, which the load
// of a round is played on.
type Trial struct {
	Target string
	Round  int // from 1
	// Attempt is how often the trial was played before, with the same load: 0 the
	// first time.
	Attempt int
}

// Trial is the one that the cell belongs to.
func (c *Cell) Trial() Trial {
	return Trial{Target: c.Target, Round: c.Round, Attempt: c.Attempt}
}
