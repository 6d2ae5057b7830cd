package advice_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/prices"

	"github.com/google/go-cmp/cmp"
)

const (
	task   = "aws/us-east-1/fargate/x86_64"
	lambda = "aws/us-east-1/lambda/x86_64"
)

// question is what costs are made from.
type question struct {
	Measured []cost.Measured
	Places   []cost.Place
	Curve    traffic.Curve
	Options  cost.Options
	Prices   prices.Table
	Now      time.Time
}

func (q question) advise() *advice.Advice {
	return advice.Of(cost.New(q.Measured, q.Places, q.Curve, q.Options, q.Prices, q.Now), nil)
}

// asked is of a container that holds its SLO up to 100 requests per second, and of a function
// that takes 20 ms.
func asked(t testing.TB, load string) question {
	t.Helper()
	curve, err := traffic.Parse(load)
	if err != nil {
		t.Fatal(err)
	}
	const gb = 1769.0 / 1024
	container := cost.Measured{
		Run: "r1", Target: "container", Kind: "container", Rate: 100, Breaks: 125, CPUs: 1, MemoryGiB: 2, Processor: "Some CPU",
		Service: 20 * time.Millisecond, ColdStart: 2 * time.Second, Starts: 10,
		Limits: []cost.Limit{{Name: "p99 response time", Share: 0.01, At: 50 * time.Millisecond}},
		Seen: []cost.Seen{
			{Rate: 25, P99: 22 * time.Millisecond}, {Rate: 50, P99: 28 * time.Millisecond}, {Rate: 100, P99: 45 * time.Millisecond}, {Rate: 200, P99: 2 * time.Second},
		},
	}
	function := container
	function.Target, function.Kind, function.MemoryGiB = "lambda", "lambda", gb
	function.Seen = []cost.Seen{{Rate: 100, P99: 24 * time.Millisecond}}
	function.Billed = &cost.Billed{GBSeconds: cost.Interval{Value: 0.020 * gb, Low: 0.019 * gb, High: 0.022 * gb}, Rounds: 5, Init: gb}
	return question{
		Measured: []cost.Measured{container, function}, Curve: curve, Options: cost.Defaults(), Prices: prices.Builtin(),
		Now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC),
	}
}

// at names the places.
func at(t testing.TB, q question, ids ...string) question {
	t.Helper()
	all := cost.Places(q.Prices)
	q.Places = nil
	for _, id := range ids {
		p, ok := cost.Find(all, id)
		if !ok {
			t.Fatalf("no place %s", id)
		}
		q.Places = append(q.Places, p)
	}
	return q
}

// months are the costs of both places at a mean rate; infinite where one cannot serve.
func months(q question, rate float64, of ...advice.Choice) (usd []float64) {
	curve := q.Curve.Times(rate / q.Curve.Mean())
	for _, c := range of {
		for _, e := range cost.Price(q.Measured, q.Places, curve, q.Options, q.Prices, q.Now) {
			if advice.ChoiceOf(e) == c {
				v := e.Month.Value
				if e.Unfit != nil {
					v = math.Inf(1)
				}
				usd = append(usd, v)
			}
		}
	}
	return usd
}

// TestBreakEvenByHand compares with the floor of one task against a function: the task costs
// its floor, and the function a price per request.
func TestBreakEvenByHand(t *testing.T) {
	q := at(t, asked(t, "constant:1/s"), task, lambda)
	q.Options.Redundancy, q.Options.Headroom = 0, 0
	a := q.advise()
	floor := 730 * (0.04048 + 2*0.004445 + 0.005)
	each := 2e-7 + 0.020*1769/1024*0.0000166667
	want := floor / (3600 * 730 * each)
	// At lower rates the function's cold starts are too many.
	if len(a.BreakEvens) != 2 {
		t.Fatalf("%+v", a.BreakEvens)
	}
	if b := a.BreakEvens[1]; b.Below.Place != lambda || b.Above.Place != task || math.Abs(b.To/want-1) > 1e-3 || b.Unfit != nil {
		t.Errorf("%+v, want %g/s", b, want)
	}
	if b := a.BreakEvens[0]; b.Below.Place != task || b.Above.Place != lambda || b.Unfit == nil || b.Unfit.Kind != cost.ColdStarts || b.USDBelow[1] != 0 {
		t.Errorf("%+v, want the function to be unfit below for its cold starts", b)
	}
	if a.Priced()[0].Place.ID != lambda || a.Flips[0].Input != advice.Traffic || math.Abs(a.Flips[0].Above.At/want-1) > 1e-3 {
		t.Errorf("first %s, traffic %+v", a.Priced()[0].Place.ID, a.Flips[0].Above)
	}
}

