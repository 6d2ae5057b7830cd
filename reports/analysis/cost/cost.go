// Package cost finds what it costs to serve some traffic at an SLO: the capacities that were
// measured × the traffic × the prices of places where the servers could run. It computes
// numbers and says what they rest on, without sentences, files or clocks; reports/document has
// the words. The model is that of the package's README section: fleets of servers whose number
// follows the traffic, functions billed by request and GB-second, and containers billed while
// they have requests.
package cost

import (
	"cmp"
	"slices"
	"time"

	"servebench/reports/analysis/capacity"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/prices"
	"servebench/reports/record"
)

// Hours are those of a month, on average.
const Hours = prices.HoursPerMonth

// Measured is what a run tells of a target that its cost depends on.
type Measured struct {
	Run    string `json:"run"`    // its ID
	Target string `json:"target"` // by the target's name in it; see New
	Kind   string `json:"kind"`   // of target: "container"
	// Rate is the capacity of one server, requests per second, certified with 95 %
	// confidence; Breaks is the lowest rate that breaks the SLO. 0: not known.
	Rate   float64 `json:"certified_rps"`
	Breaks float64 `json:"breaks_rps"`
	// Capped says that no higher rate was asked for than the one certified.
	Capped bool `json:"capped,omitzero"`
	// LimitedBy is what the server lacks at the lowest rate that breaks the SLO; "": not known.
	LimitedBy capacity.Resource `json:"limited_by,omitzero"`
	// Diagnostics are what limits belief in the search, of this target and of the whole run,
	// errors first.
	Diagnostics []record.Diagnostic `json:"diagnostics"`
	// Invalid says that the load generator was the limit: there is no capacity.
	Invalid bool `json:"invalid,omitzero"`
	// Unfinished says that the search ended, or was ended, before it certified a rate.
	Unfinished bool `json:"unfinished,omitzero"`
	// CPUs and MemoryGiB are what one server was given; 0: not known.
	CPUs      float64 `json:"cpus"`
	MemoryGiB float64 `json:"memory_gib"`
	Processor string  `json:"processor"` // the model of the machine's
	Arm       bool    `json:"arm,omitzero"`
	// Emulated is what stood in for the real thing: "TCG", "local Lambda"; "": nothing did.
	Emulated Emulation `json:"emulated,omitzero"`
	// Billed is what the function was billed for each request; nil of what is no function.
	Billed *Billed `json:"billed,omitempty"`
	// Service is the mean time that a request took at the capacity; 0: not known.
	Service time.Duration `json:"service_ms"`
	// ColdStart is the median time of Starts starts until the first answer; 0: not known.
	ColdStart time.Duration `json:"cold_start_ms"`
	Starts    int           `json:"starts"`
	Limits    []Limit       `json:"limits"` // of the SLO, of times
	// AnswerBytes is the mean length of an answer, RequestBytes that of a request; 0: not known.
	AnswerBytes  float64 `json:"answer_bytes"`
	RequestBytes float64 `json:"request_bytes"`
	Batch        int     `json:"batch"` // examples in a request
	// Seen are the steps of the search whose p99 is known.
	Seen []Seen `json:"seen,omitempty"`
}

// Seen is the p99 response time that a step of a search had at a rate.
type Seen struct {
	Rate float64       `json:"rate"` // requests per second
	P99  time.Duration `json:"p99_ms"`
}

// Emulation is what stood in for a real place.
type Emulation string

// The emulations.
const (
	EmulatedCPU    Emulation = "TCG"          // a virtual machine without hardware support
	EmulatedLambda Emulation = "local Lambda" // the service on this machine that behaves as Lambda does
)

// Billed is what a function is billed for a request, as its meters counted it.
type Billed struct {
	GBSeconds Interval `json:"gb_seconds"` // of one request, from n rounds
	Rounds    int      `json:"rounds"`
	// Least and Most are the GB-seconds of one request in the round with the fewest and in that
	// with the most.
	Least float64 `json:"least_gb_seconds"`
	Most  float64 `json:"most_gb_seconds"`
	Init  float64 `json:"init_gb_seconds"` // of one cold start; 0: not known
}

// Limit is a limit of the SLO on a time: the Share of the requests that may be over it.
type Limit struct {
	Name  string        `json:"name"`
	Share float64       `json:"share"`
	At    time.Duration `json:"at_ms"`
}

