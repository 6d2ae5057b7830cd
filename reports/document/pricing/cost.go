// Package pricing words what costs and advice say, for reports/document, the JSON and the figures:
// what a cost rests on, why a place cannot serve, where to serve and what would change that.
package pricing

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/analysis/stat"
	"servebench/reports/format"
	"servebench/reports/prices"
	"servebench/reports/record"
)

// CostMethod says how costs are worked out.
const CostMethod = "A cost is the capacity that was measured × the traffic × the prices. Units that run by time are counted at each hour by the highest minute within it, and within the time after it " +
	"that it takes to add a unit. What is billed on request is counted by the mean. A month has 730 hours. Prices are without taxes and discounts. Egress is the bodies of the answers, without headers. " +
	"Response times were measured beside the server: the network between a place and your users is in none of them, and places are ranked by cost alone"

// CostRange says what the interval of a cost is.
const CostRange = "The range of a cost is that of the measurement alone: of units, from the cost at the lowest rate that breaks the SLO to that at the certified rate; of a function, the 95 % confidence interval of its billed compute. A cost without an interval may be lower or higher by any amount, as far as was measured."

// CostUnits says what a column of units shows, and how their number follows the traffic.
func CostUnits(o cost.Options) string {
	return "Units are their mean over the month. In brackets are those at the peak: what the traffic needs with the headroom free + what is spare (--redundancy, --min-units). " +
		"They are scaled with foresight: the traffic is known, so that a unit runs " + format.Duration(o.ScaleLag) + " (--scale-lag) before the minute that needs it. " +
		"A scaler that only sees the present load is late by as much, and the headroom and the spare units have to last until then. Places that are paid by the month, and --min-units, do not scale."
}

// Unfit says why a place cannot serve, as a clause.
func Unfit(r cost.Remark) string {
	switch r.Kind {
	case cost.NoCapacity:
		return "no rate is certified for this target, so there is no capacity to price"
	case cost.Unfinished:
		return "the search for its capacity is not finished; go on with it: servebench capacity --continue with the folder of run " + r.Text
	case cost.InvalidCapacity:
		return "the search was disturbed, so the capacity is not known"
	case cost.WrongKind:
		return "it was measured as " + r.Text + ", which does not run there"
	case cost.UnknownSize:
		return "the CPUs or the memory of the server are not known; set limits.cpus and limits.memory in the scenario"
	case cost.TooSmall:
		has := fmt.Sprintf("one unit has %s vCPU and %s GiB", format.Number(r.Value), format.Number(r.Second))
		if r.Value == 0 {
			has = "no unit is as large"
		}
		needs := fmt.Sprintf("%s; the server needs %s CPUs", has, format.Number(r.Limit))
		if r.Bound > 0 { // else its memory is not known
			needs += fmt.Sprintf(" and %s GiB", format.Number(r.Bound))
		}
		return needs
	case cost.NoBilled:
		return "the run does not say what the function was billed for"
	case cost.NoService:
		return "the service time is not known"
	case cost.ColdStarts:
		return fmt.Sprintf("%s of the requests wait for a cold start, which took %s where it was measured, and the limit of the %s, %s, allows %s of them to be over it",
			format.Percent(r.Value), seconds(r.Second), r.Text, seconds(r.Bound), format.Percent(r.Limit))
	case cost.QuotaExceeded:
		return fmt.Sprintf("the peak takes %s environments at the same time, and an account may have %s (--concurrency)", format.Count(int64(r.Value)), format.Count(int64(r.Limit)))
	case cost.NoPrice:
		return "there is no price of " + Position(r.Text) + " in the table; add one with --prices"
	case cost.WrongUnit:
		return "the unit of the price of " + r.Text + " is not one by which it can be charged here; servebench prices shows the units"
	case cost.TooMany:
		return fmt.Sprintf("it would take more than %s units", format.Count(int64(r.Limit)))
	}
	return string(r.Kind)
}

// Position is a position of a bill as what has a price.
func Position(part string) string {
	switch cost.PartName(part) {
	case cost.PartFee:
		return "the control plane"
	case cost.PartBalancer:
		return "a load balancer"
	}
	return part
}

