package ab

import (
	"servebench/reports/analysis/sample"
	"servebench/reports/analysis/stat"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/record"
)

// errorAlpha is what the comparison of errors may err at an interim analysis, where the interim analysis itself
// does not allow less.
const errorAlpha = 0.001

// errors compares the shares of requests without a right answer in a phase, by the
// rounds up to an interim analysis. Failures come in clusters, so that a test which counts requests
// would take one bad second for a thousand reasons: the round is the unit, as in every
// metric, and the test is Wilcoxon's of the differences between the variants' shares.
// Rounds without a difference say nothing and are left out, as by F. Wilcoxon,
// "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945).
//
// A candidate that failed more of its requests than chance alone gives, each taken for
// itself, but not in so many rounds, may have had one bad minute or a fault that shows
// seldom: it does not fail, and does not pass. The test of that is the conditional one
// of two Poisson rates: J. Przyborowski and H. Wilenski, "Homogeneity of results in
// testing samples from Poisson series", Biometrika 31 (1940).
//
// What a model answers is no matter of chance. A candidate with wrong answers fails
// where the baseline has none.
func (p *pairing) errors(phase string, interim record.Interim) Errors {
	var baseline, candidate losses
	var lostBaseline, lostCandidate []stat.Counts // by round
	var differences []float64
	for round := 1; round <= interim.Pairs; round++ {
		b, c, ok := p.losses(phase, round)
		if !ok {
			continue
		}
		baseline, candidate = baseline.plus(b), candidate.plus(c)
		lostBaseline, lostCandidate = append(lostBaseline, stat.Counts{K: b.lost, N: b.due}), append(lostCandidate, stat.Counts{K: c.lost, N: c.due})
		if d := c.share() - b.share(); d != 0 {
			differences = append(differences, d)
		}
	}
	e := Errors{
		Phase: phase, Verdict: record.Pass, P: paired.PValue(differences),
		Baseline: stat.Repeated(lostBaseline, 0), Candidate: stat.Repeated(lostCandidate, 0),
	}
	switch {
	case candidate.wrong > 0 && baseline.wrong == 0:
		e.Verdict, e.Wrong = record.Fail, candidate.wrong
	case e.P <= min(interim.Alpha, errorAlpha)/float64(len(p.phases)):
		e.Verdict = record.Fail
	case stat.NewProportion(candidate.lost, candidate.lost+baseline.lost).Low > float64(candidate.due)/float64(candidate.due+baseline.due):
		e.Verdict = record.Inconclusive
	}
	return e
}

// losses are the requests of some rounds, those without a right answer, and the
// answers that differ from the model's prediction.
type losses struct{ lost, due, wrong int64 }

func (l losses) plus(m losses) losses {
	return losses{l.lost + m.lost, l.due + m.due, l.wrong + m.wrong}
}

func (l losses) share() float64 {
	if l.due == 0 {
		return 0
	}
	return float64(l.lost) / float64(l.due)
}

func lossesOf(c *sample.Cell) losses {
	due := c.Due()
	return losses{due - c.Ledger.OK, due, c.Answers.Checked - c.Answers.Agreed}
}

// losses are those of both variants in a round. A variant whose server was lost before it
// came to the phase answered none of the requests that the other one had; false where
// nothing can be compared.
func (p *pairing) losses(phase string, round int) (baseline, candidate losses, ok bool) {
	b := p.cells[sample.Seat{Target: record.Baseline, Phase: phase, Round: round}]
	c := p.cells[sample.Seat{Target: record.Candidate, Phase: phase, Round: round}]
	if b != nil {
		baseline = lossesOf(b)
	}
	if c != nil {
		candidate = lossesOf(c)
	}
	switch {
	case b != nil && c != nil:
		return baseline, candidate, b.Failed == "" && c.Failed == ""
	case b == nil && c != nil && p.lost(record.Baseline, round):
		baseline = losses{lost: candidate.due, due: candidate.due}
		return baseline, candidate, true
	case b != nil && c == nil && p.lost(record.Candidate, round):
		candidate = losses{lost: baseline.due, due: baseline.due}
		return baseline, candidate, true
	}
	return baseline, candidate, false
}