func TestP99Flips(t *testing.T) {
	q := at(t, asked(t, "constant:150/s"), task, lambda)
	q.Measured[1].Billed.GBSeconds = cost.Interval{Value: 0.03, Low: 0.03, High: 0.03}
	a := q.advise()
	if a.Priced()[0].Place.ID != task {
		t.Fatalf("first %s", a.Priced()[0].Place.ID)
	}
	i := slices.IndexFunc(a.Flips, func(f advice.Flip) bool { return f.Input == advice.P99 })
	if i < 0 {
		t.Fatal("no flip of the p99")
	}
	f := a.Flips[i]
	// Below 22 ms the container was never seen, nor was the function below 24 ms.
	if f.Now != 0.05 || !f.Below.Flips || f.Above.Flips {
		t.Errorf("%+v, below %+v, above %+v", f, f.Below, f.Above)
	}
	t.Logf("%+v", f.Below)
}

func TestNobodyServes(t *testing.T) {
	q := asked(t, "constant:50/s")
	q.Measured[0].Rate, q.Measured[1].Invalid = 0, true
	a := q.advise()
	if len(a.Priced()) != 0 || len(a.Estimates) == 0 || a.BreakEvens != nil || a.Flips != nil || a.Tornado != nil {
		t.Errorf("%+v", a)
	}
	if a = (question{Curve: q.Curve, Options: q.Options, Prices: q.Prices}).advise(); len(a.Estimates) != 0 {
		t.Errorf("of nothing: %+v", a)
	}
}

// TestUndecided: the interval of the function may be cheaper than the first, and those of one
// capacity move together.
func TestUndecided(t *testing.T) {
	q := at(t, asked(t, "constant:50/s"), task, "aws/us-east-1/ec2/c7i.large", lambda)
	q.Measured[0].Breaks = 0 // the low cost of both is that of the fewest units
	a := q.advise()
	for _, e := range a.Undecided() {
		if e.Measured.Target == a.Priced()[0].Measured.Target {
			t.Errorf("%s is undecided beside %s, with the same capacity", e.Place.ID, a.Priced()[0].Place.ID)
		}
	}
	if a.Priced()[0].Place.ID == lambda && len(a.Undecided()) == 0 {
		t.Errorf("undecided %+v of %+v", a.Undecided(), a.Priced())
	}
}

// TestRunsByName: two runs of one target can be told by name, in the costs and in what they show.
func TestRunsByName(t *testing.T) {
	q := at(t, asked(t, "constant:50/s"), task, lambda)
	slower := q.Measured[0]
	slower.Run, slower.Rate = "r2", 40
	q.Measured = append(q.Measured, slower)
	moves := []advice.Portable{{Run: "r1", Target: "container", Image: "sha256:1"}, {Run: "r2", Target: "container", Image: "sha256:1"}, {Run: "r1", Target: "lambda"}}
	a := advice.Of(cost.New(q.Measured, q.Places, q.Curve, q.Options, q.Prices, q.Now), moves)
	var targets []string
	for _, e := range a.Estimates {
		targets = append(targets, e.Measured.Target)
	}
	slices.Sort(targets)
	if want := []string{"container (r1)", "container (r2)", "lambda"}; !slices.Equal(targets, want) || q.Measured[0].Target != "container" {
		t.Errorf("targets %q, want %q, and the caller's as they were", targets, want)
	}
	if _, same := advice.Unchanged(a.Moves, func(p advice.Portable) string { return p.Image }); !slices.Equal(same, []string{"container (r1)", "container (r2)"}) || a.Moves[2].Target != "lambda" {
		t.Errorf("of one image: %q", same)
	}
}