// Unpriced says which positions are not in a cost because their price is not known, so that it
// does not compare with one that they are in; "": there are none.
func Unpriced(remarks []cost.Remark) string {
	var parts []string
	for _, r := range remarks {
		if r.Kind == cost.NoPrice {
			part := r.Text
			if part == string(cost.PartFee) {
				part = "control plane"
			}
			parts = append(parts, part)
		}
	}
	if parts == nil {
		return ""
	}
	return "Without " + and(parts) + ": no price known."
}

// Far says that a place is not in the region of the users, in short; "": it is.
func Far(remarks []cost.Remark) string {
	for _, r := range remarks {
		if r.Kind == cost.OtherRegion || r.Kind == cost.NoPriceInRegion {
			return "Not in " + r.Text + ": the network distance to your users is not in the response times."
		}
	}
	return ""
}

func seconds(s float64) string { return format.Duration(time.Duration(s * float64(time.Second))) }

// CostRemark says what a cost rests on.
func CostRemark(r cost.Remark) string {
	switch r.Kind {
	case cost.Emulated:
		if r.Text == string(cost.EmulatedLambda) {
			return "This was measured with the local Lambda service, not on AWS. The billed duration and the cold start are those of this machine."
		}
		return "The virtual machine was emulated in software (" + r.Text + "), which is many times slower than a real one. This is not what the place would cost; measure with KVM."
	case cost.OtherProcessor:
		on := "a processor that the run does not name"
		if r.Text != "" {
			on = r.Text
		}
		return "The capacity was measured on " + on + ". The processors of the place may be slower or faster; measure there before you decide."
	case cost.OtherArchitecture:
		return "The place has another processor architecture than the machine that was measured."
	case cost.GPUNotMeasured:
		return "The accelerator (" + r.Text + ") is paid for, and the measurement did not use it."
	case cost.Burstable:
		return "The CPUs are shared or limited over longer times, so a steady load may not get the capacity that was measured."
	case cost.Batched:
		return fmt.Sprintf("One request holds %s examples. The traffic and the cost count requests.", format.Number(r.Value))
	case cost.SharedUnit:
		return fmt.Sprintf("One unit runs %s servers of the size measured. They were not measured together.", format.Number(r.Value))
	case cost.NoInterval:
		return "The cost has no interval: the compute billed for a request is known from " + format.Plural(int(r.Value), "round") + " only, " + billedRange(r.Second, r.Bound) +
			fmt.Sprintf(". An interval takes %d rounds that differ. Search again to get one.", stat.FewRounds)
	case cost.NodeReserve:
		return "Kubernetes reserves a part of the CPUs and the memory of a node for itself. It is counted here as room for servers, so a node may hold fewer of them."
	case cost.UnknownMemory:
		return "The memory of the server was not limited, so one unit may have too little. Set limits.memory in the scenario."
	case cost.OtherRegion:
		return "The place is not in " + r.Text + ", where your users are (--region). The network distance adds to their response times, and is not in what was measured."
	case cost.NoPriceInRegion:
		return "There is no price of this service in " + r.Text + ", where your users are (--region), so it is priced in another region. The network distance adds to their response times, and is not in what was measured."
	case cost.OldPrice:
		return fmt.Sprintf("The price of %s is up to %s days old.", r.Text, format.Count(int64(r.Value)))
	case cost.NoPrice:
		return "There is no price of " + Position(r.Text) + " in the table, so none is in the cost."
	case cost.UnknownAnswers:
		return "The length of the answers is not known, so there is no egress in the cost; give it with --answer-bytes."
	case cost.UnknownColdStart:
		return fmt.Sprintf("How long a cold start takes is not known. %s of the requests would wait for one.", format.Percent(r.Value))
	case cost.OtherColdStart:
		return fmt.Sprintf("The cold start, %s, is that of a container on the machine that was measured. The place also fetches the image and assigns a machine, so it may take longer there.", seconds(r.Second))
	case cost.NoUpperRate:
		return "No rate is shown to break the SLO, so the lower end of the cost is not known."
	case cost.CappedRate:
		return "The capacity is at least " + format.Rate(r.Value) + ": no higher rate was asked for (servebench capacity --most). The cost may be lower, and its lower end is not known."
	case cost.ShortTraffic:
		return fmt.Sprintf("The traffic was recorded for %s. The month is taken to be like it.", seconds(r.Value*3600))
	}
	return string(r.Kind)
}