// Interval is a figure with the range of what is known of it: of billed compute its 95 %
// confidence interval, of a cost see Estimate.
type Interval struct {
	Value float64
	Low   float64
	High  float64
	// NoLow and NoHigh say that the end was not measured: Low is then what the figure cannot be
	// below all the same, and High is the Value, which says nothing. An end that was not measured
	// decides nothing.
	NoLow, NoHigh bool
}

// unbounded is a figure of which no interval is known, and which is not below 0.
func unbounded(v float64) Interval { return Interval{Value: v, High: v, NoLow: true, NoHigh: true} }

// times multiplies the figures by what is not below 0.
func (i Interval) times(f float64) Interval {
	i.Value, i.Low, i.High = i.Value*f, i.Low*f, i.High*f
	return i
}

// Options say how the servers are run. See Defaults.
type Options struct {
	record.Serving
	// ScaleLag is how long it takes to add a unit: those needed by then run already.
	ScaleLag time.Duration `json:"scale_lag_ms"`
	// Eviction is how long a function or a container without requests is kept.
	Eviction time.Duration `json:"eviction_ms"`
}

// Defaults are the options where nobody said otherwise.
func Defaults() Options {
	return Options{
		Serving:  record.Serving{Redundancy: 1, Headroom: 0.3, MinUnits: 1, LoadBalancer: true, PerConnection: 100, Concurrency: 1000, Region: "us-east-1"},
		ScaleLag: 5 * time.Minute, Eviction: 5 * time.Minute,
	}
}

// Estimate is what it costs to serve the traffic with one measured target at one place.
type Estimate struct {
	Place    Place     `json:"place"`
	Measured *Measured `json:"-"`
	// Month is the cost of a month in US dollars, PerMillion that of a million requests. The
	// Value is by the certified capacity. The interval of units runs from the lowest rate that
	// breaks the SLO to the certified rate; that of a function is by its billed compute,
	// and not known where that has no interval.
	Month      Interval `json:"usd_month,omitzero"`
	PerMillion Interval `json:"usd_per_million,omitzero"`
	// Servers of the measured size run on one unit, each with Usable requests per second: the
	// capacity less the headroom.
	Servers int     `json:"servers_per_unit,omitzero"`
	Usable  float64 `json:"usable_rps,omitzero"`
	// Units run at each hour of the cycle; Mean and Peak are theirs. Of what is billed by
	// use, they are the mean units that are busy. Needed are those at the Peak that the traffic
	// needs with the headroom free; the others are spare.
	Units  []float64 `json:"units,omitempty"`
	Mean   float64   `json:"mean_units,omitzero"`
	Peak   float64   `json:"peak_units,omitzero"`
	Needed float64   `json:"needed_units,omitzero"`
	// ColdShare is the part of the requests that wait for a cold start.
	ColdShare float64  `json:"cold_share"`
	Parts     []Part   `json:"parts,omitempty"` // they add up to the Month's Value
	Remarks   []Remark `json:"remarks"`
	// Unfit says why the place cannot serve the traffic: it has no cost and no units then.
	Unfit *Remark `json:"unfit"`
}

// Part is one position of the bill.
type Part struct {
	Name     PartName `json:"name"`
	Quantity float64  `json:"quantity"` // a month, in the price's unit
	// Rows are the prices, with the quantities that they hold for.
	Rows []Billable `json:"rows"`
	USD  float64    `json:"usd_month"`
}

// Billable is a price with how much of it a month takes.
type Billable struct {
	prices.Price
	Quantity float64 `json:"quantity"`
}

// PartName says what a position of the bill is for.
type PartName string

// The positions.
const (
	PartUnits     PartName = "units"
	PartCPU       PartName = "CPU"
	PartMemory    PartName = "memory"
	PartFee       PartName = "fee" // of a control plane
	PartBalancer  PartName = "load balancer"
	PartLoad      PartName = "load balancer capacity"
	PartAddresses PartName = "public IPv4 addresses"
	PartRequests  PartName = "requests"
	PartCompute   PartName = "compute"
	PartColdStart PartName = "cold starts"
	PartEgress    PartName = "egress"
)

// Remark is something that a cost rests on and that may be otherwise, or why there is none.
type Remark struct {
	Kind   RemarkKind `json:"kind"`
	Text   string     `json:"text,omitzero"`   // a name: of a processor, a price, a region
	Value  float64    `json:"value,omitzero"`  // what is
	Limit  float64    `json:"limit,omitzero"`  // what may be
	Second float64    `json:"second,omitzero"` // a further figure
	Bound  float64    `json:"bound,omitzero"`  // and what that may be
}

