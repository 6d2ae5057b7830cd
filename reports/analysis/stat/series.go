package stat

import (
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// OverInQueue is the share of the requests that take longer than a limit to which the q
// quantile is held, as a rate is certified by it. Requests of a queue follow each other:
// what one waited for, the next did as well, so that they tell as much as a few independent
// ones. A plain binomial bound passes a limit that is the true p99 in a fifth to a half of
// the runs. How many are independent follows from the variance of the share from second to
// second, and with the second after it (batch means: A. M. Law, Simulation Modeling and
// Analysis, 5th ed. (2015), section 9.5.3). So few lie above a limit that is kept that they
// tell little of it, and none nothing: the slowest 1−q of all and five times as many have a
// say as well, where they come near the limit. What is far below it, such as a moment in which
// the machine was busy, tells nothing of the requests that a queue at the limit delays. The
// rounds decide where they differ by more than their seconds explain.
//
// How often such a bound is wrong is simulated in analysis/capacity/search, whose
// certificates are made of it. OverAtMost is the stricter one of a gate, which does not
// know the servers' rounds to be at most the queue's.
func (s *Sample) OverInQueue(limit int64, q float64) Proportion {
	const far = 2 // times below the limit
	if s.Total == 0 {
		return Proportion{}
	}
	counts := s.countsOver(limit)
	independent := min(independentSeconds(counts), independentRounds(counts))
	for _, slowest := range []float64{1 - q, min(5*(1-q), 0.5)} {
		if above := s.All.At(Rank(1-slowest, s.Total)) - 1; above > limit/far {
			independent = min(independent, independentSeconds(s.countsOver(above)))
		}
	}
	return proportionOf(sumRounds(counts), independent)
}

// Most is the upper bound of the share at a one-sided level: with alpha 0.05 one in twenty
// is too low. 1: nothing is known.
func (p Proportion) Most(alpha float64) float64 {
	k := p.Value * p.Effective
	if p.Effective-k <= 0 {
		return 1
	}
	return mathext.InvRegIncBeta(k+1, p.Effective-k, 1-alpha)
}

// Least is the lower bound of the share at a one-sided level.
func (p Proportion) Least(alpha float64) float64 {
	k := p.Value * p.Effective
	if k <= 0 {
		return 0
	}
	return mathext.InvRegIncBeta(k, p.Effective-k+1, alpha)
}

func sumRounds(rounds [][]Counts) (all Counts) {
	for _, r := range rounds {
		all = all.Plus(SumCounts(r))
	}
	return all
}

// independentSeconds is how many independent requests tell as much of the share as those of
// consecutive seconds.
func independentSeconds(rounds [][]Counts) float64 {
	all := sumRounds(rounds)
	n, share := float64(all.N), float64(all.K)/float64(all.N)
	var seconds, squares, pairs, products float64
	for _, round := range rounds {
		before := 0.0
		for i, c := range round {
			residual := float64(c.K) - share*float64(c.N)
			squares += residual * residual
			if seconds++; i > 0 {
				pairs++
				products += before * residual
			}
			before = residual
		}
	}
	if seconds < 2 || all.K == 0 || all.K == all.N {
		return n
	}
	if pairs > 0 {
		squares += 2 * max(products, 0) * seconds / pairs
	}
	return n / max(1, designEffect(squares, seconds, all))
}

// independentRounds is the same of whole rounds; all requests where the rounds differ by no
// more than their seconds do by chance: an analysis of variance at 1 %.
func independentRounds(rounds [][]Counts) float64 {
	all := sumRounds(rounds)
	share := float64(all.K) / float64(all.N)
	var seconds, within, between float64
	for _, round := range rounds {
		whole := SumCounts(round)
		residual := float64(whole.K) - share*float64(whole.N)
		between += residual * residual
		for _, c := range round {
			residual := float64(c.K) - share*float64(c.N)
			within += residual * residual
			seconds++
		}
	}
	number := float64(len(rounds))
	if number < 2 || seconds <= number || within == 0 {
		return float64(all.N)
	}
	ratio := between / (number - 1) * number / (within / (seconds - number) * seconds)
	if ratio <= (distuv.F{D1: number - 1, D2: seconds - number}).Quantile(0.99) {
		return float64(all.N)
	}
	return float64(all.N) / max(1, designEffect(between, number, all))
}

// designEffect is by how much the variance of a share exceeds that of independent requests,
// from the sum of the squares of what so many clusters have over their expectation: larger,
// by Student's t, the fewer clusters there are to tell.
func designEffect(squares, clusters float64, all Counts) float64 {
	n, share := float64(all.N), float64(all.K)/float64(all.N)
	t := studentT(clusters-1) / z
	return squares * clusters / (clusters - 1) * t * t / (n * share * (1 - share))
}