// billedRange is the compute billed for a request, from the round with the least to that with
// the most.
func billedRange(least, most float64) string {
	if least == most {
		return "each with " + format.Number(least) + " GB-s"
	}
	return "with " + format.Number(least) + " to " + format.Number(most) + " GB-s"
}

// UnitName names what a place runs.
func UnitName(p cost.Place) string {
	switch {
	case p.Kind == cost.Function:
		return "environments"
	case p.Kind == cost.Requests:
		return "instances"
	case p.Service == "fargate":
		return "tasks"
	case p.Service == "gke":
		return "pods"
	}
	return "machines"
}

// CostFormula shows how the units of an estimate come about, with their numbers.
func CostFormula(e cost.Estimate, c traffic.Curve, o cost.Options) string {
	usable := fmt.Sprintf("%s × (1 − %s)", format.Rate(e.Measured.Rate), format.Percent(o.Headroom))
	mean, peak := trafficRate(c.Mean()), trafficRate(c.Peak())
	switch e.Place.Kind {
	case cost.Function:
		took := e.Measured.Billed.GBSeconds.Value / e.Measured.MemoryGiB
		return fmt.Sprintf("GB-seconds = requests × %s; environments at the peak = ⌈%s × %s⌉ = %s; %s of the requests wait for a cold start",
			format.Number(e.Measured.Billed.GBSeconds.Value), peak, seconds(took), format.Number(e.Peak), format.Percent(e.ColdShare))
	case cost.Requests:
		return fmt.Sprintf("instances n at an hour = ⌈mean rate ÷ (%s)⌉, each busy for 1 − e^(−rate × time ÷ n); mean busy %s at %s; %s of the requests wait for a cold start",
			usable, format.Number(e.Mean), mean, format.Percent(e.ColdShare))
	}
	formula := fmt.Sprintf("%s at an hour = max(%d, ⌈peak rate ÷ (%d × %s)⌉ + %d)", UnitName(e.Place), o.MinUnits, e.Servers, usable, o.Redundancy)
	if e.Place.Fixed {
		return formula + fmt.Sprintf(", at the peak of %s = %s all month", peak, format.Number(e.Peak))
	}
	return formula + fmt.Sprintf(", at the peak of %s = %s; mean %s", peak, format.Number(e.Peak), format.Number(e.Mean))
}

// CostVerdict is what costs least, as a clause.
func CostVerdict(c *cost.Costs) string {
	priced := c.Priced()
	if len(priced) == 0 {
		return "no place can serve this traffic with what was measured"
	}
	e := priced[0]
	why := fmt.Sprintf("%s costs %s a month, the least", Choice(advice.ChoiceOf(e)), Month(e))
	if open := undecided(c); open != "" {
		why += "; " + open
	}
	if doubted := doubted(e); doubted != "" {
		why += "; " + doubted
	}
	return why
}

// Month is what an estimate costs a month with its interval: "$38.20 [$38.10, $41.20]", "at most
// $38.20".
func Month(e cost.Estimate) string {
	if e.AtMost() {
		return "at most " + format.Dollars(e.Month.Value)
	}
	return DollarsWithin(e.Month)
}

// doubted says how many warnings the search has that an estimate rests on, as a clause; "": none.
func doubted(e cost.Estimate) string {
	warnings := slices.DeleteFunc(slices.Clone(e.Measured.Diagnostics), func(d record.Diagnostic) bool { return d.Severity == record.SeverityNote })
	if len(warnings) == 0 {
		return ""
	}
	return "the capacity of " + e.Measured.Target + " rests on a search with " + format.Plural(len(warnings), "warning")
}

