package pricing

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/format"
)

// AdviceMethod says how advice is found.
const AdviceMethod = "Break-evens, changes of the first place and the tornado figure come from the cost model itself: one input is changed, all others stay, and every place is priced again. " +
	"Traffic keeps its course and is multiplied, from a thousandth to a thousand times of what was asked for. Another size of the same service does not count as another place. " +
	"Under another p99 limit, a capacity is the highest rate up to which every step of its search was within the limit: seen, not certified. " +
	"Break-evens and changes hold at the certified capacities; within the intervals of these they lie elsewhere"

// Recommendation is where to serve, for whoever decides, as a clause.
func Recommendation(a *advice.Advice) string {
	ranked := a.Priced()
	if len(ranked) == 0 {
		return nowhere(a)
	}
	now := ranked[0]
	further := others(ranked)
	parts := []string{fmt.Sprintf("%s, %s costs %s a month", question(a), Choice(advice.ChoiceOf(now)), Month(now))}
	named := []advice.Choice{advice.ChoiceOf(now)}
	for _, e := range further {
		parts[0] += fmt.Sprintf(", %s %s", Choice(advice.ChoiceOf(e)), Month(e))
		named = append(named, advice.ChoiceOf(e))
	}
	if open := undecided(a.Costs); open != "" {
		parts = append(parts, open)
	}
	if doubted := doubted(now); doubted != "" {
		parts = append(parts, doubted)
	}
	parts = append(parts, nearBreakEvens(a, named)...)
	if flips := nearFlips(a); len(flips) > 0 {
		parts = append(parts, "the answer changes if "+strings.Join(flips, ", or if "))
	}
	return strings.Join(parts, "; ")
}

// question is the traffic with the limits: "at 50/s on average (4.32 million requests a day, peak
// 150/s) and p99 response time ≤ 25 ms".
func question(a *advice.Advice) string {
	mean, peak := a.Traffic.Mean(), a.Traffic.Peak()
	text := "at " + meanRate(mean)
	if peak > mean*(1+1e-9) {
		text = fmt.Sprintf("at %s on average (%s requests a day, peak %s)", InputValue(advice.Traffic, mean), perDay(mean), InputValue(advice.Traffic, peak))
	}
	var limits []string
	for _, l := range a.Measured[0].Limits {
		limits = append(limits, l.Name+" ≤ "+format.Duration(l.At))
	}
	if len(limits) > 0 {
		text += " and " + strings.Join(limits, ", ")
	}
	return text
}

// Choice is "container on aws/us-east-1/fargate/arm64".
func Choice(c advice.Choice) string { return c.Target + " on " + c.Place }

func names(all []advice.Choice, most int) string {
	var texts []string
	for _, c := range all[:min(len(all), most)] {
		texts = append(texts, Choice(c))
	}
	if more := len(all) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("%d more", more))
	}
	return and(texts)
}

