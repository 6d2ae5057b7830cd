package scenarios

import "slices"

// visit is one deployment of the plan: a fresh server on a target, which all
// phases of the load are then played on.
type visit struct {
	round  int // from 1
	target string
}

// plan returns the visits of a run in order. Within a round the order of the
// targets is shuffled; every second round repeats the one before it backwards,
// so that over a pair of rounds no target has the earlier places.
func plan(targets []string, rounds int, seed uint64) []visit {
	var visits []visit
	rng := source(seed, seedVisits)
	order := slices.Clone(targets)
	for round := 1; round <= rounds; round++ {
		if round%2 == 0 {
			slices.Reverse(order)
		} else {
			rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		for _, target := range order {
			visits = append(visits, visit{round: round, target: target})
		}
	}
	return visits
}