// undecided says why the cheapest may not be, as a clause; "": it is.
func undecided(c *cost.Costs) string {
	open := c.Undecided()
	if len(open) == 0 {
		return ""
	}
	var within, without []advice.Choice // an interval
	for _, e := range open {
		if e.Month.NoLow {
			without = append(without, advice.ChoiceOf(e))
		} else {
			within = append(within, advice.ChoiceOf(e))
		}
	}
	const most = 3
	var why []string
	switch first := c.Priced()[0]; {
	case first.Month.NoHigh:
		why = []string{"the cost of " + Choice(advice.ChoiceOf(first)) + " has no interval"}
	case within != nil:
		why = []string{names(within, most) + " may cost less within the intervals"}
	}
	if without != nil && !c.Priced()[0].Month.NoHigh {
		why = append(why, names(without, most)+" may cost less: how little was not measured")
	}
	return "it is undecided, because " + and(why)
}

// DollarsWithin is an amount with its interval: "$38.20 [$38.10, $41.20]", "$61.59 (no interval)".
func DollarsWithin(i cost.Interval) string {
	amount := format.Dollars(i.Value)
	switch within := DollarsInterval(i); within {
	case "":
		return amount
	case noInterval:
		return amount + " (" + within + ")"
	default:
		return amount + " " + within
	}
}

const noInterval = "no interval"

// DollarsInterval is the interval of an amount; "" where it does not show.
func DollarsInterval(i cost.Interval) string {
	switch low, high := format.Dollars(i.Low), format.Dollars(i.High); {
	case i.NoHigh:
		return noInterval
	case i.NoLow:
		return "[not known, " + high + "]"
	case low == high:
		return ""
	}
	return format.DollarsInterval(i.Low, i.High)
}

// TrafficLine describes the traffic: "daily:50/s,peak=3x: mean 50/s, peak 150/s (3 × the
// mean), 131,400,000 requests a month".
func TrafficLine(c traffic.Curve) string {
	return fmt.Sprintf("Traffic %s: mean %s, peak %s (%s × the mean), %s requests a month.", c.Name, trafficRate(c.Mean()), trafficRate(c.Peak()),
		format.Number(c.Peak()/c.Mean()), format.Count(int64(math.Round(c.Mean()*3600*cost.Hours))))
}

// trafficRate is a rate of requests: "200/s", and "10 a day" where that is below one in ten
// seconds.
func trafficRate(perSecond float64) string {
	if perSecond < 0.1 {
		return perDay(perSecond) + " a day"
	}
	if perSecond < 100 {
		return format.Number(perSecond) + "/s"
	}
	return format.Rate(perSecond)
}

// CostOptions says how the servers are run: the options that each cost depends on, and those
// that were changed.
func CostOptions(o cost.Options) string {
	said := []string{
		format.Plural(o.Redundancy, "unit") + " beside those that the traffic needs (--redundancy)", format.Percent(o.Headroom) + " of the capacity free (--headroom)",
		format.Duration(o.ScaleLag) + " to add a unit (--scale-lag)", "at least " + format.Plural(o.MinUnits, "unit") + " (--min-units)",
	}
	usual := cost.Defaults()
	for _, changed := range []struct {
		is   bool
		text string
	}{
		{o.LoadBalancer != usual.LoadBalancer, "no load balancer (--no-load-balancer)"},
		{o.PerConnection != usual.PerConnection, format.Number(o.PerConnection) + " requests over one connection (--requests-per-connection)"},
		{o.AnswerBytes != usual.AnswerBytes, format.Number(o.AnswerBytes) + " bytes an answer (--answer-bytes)"},
		{o.Eviction != usual.Eviction, "ended after " + format.Duration(o.Eviction) + " without requests (--eviction)"},
		{o.Concurrency != usual.Concurrency, "up to " + format.Plural(o.Concurrency, "environment") + " of functions (--concurrency)"},
		{o.Region != usual.Region, "users in " + o.Region + " (--region)"},
	} {
		if changed.is {
			said = append(said, changed.text)
		}
	}
	return strings.Join(said, ", ") + "."
}

// OldPrices warns of prices that may have changed.
func OldPrices(old, of int, oldest time.Duration) string {
	return fmt.Sprintf("%d of these %s may be older than %d days (marked !), the oldest up to %s days. They may have changed; servebench prices update reads new ones.",
		old, format.Plural(of, "price"), int(prices.MaxAge.Hours()/24), format.Count(int64(oldest.Hours()/24)))
}