// and is "a", "a and b", "a, b and c".
func and(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// others are the cheapest of each further kind of place, hardware of one's own being one; the next
// one where all are of one kind.
func others(ranked []cost.Estimate) (all []cost.Estimate) {
	type kind struct {
		kind cost.Kind
		own  bool
	}
	of := func(e cost.Estimate) kind { return kind{e.Place.Kind, e.Place.Own()} }
	seen := []kind{of(ranked[0])}
	for _, e := range ranked[1:] {
		if k := of(e); !slices.Contains(seen, k) {
			seen, all = append(seen, k), append(all, e)
		}
	}
	if all == nil && len(ranked) > 1 {
		all = ranked[1:2]
	}
	return all
}

// again is a choice that was named before, by its target where that is enough.
func again(c advice.Choice, named []advice.Choice) string {
	of := 0
	for _, n := range named {
		if n.Target == c.Target {
			of++
		}
	}
	if of == 1 && slices.Contains(named, c) {
		return c.Target
	}
	return Choice(c)
}

// nowhere says which limit no place holds.
func nowhere(a *advice.Advice) string {
	var why []string
	for _, e := range a.Estimates {
		text := e.Measured.Target + ": " + Unfit(*e.Unfit)
		if !slices.Contains(why, text) {
			why = append(why, text)
		}
	}
	if len(why) == 0 {
		return "no place was priced, so there is nothing to recommend"
	}
	const most = 3
	if more := len(why) - most; more > 0 {
		why = append(why[:most], fmt.Sprintf("and %d more reasons in the table", more))
	}
	return question(a) + ", no place that was priced can serve: " + strings.Join(why, "; ")
}

// nearBreakEvens are those of the first place that lie next to the traffic on either side.
func nearBreakEvens(a *advice.Advice, named []advice.Choice) (all []string) {
	mean, first := a.Traffic.Mean(), named[0]
	var below, above *advice.BreakEven
	for i := range a.BreakEvens {
		switch b := &a.BreakEvens[i]; {
		case b.Above == first && b.To <= mean && (below == nil || b.To > below.To):
			below = b
		case b.Below == first && b.From >= mean && (above == nil || b.From < above.From):
			above = b
		}
	}
	if below != nil {
		all = append(all, fmt.Sprintf("below %s requests a day %s %s", perDay(below.From), again(below.Below, named), better(below.USDBelow[1], below.Above)))
	}
	if above != nil {
		all = append(all, fmt.Sprintf("above %s requests a day %s %s", perDay(above.To), again(above.Above, named), better(above.USDAbove[0], above.Below)))
	}
	return all
}

// better says what makes one of a pair the better: its cost, or that the other, of which this is
// the cost there, cannot serve.
func better(usd float64, other advice.Choice) string {
	if usd > 0 {
		return "is cheaper"
	}
	return "is better, because " + other.Target + " cannot serve"
}

// perDay is how many requests a day a rate makes: "8.81 million", "12,300".
func perDay(rate float64) string {
	switch day := rate * 86400; {
	case day >= 1e9:
		return format.Number(day/1e9) + " billion"
	case day >= 0.5e6:
		return format.Number(day/1e6) + " million"
	default:
		return threeDigits(day)
	}
}

// threeDigits is a number with groups of thousands, from 100 on rounded to three digits.
func threeDigits(v float64) string {
	if v < 100 {
		return format.Number(v)
	}
	step := math.Pow(10, math.Floor(math.Log10(v))-2)
	return format.Count(int64(math.Round(v/step) * step))
}

// nearFlips are the clauses of the inputs that have to move least. Those of the traffic are the
// break-evens.
func nearFlips(a *advice.Advice) []string {
	type near struct {
		text string
		far  float64
	}
	var all []near
	for _, f := range a.Flips {
		for _, t := range []*advice.Turn{f.Below, f.Above} {
			if t != nil && t.Flips && f.Input != advice.Traffic {
				far := math.Abs(t.At - f.Now)
				if f.Now > 0 {
					far /= f.Now
				}
				text := flipClause(f, *t)
				if t.First == nil {
					text += ", where no place can serve"
				}
				all = append(all, near{text, far})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(a.far, b.far) })
	const most, farthest = 3, 4.0 // times of what is now
	var texts []string
	for _, n := range all[:min(len(all), most)] {
		if n.far <= farthest {
			texts = append(texts, n.text)
		}
	}
	return texts
}

// flipClause says at which value of an input the first place changes: "the p99 limit falls
// below 20 ms".
func flipClause(f advice.Flip, t advice.Turn) string {
	at, rises := InputValue(f.Input, t.At), t.At > f.Now
	switch f.Input {
	case advice.Price:
		if rises {
			return "the price of " + f.Of.Place + " rises by " + format.Percent(t.At-1)
		}
		return "the price of " + f.Of.Place + " falls by " + format.Percent(1-t.At)
	case advice.Redundancy:
		return "the redundancy is " + at
	case advice.P99:
		if !rises {
			return "the p99 limit falls below " + at
		}
		return "the p99 limit rises to " + at
	}
	if rises {
		return "the " + InputName(f.Input) + " rises above " + at
	}
	return "the " + InputName(f.Input) + " falls below " + at
}

// Flip says how far an input may move, as a sentence.
func Flip(f advice.Flip) string {
	var changes, stays []string
	for _, t := range []*advice.Turn{f.Below, f.Above} {
		if t == nil || !t.Flips && t.At == f.Now {
			continue
		}
		side, far := "below ", "down to "
		if t == f.Above {
			side, far = "above ", "up to "
		}
		if f.Input == advice.Redundancy {
			side = "at "
		}
		switch at := InputValue(f.Input, t.At); {
		case !t.Flips:
			stays = append(stays, far+at)
		case t.First == nil:
			changes = append(changes, side+at+" no place can serve")
		default:
			changes = append(changes, fmt.Sprintf("%s%s %s comes first, at %s a month", side, at, Choice(*t.First), format.Dollars(t.USD)))
		}
	}
	if len(stays) > 0 {
		changes = append(changes, "no change "+strings.Join(stays, " or "))
	}
	return "now " + InputValue(f.Input, f.Now) + "; " + strings.Join(changes, "; ") + "."
}

// FlipName names the input of a flip: the prices by whether they are those of the first place.
func FlipName(f advice.Flip, first cost.Estimate) string {
	if f.Of != nil && *f.Of != advice.ChoiceOf(first) {
		return "price of the next place"
	}
	return InputName(f.Input)
}

// InputName names an input.
func InputName(i advice.Input) string {
	switch i {
	case advice.Peak:
		return "peak of the traffic"
	case advice.Capacity:
		return "capacity of one server"
	case advice.Billed:
		return "compute billed for a request"
	case advice.Price:
		return "price of the place"
	case advice.Redundancy:
		return "redundancy"
	case advice.Traffic:
		return "mean traffic"
	}
	return string(i)
}

// InputValue is a value of an input with its unit.
func InputValue(i advice.Input, v float64) string {
	switch i {
	case advice.Traffic, advice.Capacity:
		return threeDigits(v) + "/s"
	case advice.P99:
		return format.Duration(time.Duration(math.Round(v * float64(time.Second))))
	case advice.Price, advice.Egress:
		return fmt.Sprintf("×%s", format.Number(v))
	case advice.Redundancy:
		return format.Plural(int(v), "unit")
	case advice.Headroom:
		return format.Percent(v)
	case advice.Peak:
		return format.Number(v) + " × the mean"
	case advice.Billed:
		return format.Number(v) + " GB-s"
	}
	return format.Number(v)
}

// BreakEven says at which traffic the better of two places changes, and why.
func BreakEven(b advice.BreakEven) string {
	below, above := Choice(b.Below), Choice(b.Above)
	switch {
	case b.Unfit != nil && b.USDBelow[1] == 0:
		return fmt.Sprintf("Below %s, %s cannot serve, and %s can: %s.", meanRate(b.From), above, below, Unfit(*b.Unfit))
	case b.Unfit != nil:
		return fmt.Sprintf("Above %s, %s cannot serve, and %s can: %s.", meanRate(b.To), below, above, Unfit(*b.Unfit))
	case b.Changes > 1:
		return fmt.Sprintf("%s is cheaper below %s, and %s above %s. In between the cheaper one changes %d times, because units are whole.",
			below, meanRate(b.From), above, meanRate(b.To), b.Changes)
	}
	return fmt.Sprintf("%s is cheaper below %s, and %s above.", below, meanRate(b.From), above)
}

// meanRate is a mean rate with the requests a day that it makes.
func meanRate(rate float64) string {
	return fmt.Sprintf("%s (%s requests a day)", InputValue(advice.Traffic, rate), perDay(rate))
}

// NoBreakEven says which place of a pair is the better whatever the traffic.
func NoBreakEven(n advice.Always) string {
	text := fmt.Sprintf("%s is better than %s at all traffic from %s to %s", Choice(n.Better), Choice(n.Worse), InputValue(advice.Traffic, n.From), InputValue(advice.Traffic, n.To))
	if n.Changes > 0 {
		text += fmt.Sprintf(", except where it changes there and back nearby (%d times), because units are whole", n.Changes/2)
	}
	return text + "."
}

// FurtherPairs counts the break-evens that are not told, and the pairs without one.
func FurtherPairs(n int) string {
	is := "are"
	if n == 1 {
		is = "is"
	}
	return format.Plural(n, "further result") + " " + is + " of pairs neither of which comes first there, and " + is + " in the JSON (-o json)."
}

// Moves says what several targets have in common, a sentence each.
func Moves(all []advice.Portable) (texts []string) {
	if len(all) < 2 {
		return []string{"Only one target was measured, so nothing shows what a move takes. Measure the other targets with the same scenario."}
	}
	protocol, answered := advice.Unchanged(all, func(p advice.Portable) string { return p.Protocol })
	if answered != nil {
		texts = append(texts, fmt.Sprintf("The same requests (%s) went to %s, so clients stay as they are between these.", protocol, and(answered)))
	}
	image, ran := advice.Unchanged(all, func(p advice.Portable) string { return p.Image })
	if ran != nil {
		texts = append(texts, fmt.Sprintf("%s ran the same image (%s).", and(ran), ShortHash(image)))
	}
	program, started := advice.Unchanged(all, func(p advice.Portable) string { return p.Program })
	if started != nil {
		texts = append(texts, fmt.Sprintf("%s ran the same program (SHA-256 %s).", and(started), ShortHash(program)))
	}
	for _, p := range all {
		if p.Adapter != "" {
			texts = append(texts, fmt.Sprintf("Adapter of %s: %s.", p.Target, p.Adapter))
		}
	}
	if texts == nil {
		texts = []string{"The runs do not show that two targets had the same protocol, image or program."}
	}
	return texts
}

// Contract says that a place asks for something that no run shows; "": it does not.
func Contract(e cost.Estimate) string {
	if e.Place.Service != "sagemaker" {
		return ""
	}
	return "SageMaker asks for /ping and /invocations on port 8080 and starts the image with the argument serve. No run shows that the server does so."
}

// ShortHash is the beginning of a hash.
func ShortHash(s string) string {
	const digits = 12
	prefix, hash, found := strings.Cut(s, ":")
	if !found {
		prefix, hash = "", s
	} else {
		prefix += ":"
	}
	if len(hash) > digits {
		hash = hash[:digits]
	}
	return prefix + hash
}