// RemarkKind says what a remark is about, and so what its figures mean.
type RemarkKind string

// Why a place cannot serve, so that there is no cost.
const (
	NoCapacity      RemarkKind = "no capacity"       // certified
	Unfinished      RemarkKind = "unfinished"        // search for the capacity; Text: the run
	InvalidCapacity RemarkKind = "invalid"           // the load generator was the limit
	WrongKind       RemarkKind = "wrong kind"        // Text: the kind of target that was measured
	UnknownSize     RemarkKind = "unknown size"      // of the server
	TooSmall        RemarkKind = "too small"         // Value CPUs and Second GiB; the server needs Limit and Bound
	NoBilled        RemarkKind = "no billed compute" // the function's meters are not in the run
	TooMany         RemarkKind = "too many units"    // Value of them, where Limit is the most that is priced
	NoService       RemarkKind = "no service time"
	ColdStarts      RemarkKind = "cold starts" // Value: their share, Limit: the SLO's; Second s for Bound s; Text: the limit's name
	QuotaExceeded   RemarkKind = "quota"       // Value environments where Limit may be
	NoPrice         RemarkKind = "no price"    // Text: the PartName; there is a cost without it but where it is requests
	WrongUnit       RemarkKind = "wrong unit"  // Text: the ID of a price by a unit that its position cannot be charged by
)

// What a cost rests on.
const (
	Emulated          RemarkKind = "emulated"        // Text: by what
	OtherProcessor    RemarkKind = "other processor" // Text: of the machine that was measured
	OtherArchitecture RemarkKind = "other architecture"
	Batched           RemarkKind = "batched"                // Value: examples in a request
	SharedUnit        RemarkKind = "several servers a unit" // Value of them, not measured together
	Burstable         RemarkKind = "burstable"              // its CPUs are not its own at all times
	NoInterval        RemarkKind = "no interval"            // Value rounds of billed compute, from Second to Bound GB-seconds, give none
	NodeReserve       RemarkKind = "node reserve"           // Kubernetes keeps a part of a node for itself
	UnknownMemory     RemarkKind = "unknown memory"         // of the server, so that a unit may have too little
	OtherRegion       RemarkKind = "other region"           // Text: that of the users
	NoPriceInRegion   RemarkKind = "no price in region"     // Text: that of the users; the service is priced in another one
	OldPrice          RemarkKind = "old price"              // Text: its ID, Value: days
	UnknownAnswers    RemarkKind = "unknown answers"        // how long they are, so that egress is missing
	UnknownColdStart  RemarkKind = "unknown cold start"
	OtherColdStart    RemarkKind = "other cold start" // Second s: that of the machine that was measured
	NoUpperRate       RemarkKind = "no breaking rate" // nothing is shown to break the SLO, so that the lower end is not known
	CappedRate        RemarkKind = "capped rate"      // as is that of Value requests per second, the highest that was asked for
	ShortTraffic      RemarkKind = "short traffic"    // Value hours were recorded
	GPUNotMeasured    RemarkKind = "accelerator"      // Text: which
)

// Price estimates what it costs to serve the traffic with each measured target at each place
// that suits its kind; without places, at the cheapest of each service of a provider at which it
// would be expected to run, in the Region where the provider has places there. now is the time
// by which prices are old. Estimates are in the order of the targets, those that can serve first
// and by ascending cost. Equal arguments give equal estimates, and no figure of them is infinite.
func Price(m []Measured, places []Place, c traffic.Curve, o Options, t prices.Table, now time.Time) []Estimate {
	asked := places != nil
	if !asked {
		places = Places(t)
	}
	p := pricer{curve: c, mean: c.Mean(), hours: c.Hours(o.ScaleLag), options: o, now: now, usual: !asked}
	var all []Estimate
	for i := range m {
		its := slices.DeleteFunc(slices.Clone(places), func(place Place) bool {
			return asked && !suits(m, &m[i], place) || !asked && !usual(&m[i], place)
		})
		if !asked {
			its = near(its, o.Region)
		}
		var of []Estimate
		for _, place := range its {
			of = append(of, p.estimate(&m[i], place))
		}
		slices.SortStableFunc(of, Compare)
		if !asked {
			of = firstOfEach(of)
		}
		all = append(all, of...)
	}
	return all
}

// suits says that a place is of the target's kind, or of that of no target: then it is told
// that it is not.
func suits(all []Measured, m *Measured, p Place) bool {
	return m.fits(p) || !slices.ContainsFunc(all, func(other Measured) bool { return other.fits(p) })
}