// TestSubstituted puts each break-even and each flip back into the model, at random inputs: on
// both sides of it the order is the reverse. Everything is a number, and the order in which
// targets were measured changes nothing.
func TestSubstituted(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	shapes := []string{"constant:1/s", "daily:1/s,peak=3x", "spiky:1/s,peak=40x"}
	number := func(from, to float64) float64 { return math.Exp(math.Log(from) + rng.Float64()*math.Log(to/from)) }
	pairs, turns := 0, 0
	for range 15 {
		q := asked(t, shapes[rng.IntN(len(shapes))])
		q.Curve = q.Curve.Times(number(0.01, 3000))
		for i := range q.Measured {
			m := &q.Measured[i]
			m.Rate = number(5, 2000)
			m.Breaks = m.Rate * (1 + rng.Float64()/2)
			m.CPUs, m.MemoryGiB, m.AnswerBytes = float64(1+rng.IntN(2)), float64(1+rng.IntN(3)), number(10, 1e5)
			if m.Billed != nil {
				v := number(0.001, 1)
				m.Billed = &cost.Billed{GBSeconds: cost.Interval{Value: v, Low: v * 0.95, High: v * 1.1}, Init: rng.Float64()}
			}
		}
		q.Options.Redundancy, q.Options.Headroom = rng.IntN(3), rng.Float64()*0.8
		if rng.IntN(2) == 0 {
			q = at(t, q, task, lambda, "hetzner/eu/vm/CCX13", "gcp/us-central1/cloud-run/request-based")
		}
		a := q.advise()
		text, err := json.Marshal([]any{a.Estimates, a.BreakEvens, a.Flips, a.Tornado}) // which refuses what is no number
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "e+3") {
			t.Errorf("a figure beyond all bounds: %s", text)
		}
		for _, b := range a.BreakEvens {
			pairs++
			both := at(t, q, b.Below.Place, b.Above.Place)
			below, above := months(both, b.From*(1-1e-7), b.Below, b.Above), months(both, b.To*(1+1e-7), b.Below, b.Above)
			if !(below[0] <= below[1]) || !(above[1] <= above[0]) {
				t.Errorf("%+v: costs %v below and %v above", b, below, above)
			}
		}
		for _, f := range a.Flips {
			if f.Input == advice.Traffic && len(a.Priced()) > 0 {
				turns += substituted(t, q, a, f)
			}
		}
		reversed := q
		reversed.Measured = slices.Clone(q.Measured)
		slices.Reverse(reversed.Measured)
		if diff := cmp.Diff(told(a), told(reversed.advise())); diff != "" {
			t.Errorf("in another order: %s", diff)
		}
	}
	if pairs < 15 || turns < 8 {
		t.Errorf("only %d break-evens and %d flips", pairs, turns)
	}
}

// told is advice without what it was made from.
func told(a *advice.Advice) any {
	var ranked []string
	for _, e := range a.Estimates {
		ranked = append(ranked, fmt.Sprint(advice.ChoiceOf(e), e.Month, e.Unfit))
	}
	return []any{ranked, advice.ChoicesOf(a.Undecided()), a.BreakEvens, a.NoneOf, a.Flips, a.Tornado}
}

// TestBreakEvensHaveTheFlips: where the first place changes with the traffic, the break-even of the
// place that comes first then is at that traffic, whatever kinds both are of. A pair without a
// break-even has the same order at all traffic.
func TestBreakEvensHaveTheFlips(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 16))
	number := func(from, to float64) float64 { return math.Exp(math.Log(from) + rng.Float64()*math.Log(to/from)) }
	flips, ofOneKind, always := 0, 0, 0
	for range 12 {
		q := asked(t, []string{"constant:1/s", "daily:1/s,peak=3x", "spiky:1/s,peak=40x"}[rng.IntN(3)])
		q.Curve = q.Curve.Times(number(0.01, 3000))
		for i := range q.Measured {
			m := &q.Measured[i]
			m.Rate = number(5, 500)
			m.Breaks = m.Rate * 1.2
			m.AnswerBytes = number(10, 1e5)
		}
		v := number(0.001, 0.5)
		q.Measured[1].Billed = &cost.Billed{GBSeconds: cost.Interval{Value: v, Low: v, High: v}}
		a := q.advise()
		if len(a.Priced()) == 0 {
			continue
		}
		for _, turn := range []*advice.Turn{a.Flips[0].Below, a.Flips[0].Above} {
			if !turn.Flips || turn.First == nil {
				continue
			}
			flips++
			i := slices.IndexFunc(a.BreakEvens, func(b advice.BreakEven) bool {
				beyond := b.Above
				if turn == a.Flips[0].Below {
					beyond = b.Below
				}
				return beyond == *turn.First && b.From*(1-1e-6) <= turn.At && turn.At <= b.To*(1+1e-6)
			})
			if i < 0 {
				i = slices.IndexFunc(a.BreakEvens, func(b advice.BreakEven) bool { // several changes of which this is one
					return b.Changes > 1 && (b.Above == *turn.First || b.Below == *turn.First) && b.From*(1-1e-6) <= turn.At && turn.At <= b.To*(1+1e-6)
				})
			}
			if i < 0 {
				t.Errorf("%s at %g/s: %s comes first at %g/s, and no break-even says so: %+v", q.Curve.Name, q.Curve.Mean(), turn.First, turn.At, a.BreakEvens)
				continue
			}
			if b := a.BreakEvens[i]; strings.Contains(b.Below.Place, "lambda") == strings.Contains(b.Above.Place, "lambda") {
				ofOneKind++
			}
		}
		for _, n := range a.NoneOf {
			always++
			both := at(t, q, n.Better.Place, n.Worse.Place)
			if n.Changes > 0 {
				continue
			}
			for rate := n.From; rate <= n.To*(1+1e-9); rate *= 3 {
				if usd := months(both, rate, n.Better, n.Worse); usd[0] > usd[1] {
					t.Errorf("%+v: at %g/s they cost %v", n, rate, usd)
				}
			}
		}
	}
	if flips < 10 || ofOneKind < 3 || always < 3 {
		t.Errorf("only %d flips, %d of them of one kind, and %d pairs without a break-even", flips, ofOneKind, always)
	}
}

