package stats

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"servebench/reports/format"
)

// mostRounds is how many rounds a scenario may have.
const mostRounds = 1000

// settling words that about so many rounds in all would settle a limit, and returns
// how many these are; 0 where they are more than may be played.
func settling(why string, rounds float64) (more int, text string) {
	switch {
	case math.IsInf(rounds, 0) || math.IsNaN(rounds):
		return 0, why + ", and the figure is the limit: no number of rounds would decide"
	case rounds > mostRounds:
		return 0, fmt.Sprintf("%s: it is too near to decide, by %s rounds even", why, format.Count(mostRounds))
	}
	more = int(math.Ceil(rounds))
	return more, fmt.Sprintf("%s: it takes about %s in all", why, format.Plural(more, "round"))
}

// More is about how many rounds in all would settle the limits that are undecided,
// as far as rounds would, and the command line that plays them; 0 and "" where
// there is nothing to gain.
func (a *Analysis) More() (rounds int, command string) {
	for _, g := range a.Gates {
		rounds = max(rounds, g.More)
	}
	if rounds == 0 || len(a.Run.Command) == 0 {
		return rounds, ""
	}
	args := slices.Clone(a.Run.Command)
	if i := slices.Index(args, "--rounds"); i >= 0 && i+1 < len(args) {
		args[i+1] = strconv.Itoa(rounds)
	} else {
		args = append(args, "--rounds", strconv.Itoa(rounds))
	}
	return rounds, format.Command(append(args, a.Limits...)...)
}
