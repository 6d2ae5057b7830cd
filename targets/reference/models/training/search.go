package training

import (
	"cmp"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"servebench/targets/reference/trees"
	"servebench/targets/reference/trees/evaluate"
)

// Search is a random search for the parameters of trees (J. Bergstra, Y. Bengio, "Random Search
// for Hyper-Parameter Optimization", Journal of Machine Learning Research 13 (2012)).
type Search struct {
	Candidates []Candidate // the first are the recipe's own parameters
	Best       int         // the one of least log loss
	// Chosen is the simplest, that with the fewest nodes, of those whose log loss is within one
	// standard error of the best: L. Breiman, J. Friedman, R. Olshen, C. Stone, "Classification
	// and Regression Trees" (1984), section 3.4.3.
	Chosen int
}

// Candidate is what came of parameters in the cross-validation. In each fold growing stops as
// params.Patience says by the loss on the fold left out, which is also the score: that flatters
// all candidates alike, and none is to be compared with the test.
type Candidate struct {
	Params       trees.Params
	Loss         float64 // mean log loss over the folds
	Error        float64 // standard error of Loss: the deviation over folds / √folds
	Trees, Nodes float64 // mean of the models of the folds
}

// Within is the greatest loss that is within one standard error of the best.
func (s *Search) Within() float64 {
	best := s.Candidates[s.Best]
	return best.Loss + best.Error
}

// draw draws parameters from around those of the recipe: depth from 2 to 8, the learning rate
// from 0.05 to 0.5 and the L2 penalty from 0.01 to 100, evenly on a logarithmic scale. How many
// trees there are is found for each by early stopping.
func draw(p trees.Params, rng *rand.Rand) trees.Params {
	between := func(low, high float64) float64 {
		v := low * math.Pow(high/low, rng.Float64())
		digits := math.Pow(10, 2-math.Floor(math.Log10(v)))
		return math.Round(v*digits) / digits // three digits, which a flag can repeat
	}
	p.Depth = 2 + rng.IntN(7)
	p.LearningRate = between(0.05, 0.5)
	p.Lambda = between(0.01, 100)
	return p
}

// search tries the recipe's parameters and others on the same folds of the data.
func (r Recipe) search(data trees.Data) (*Search, error) {
	s, rng := &Search{}, r.rng(searchStream)
	folds := evaluate.Folds(data.Len(), r.Folds, r.rng(foldStream))
	for i := range r.Search {
		params := r.Trees
		if i > 0 {
			params = draw(params, rng)
		}
		c, err := try(params, data, folds)
		if err != nil {
			return nil, err
		}
		s.Candidates = append(s.Candidates, c)
		if c.Loss < s.Candidates[s.Best].Loss {
			s.Best = i
		}
		if r.Progress != nil {
			r.Progress(i+1, c)
		}
	}
	s.Chosen = s.Best
	for i, c := range s.Candidates {
		if c.Loss <= s.Within() && c.Nodes < s.Candidates[s.Chosen].Nodes {
			s.Chosen = i
		}
	}
	return s, nil
}

// try trains on the folds, as many together as there are CPUs.
func try(params trees.Params, data trees.Data, folds []evaluate.Fold) (Candidate, error) {
	models, curves, errs := make([]*trees.Model, len(folds)), make([]trees.Curve, len(folds)), make([]error, len(folds))
	var wg sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, fold := range folds {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			models[i], curves[i], errs[i] = trees.Train(data.Take(fold.Train), data.Take(fold.Test), params)
		})
	}
	wg.Wait()
	c := Candidate{Params: params}
	var losses []float64
	for i, curve := range curves {
		if errs[i] != nil {
			return c, errs[i]
		}
		losses = append(losses, curve.Valid[curve.Best-1])
		c.Trees += float64(models[i].Trees()) / float64(len(folds))
		c.Nodes += float64(models[i].Nodes()) / float64(len(folds))
	}
	c.Loss, c.Error = evaluate.MeanSD(losses)
	c.Error /= math.Sqrt(float64(len(folds)))
	return c, nil
}

// order lists the candidates, the least loss first.
func (s *Search) order() []int {
	var all []int
	for i := range s.Candidates {
		all = append(all, i)
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(s.Candidates[a].Loss, s.Candidates[b].Loss) })
	return all
}