func substituted(t *testing.T, q question, a *advice.Advice, f advice.Flip) (turns int) {
	t.Helper()
	first := func(rate float64) string {
		best, name := math.Inf(1), ""
		for _, e := range cost.Price(q.Measured, q.Places, q.Curve.Times(rate/q.Curve.Mean()), q.Options, q.Prices, q.Now) {
			if e.Unfit == nil && e.Month.Value < best {
				best, name = e.Month.Value, e.Measured.Target+" "+e.Place.Provider+e.Place.Region+e.Place.Service
			}
		}
		return name
	}
	for _, side := range []struct {
		*advice.Turn
		outward float64
	}{{f.Below, 1 - 1e-7}, {f.Above, 1 + 1e-7}} {
		if !side.Flips {
			continue
		}
		turns++
		now, within, beyond := first(f.Now), first(side.At/side.outward), first(side.At*side.outward)
		if within != now || beyond == now {
			t.Errorf("at %g/s %s is first, at %g/s %s on this side and %s beyond", f.Now, now, side.At, within, beyond)
		}
	}
	return turns
}

// TestPricesTogether: all prices ten times as high change costs alone.
func TestPricesTogether(t *testing.T) {
	q := asked(t, "daily:50/s,peak=3x")
	a := q.advise()
	q.Prices = slices.Clone(q.Prices)
	for i := range q.Prices {
		q.Prices[i].USD *= 10
	}
	dear := q.advise()
	if len(a.Priced()) != len(dear.Priced()) || len(a.Priced()) < 3 {
		t.Fatalf("%d ranked, then %d", len(a.Priced()), len(dear.Priced()))
	}
	for i := range a.Priced() {
		if advice.ChoiceOf(a.Priced()[i]) != advice.ChoiceOf(dear.Priced()[i]) || math.Abs(dear.Priced()[i].Month.Value/a.Priced()[i].Month.Value-10) > 1e-6 {
			t.Errorf("%d: %+v, then %+v", i, advice.ChoiceOf(a.Priced()[i]), advice.ChoiceOf(dear.Priced()[i]))
		}
	}
	for i := range a.BreakEvens {
		if math.Abs(dear.BreakEvens[i].To/a.BreakEvens[i].To-1) > 1e-6 {
			t.Errorf("%+v, then %+v", a.BreakEvens[i], dear.BreakEvens[i])
		}
	}
}

// TestTornado: the first place at the values of an input is what cost.Price says it is.
func TestTornado(t *testing.T) {
	q := at(t, asked(t, "daily:500/s,peak=3x"), task, lambda)
	q.Options.AnswerBytes = 2000
	a := q.advise()
	now := a.Priced()[0]
	seen := map[advice.Input]advice.Bar{}
	for i, b := range a.Tornado {
		seen[b.Input] = b
		if i > 0 && b.Swing(now.Month.Value) > a.Tornado[i-1].Swing(now.Month.Value) {
			t.Errorf("%s is before %s", a.Tornado[i-1].Input, b.Input)
		}
	}
	for _, input := range []advice.Input{advice.Price, advice.Egress, advice.Capacity, advice.Redundancy, advice.Peak} {
		if _, there := seen[input]; !there {
			t.Errorf("no bar of the %s: %+v", input, a.Tornado)
		}
	}
	of := func(change func(*question)) float64 {
		q := q
		q.Measured = slices.Clone(q.Measured)
		change(&q)
		return months(q, q.Curve.Mean(), advice.ChoiceOf(now))[0]
	}
	for _, tc := range []struct {
		input     advice.Input
		got, want float64
	}{
		{advice.Redundancy, seen[advice.Redundancy].High.USD, of(func(q *question) { q.Options.Redundancy = 2 })},
		{advice.Redundancy, seen[advice.Redundancy].Low.USD, of(func(q *question) { q.Options.Redundancy = 0 })},
		{advice.Capacity, seen[advice.Capacity].High.USD, of(func(q *question) { q.Measured[0].Rate = 125 })},
		{advice.Capacity, seen[advice.Capacity].Low.USD, now.Month.Value},
		{advice.Price, seen[advice.Price].High.USD + seen[advice.Price].Low.USD, 2 * now.Month.Value},
		{advice.Egress, seen[advice.Egress].High.USD - seen[advice.Egress].Low.USD, 0.4 * 0.09 * 2e-6 * 500 * 3600 * 730},
	} {
		if math.Abs(tc.got-tc.want) > 1e-6*tc.want {
			t.Errorf("%s: %g, want %g", tc.input, tc.got, tc.want)
		}
	}
	if p := seen[advice.Peak]; math.Abs(p.Low.Value-1.5) > 1e-6 || math.Abs(p.High.Value-6) > 1e-6 || !(p.Low.USD < now.Month.Value && now.Month.Value < p.High.USD) {
		t.Errorf("peak %+v", p)
	}
}