// fits says that the target was measured as the place runs it: a function on a place of
// functions, a server on all others.
func (m *Measured) fits(p Place) bool { return (m.Kind == "lambda") == (p.Kind == Function) }

// Compare orders estimates: those that can serve first, by ascending cost, and by name where it
// is the same.
func Compare(a, b Estimate) int {
	rank := func(e Estimate) int {
		if e.Unfit != nil {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Month.Value, b.Month.Value), cmp.Compare(a.Place.ID, b.Place.ID),
		cmp.Compare(a.Measured.Target, b.Measured.Target), cmp.Compare(a.Measured.Run, b.Measured.Run))
}

// firstOfEach leaves the cheapest of each service of a provider in a region.
func firstOfEach(all []Estimate) []Estimate {
	type service struct{ provider, region, name string }
	seen := map[service]bool{}
	return slices.DeleteFunc(all, func(e Estimate) bool {
		s := service{e.Place.Provider, e.Place.Region, e.Place.Service}
		found := seen[s]
		seen[s] = true
		return found
	})
}

// Costs are the estimates of a question: what was measured, with what traffic, where.
type Costs struct {
	Traffic   traffic.Curve
	Options   Options
	Measured  []Measured
	Estimates []Estimate // those that can serve first, by ascending cost, whatever their target
	Places    []Place    // that were named; nil: none was
	Prices    prices.Table
	Now       time.Time
}

// New prices what was measured, as Price does, and ranks all of it. Targets of several runs that
// have the same name get that of their run behind it, as InRun has it.
func New(m []Measured, places []Place, c traffic.Curve, o Options, t prices.Table, now time.Time) *Costs {
	m = named(m)
	all := Price(m, places, c, o, t, now)
	slices.SortStableFunc(all, Compare)
	return &Costs{c, o, m, all, places, t, now}
}

// InRun names a target with its run: "container (20261130-101530-capacity-a1b2)".
func InRun(target, run string) string { return target + " (" + run + ")" }

func named(all []Measured) []Measured {
	names := map[string]int{}
	for _, m := range all {
		names[m.Target]++
	}
	all = slices.Clone(all)
	for i, m := range all {
		if names[m.Target] > 1 {
			all[i].Target = InRun(m.Target, m.Run)
		}
	}
	return all
}

// Priced are the estimates that have a cost.
func (c *Costs) Priced() []Estimate {
	return slices.DeleteFunc(slices.Clone(c.Estimates), func(e Estimate) bool { return e.Unfit != nil })
}

// Undecided may cost less than the first of those priced, for all that is known of their
// capacities.
func (c *Costs) Undecided() []Estimate {
	priced := c.Priced()
	if len(priced) == 0 {
		return nil
	}
	return slices.DeleteFunc(priced[1:], func(e Estimate) bool { return !mayCostLess(e, priced[0]) })
}

// mayCostLess says that the order of two could be the other way within their intervals, where
// an end that was not measured may be anywhere. Those of one measured target move together: what
// its capacity is at one place it is at the other.
func mayCostLess(e, first Estimate) bool {
	a, b := e.Month, first.Month
	switch same := e.Measured.Run == first.Measured.Run && e.Measured.Target == first.Measured.Target; {
	case a.Value == b.Value:
		return true
	case same && a.NoHigh: // it costs less from some compute on, if its cost grows more slowly
		return a.Low < b.Low || a.Value-a.Low < b.Value-b.Low
	case same:
		return a.Low < b.Low || a.High < b.High
	}
	return b.NoHigh || a.Low < b.High
}

// Sizes prices the target of an estimate at all places of the same service that come into
// question: those that were named, or else the usual ones.
func (c *Costs) Sizes(e Estimate) []Estimate {
	places := c.Places
	if places == nil {
		places = slices.DeleteFunc(Places(c.Prices), func(p Place) bool { return !usual(e.Measured, p) })
	}
	places = slices.DeleteFunc(slices.Clone(places), func(p Place) bool {
		return p.Provider != e.Place.Provider || p.Region != e.Place.Region || p.Service != e.Place.Service
	})
	if len(places) == 0 {
		return nil
	}
	return Price([]Measured{*e.Measured}, places, c.Traffic, c.Options, nil, c.Now)
}

// Again prices one target at one place with so many times the traffic.
func (c *Costs) Again(e Estimate, factor float64) Estimate {
	return Price([]Measured{*e.Measured}, []Place{e.Place}, c.Traffic.Times(factor), c.Options, nil, c.Now)[0]
}
