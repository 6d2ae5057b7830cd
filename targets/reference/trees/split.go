package trees

// split parts a node's rows in two.
type split struct {
	gain        float64 // reduction of the loss; 0: there is no split
	feature     int
	bin         int // bins up to this one go left
	missingLeft bool
	left, right sum
}

// leastGain keeps rounding errors from passing for a gain; XGBoost's is the same.
const leastGain = 1e-6

// best returns the split of largest gain; of equal ones the first, so that the
// choice is reproducible.
func (p Params) best(h histogram, cuts [][]float32, features []int, total sum) split {
	best := split{}
	least := max(p.Gamma, leastGain)
	for _, f := range features {
		sums := h.of(f)
		missing := sums[missingBin]
		var left sum
		for b := range cuts[f] {
			left = left.plus(sums[b])
			for _, s := range candidates(left, missing, total) {
				s.gain = p.gain(s, total)
				if s.gain > max(best.gain, least) {
					s.feature, s.bin = f, b
					best = s
				}
			}
		}
	}
	return best
}

// candidates returns the split with the missing values on the right and on the
// left. Where none are missing both are the same, and a value that is missing
// later follows the heavier side.
func candidates(left, missing, total sum) [2]split {
	right := total.minus(left)
	if missing == (sum{}) {
		s := split{left: left, right: right, missingLeft: left.h >= right.h}
		return [2]split{s, s}
	}
	return [2]split{
		{left: left, right: right},
		{left: left.plus(missing), right: right.minus(missing), missingLeft: true},
	}
}

// gain is equation 7 of the paper without its constant factor of one half,
// which XGBoost leaves out too; 0 when a child is too light.
func (p Params) gain(s split, total sum) float64 {
	if !p.heavy(s.left) || !p.heavy(s.right) {
		return 0
	}
	return p.score(s.left) + p.score(s.right) - p.score(total)
}

func (p Params) heavy(s sum) bool {
	return s.h > 0 && s.second() >= p.MinChildWeight
}

// score is G²/(H+λ).
func (p Params) score(s sum) float64 {
	g := s.first()
	return float64(g*g) / (s.second() + p.Lambda)
}

// weight is the value of a leaf, −η·G/(H+λ) (equation 5).
func (p Params) weight(s sum) float32 {
	if s.h <= 0 {
		return 0
	}
	return float32(-p.LearningRate * s.first() / (s.second() + p.Lambda))
}
