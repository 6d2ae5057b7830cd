package proof

import "servebench/reports/record"

// outcome is what a design said of one comparison, after so many pairs.
type outcome struct {
	verdict record.Verdict
	pairs   int
}

// Cell is what a design said of many comparisons alike.
type Cell struct {
	Noise  string
	Change float64 // by how much the candidate is slower: 0.1 for 10 %
	Fail   Rate
	Pass   Rate
	// Inconclusive is neither, after the last interim analysis.
	Inconclusive Rate
	// Pairs is how many were played in all of the comparisons together.
	Pairs int
}

// MeanPairs is how many pairs a comparison took.
func (c Cell) MeanPairs() float64 {
	if c.Fail.N == 0 {
		return 0
	}
	return float64(c.Pairs) / float64(c.Fail.N)
}

// Add counts a comparison that came to the verdict after so many pairs.
func (c *Cell) Add(verdict record.Verdict, pairs int) {
	c.Fail.count(verdict == record.Fail)
	c.Pass.count(verdict == record.Pass)
	c.Inconclusive.count(verdict == record.Inconclusive)
	c.Pairs += pairs
}

// merge adds the comparisons of another cell of the same kind.
func (c *Cell) merge(other Cell) {
	c.Fail.merge(other.Fail)
	c.Pass.merge(other.Pass)
	c.Inconclusive.merge(other.Inconclusive)
	c.Pairs += other.Pairs
}