// TestSwing: a bar whose ends are the same, and dearer than the cost as it is, is as long as the
// distance to it; an end at which the place cannot serve is left out.
func TestSwing(t *testing.T) {
	for _, tc := range []struct {
		low, high advice.End
		want      float64
	}{
		{advice.End{USD: 140}, advice.End{USD: 140}, 40},
		{advice.End{USD: 90}, advice.End{USD: 130}, 40},
		{advice.End{Unfit: &cost.Remark{Kind: cost.ColdStarts}}, advice.End{USD: 110}, 10},
	} {
		if got := (advice.Bar{Low: tc.low, High: tc.high}).Swing(100); got != tc.want {
			t.Errorf("%+v to %+v: %g, want %g", tc.low, tc.high, got, tc.want)
		}
	}
}

// TestPriceFlipsToAnotherSize: where the price of an instance rises, the next size of it keeps its
// own, and the first place is another one only when that costs more as well.
func TestPriceFlipsToAnotherSize(t *testing.T) {
	const large, xlarge = "aws/us-east-1/ec2/c7i.large", "aws/us-east-1/ec2/c7i.xlarge"
	of := func(places ...string) *advice.Turn {
		a := at(t, asked(t, "constant:1/s"), places...).advise()
		if a.Priced()[0].Place.ID != large {
			t.Fatalf("first %s", a.Priced()[0].Place.ID)
		}
		i := slices.IndexFunc(a.Flips, func(f advice.Flip) bool { return f.Input == advice.Price && f.Of.Place == large })
		return a.Flips[i].Above
	}
	const endpoint = "aws/us-east-1/sagemaker/ml.m5.xlarge"
	if turn := of(large, endpoint); !turn.Flips || turn.First.Place != endpoint {
		t.Errorf("without another size: %+v, want %s", turn, endpoint)
	}
	if turn := of(large, xlarge, endpoint); turn.Flips || turn.At != 1000 {
		t.Errorf("%+v, but %s is cheaper than %s", turn, xlarge, endpoint)
	}
}

// TestPriceFlips: at the price that a flip names, both cost the same.
func TestPriceFlips(t *testing.T) {
	q := at(t, asked(t, "constant:20/s"), task, lambda)
	a := q.advise()
	var found int
	for _, f := range a.Flips {
		if f.Input != advice.Price {
			continue
		}
		turn := f.Above
		if turn == nil {
			turn = f.Below
		}
		if !turn.Flips {
			t.Errorf("%+v never flips", f)
			continue
		}
		found++
		changed := q
		changed.Prices = slices.Clone(q.Prices)
		for i, p := range changed.Prices {
			service := strings.Split(f.Of.Place, "/")[2]
			if p.Service == service && p.Provider == "aws" && p.Region == "us-east-1" {
				changed.Prices[i].USD *= turn.At
			}
		}
		ids := []string{a.Priced()[0].Place.ID, a.Priced()[1].Place.ID}
		both := at(t, changed, ids...).advise().Priced()
		if math.Abs(both[0].Month.Value/both[1].Month.Value-1) > 1e-6 || math.Abs(turn.USD/both[0].Month.Value-1) > 1e-6 {
			t.Errorf("at %g times the price of %s: %g and %g, told %g", turn.At, f.Of.Place, both[0].Month.Value, both[1].Month.Value, turn.USD)
		}
	}
	if found != 2 {
		t.Errorf("%d flips of prices", found)
	}
}
