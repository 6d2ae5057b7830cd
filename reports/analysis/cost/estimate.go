package cost

import (
	"math"
	"slices"
	"time"

	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/prices"
)

// pricer estimates the cost of some traffic.
type pricer struct {
	curve   traffic.Curve
	mean    float64 // of the curve
	hours   []traffic.Hour
	options Options
	now     time.Time
	usual   bool // the places are the usual ones, and not those that somebody named
}

// mostUnits is how many units are priced: nobody has more of one kind.
const mostUnits = 1e6

// estimate prices a target at a place.
func (p *pricer) estimate(m *Measured, place Place) Estimate {
	e := Estimate{Place: place, Measured: m}
	if e.Unfit = m.unfit(place); e.Unfit != nil {
		return e
	}
	e.Units = make([]float64, len(p.hours))
	b := bill{pricer: p, Estimate: &e}
	switch place.Kind {
	case Fleet:
		b.fleet()
	case Function:
		b.function()
	case Requests:
		b.onRequest()
	}
	if e.Unfit != nil {
		return Estimate{Place: e.Place, Measured: m, Unfit: e.Unfit} // half a bill is none
	}
	e.PerMillion = e.Month.times(1e6 / p.requests())
	e.Remarks = append(e.Remarks, p.remarks(&e)...)
	return e
}

// requests are those of a month.
func (p *pricer) requests() float64 { return p.mean * 3600 * Hours }

// positive says that something measured is a number that can be computed with.
func positive(v float64) bool { return v > 0 && v < 1e15 }

// unfit says why there is nothing to price, whatever the traffic.
func (m *Measured) unfit(p Place) *Remark {
	switch {
	case m.Invalid:
		return &Remark{Kind: InvalidCapacity}
	case p.Kind != Fleet && len(p.request) == 0:
		return &Remark{Kind: NoPrice, Text: string(PartRequests)}
	case m.Unfinished:
		return &Remark{Kind: Unfinished, Text: m.Run}
	case !positive(m.Rate):
		return &Remark{Kind: NoCapacity}
	case !m.fits(p):
		return &Remark{Kind: WrongKind, Text: m.Kind}
	case p.Kind == Function && (m.Billed == nil || !positive(m.Billed.GBSeconds.Value) || !positive(m.Billed.GBSeconds.High)):
		return &Remark{Kind: NoBilled}
	case p.Kind == Requests && m.Service <= 0:
		return &Remark{Kind: NoService}
	case p.Kind == Function && !positive(m.MemoryGiB), p.Kind != Function && !positive(m.CPUs), p.sizes != nil && !positive(m.MemoryGiB):
		return &Remark{Kind: UnknownSize}
	case p.Kind != Function && m.servers(p) == 0:
		return &Remark{Kind: TooSmall, Value: p.VCPU, Second: p.MemoryGiB, Limit: m.CPUs, Bound: m.MemoryGiB}
	}
	return nil
}

// servers is how many of the measured servers run on one unit.
func (m *Measured) servers(p Place) int {
	if p.sizes != nil {
		if cpus, _ := p.sizes(m.CPUs, m.MemoryGiB); cpus == 0 {
			return 0
		}
		return 1
	}
	n := p.VCPU / m.CPUs
	if positive(m.MemoryGiB) {
		n = min(n, p.MemoryGiB/m.MemoryGiB)
	}
	const most = 1000 // of one unit
	return int(min(n+1e-9, most))
}

// bill is an estimate that is being made.
type bill struct {
	*pricer
	*Estimate
}

// fleet prices units that run, with requests or without: at each hour as many as carry its
// peak, and the redundant ones. More units than the certified capacity asks for never run, and
// fewer than the rate that breaks the SLO asks for are not enough: that is the interval.
func (b *bill) fleet() {
	m := b.Measured
	b.Servers = m.servers(b.Place)
	if b.Place.sizes != nil {
		b.Place.VCPU, b.Place.MemoryGiB = b.Place.sizes(m.CPUs, m.MemoryGiB)
	}
	b.Usable = m.Rate * (1 - b.options.Headroom)
	b.Month.Low = b.chargeFleet(m.breaks() * (1 - b.options.Headroom))
	b.Month.Value = b.chargeFleet(b.Usable) // last: its parts are kept
	b.Month.High, b.Month.NoLow = b.Month.Value, m.noLow(b.Month)
	if b.Peak > mostUnits {
		b.Unfit = &Remark{Kind: TooMany, Value: b.Peak, Limit: mostUnits}
	}
}

// breaks is the rate that the capacity is below; infinite where it is not known.
func (m *Measured) breaks() float64 {
	if m.Breaks > m.Rate {
		return m.Breaks
	}
	return math.Inf(1)
}

// noLow says that the lower end of a cost is not known, for want of a rate that breaks the SLO. It
// is known where even the fewest units cost as much.
func (m *Measured) noLow(month Interval) bool {
	return math.IsInf(m.breaks(), 1) && month.Low < month.Value
}

// needed is how many units carry a rate, of which a server takes so much.
func (b *bill) needed(rate, usable float64) float64 {
	if rate == 0 {
		return 0
	}
	// What is above the whole number by rounding alone takes no further unit.
	return min(max(1, math.Ceil(rate/(usable*float64(max(1, b.Servers)))-1e-9)), 1e12)
}

// chargeFleet makes the bill of a fleet whose servers take so many requests per second.
func (b *bill) chargeFleet(usable float64) (month float64) {
	o := b.options
	b.Peak, b.Needed, b.Mean, b.Parts = 0, 0, 0, nil
	for i, h := range b.hours {
		needed := b.needed(h.Peak, usable)
		b.Needed, b.Units[i] = max(b.Needed, needed), max(float64(o.MinUnits), needed+float64(o.Redundancy))
		b.Peak = max(b.Peak, b.Units[i])
	}
	for i, h := range b.hours {
		if b.Place.Fixed {
			b.Units[i] = b.Peak
		}
		b.Mean += b.Units[i] * h.Length.Hours()
	}
	b.Mean /= b.curve.Cycle().Hours()
	p := &b.Place
	b.charge(PartUnits, p.unit, 0, b.Mean)
	b.charge(PartCPU, p.cpu, 0, b.Mean*p.VCPU)
	b.charge(PartMemory, p.memory, 0, b.Mean*p.MemoryGiB)
	b.charge(PartFee, p.fee, 0, 1)
	addresses := b.Mean
	if b.Peak > 1 && o.LoadBalancer && !p.balanced {
		const zones = 2 // a load balancer has an address in each
		addresses += zones
		b.charge(PartBalancer, p.balancer, 0, 1)
		b.charge(PartLoad, p.load, 0, b.loadUnits())
	}
	b.charge(PartAddresses, p.address, 0, addresses)
	return b.chargeEgress()
}

// loadUnits are the mean LCUs of a load balancer of AWS: at each hour those of its new
// connections, 25 per second, or of its bytes, 1 GB per hour, whichever are more.
func (b *bill) loadUnits() (mean float64) {
	perRequest := max(1/(25*b.options.PerConnection), 3600*(b.Measured.RequestBytes+b.answerBytes())/1e9)
	return b.mean * perRequest
}

func (b *bill) answerBytes() float64 {
	if b.options.AnswerBytes > 0 {
		return b.options.AnswerBytes
	}
	return max(0, b.Measured.AnswerBytes)
}

// chargeEgress adds the last part of a bill, and returns the sum of all.
func (b *bill) chargeEgress() (month float64) {
	if bytes := b.answerBytes(); bytes > 0 {
		b.charge(PartEgress, b.Place.egress, 0, b.requests()*bytes/1e9)
	}
	for _, part := range b.Parts {
		month += part.USD
	}
	return month
}

// perMonth is by what the quantity of a position is multiplied to be a month's, at a price of
// some unit; false: the position cannot be charged by that unit.
func (n PartName) perMonth(unit string) (factor float64, fits bool) {
	byTime := map[string]float64{"second": Hours * 3600, "hour": Hours, "month": 1}
	units := byTime
	switch n {
	case PartCPU:
		units = map[string]float64{"vCPU-second": byTime["second"], "vCPU-hour": byTime["hour"]}
	case PartMemory:
		units = map[string]float64{"GB-second": byTime["second"], "GiB-second": byTime["second"], "GB-hour": byTime["hour"]}
	case PartLoad:
		units = map[string]float64{"LCU-hour": byTime["hour"]}
	case PartRequests:
		units = map[string]float64{"request": 1}
	case PartCompute, PartColdStart:
		units = map[string]float64{"GB-second": 1}
	case PartEgress:
		units = map[string]float64{"GB": 1}
	}
	factor, fits = units[unit]
	return factor, fits
}

// charge adds a part to the bill: of a price by time as many units as run on average, of others
// as many as a month takes. Those before are charged already, and count for the tiers.
func (b *bill) charge(name PartName, rows prices.Table, before, quantity float64) {
	if len(rows) == 0 {
		return
	}
	factor, fits := name.perMonth(rows[0].Unit)
	if !fits {
		if b.Unfit == nil {
			b.Unfit = &Remark{Kind: WrongUnit, Text: rows[0].ID()}
		}
		return
	}
	quantity *= factor
	part := Part{Name: name, Quantity: quantity}
	for i, row := range rows {
		until := math.Inf(1)
		if i+1 < len(rows) {
			until = rows[i+1].From
		}
		// Only what is above the beginning of the tier and below the next one's; without adding
		// what is little to what is much.
		in := min(quantity, until-before)
		if before < row.From {
			in = min(before+quantity, until) - row.From
		}
		if in > 0 {
			part.Rows = append(part.Rows, Billable{row, in})
			part.USD += in * row.USD
		}
	}
	if part.Rows == nil {
		part.Rows = []Billable{{Price: rows[0]}}
	}
	b.Parts = append(b.Parts, part)
}

// function prices requests and their compute. What is known of the compute is the interval.
func (b *bill) function() {
	m := b.Measured
	took := m.Billed.GBSeconds.Value / m.MemoryGiB
	there := func(h traffic.Hour) float64 { return math.Ceil(h.Peak*took - 1e-9) }
	b.busy(there, func(h traffic.Hour) float64 { return h.Mean * took })
	if most := float64(b.options.Concurrency); b.Peak > most {
		b.Unfit = &Remark{Kind: QuotaExceeded, Value: b.Peak, Limit: most}
		return
	}
	g := m.Billed.GBSeconds
	b.Month = Interval{Low: b.chargeFunction(g.Low), High: b.chargeFunction(g.High), NoLow: g.NoLow, NoHigh: g.NoHigh}
	b.Month.Value = b.chargeFunction(g.Value) // last: its parts are kept
}

func (b *bill) chargeFunction(gbSeconds float64) (month float64) {
	b.Parts = nil
	n := b.requests()
	b.charge(PartRequests, b.Place.request, 0, n)
	b.charge(PartCompute, b.Place.memory, 0, n*max(0, gbSeconds))
	if b.Measured.Billed.Init > 0 {
		b.charge(PartColdStart, b.Place.memory, n*max(0, gbSeconds), n*b.ColdShare*b.Measured.Billed.Init)
	}
	return b.chargeEgress()
}

// onRequest prices containers that are billed while they have requests: requests are spread on
// as many as carry the mean rate, and each is busy as long after a request as it takes, or as
// the place bills at least.
func (b *bill) onRequest() {
	m := b.Measured
	b.Servers = 1
	b.Place.VCPU, b.Place.MemoryGiB = b.Place.sizes(m.CPUs, m.MemoryGiB)
	b.Usable = m.Rate * (1 - b.options.Headroom)
	b.Month.Low = b.chargeOnRequest(m.breaks() * (1 - b.options.Headroom))
	b.Month.Value = b.chargeOnRequest(b.Usable)
	b.Month.High, b.Month.NoLow = b.Month.Value, m.noLow(b.Month)
	if b.Unfit == nil && b.Peak > mostUnits {
		b.Unfit = &Remark{Kind: TooMany, Value: b.Peak, Limit: mostUnits}
	}
}

func (b *bill) chargeOnRequest(usable float64) (month float64) {
	took := b.Measured.Service
	if step := b.Place.step; step > 0 {
		took = (took + step - 1) / step * step
	}
	window := max(took, b.Place.hold).Seconds()
	b.Parts = nil
	b.busy(
		func(h traffic.Hour) float64 { return b.needed(h.Peak, usable) },
		func(h traffic.Hour) float64 {
			n := max(1, b.needed(h.Mean, usable))
			return n * -math.Expm1(-h.Mean/n*window)
		})
	b.charge(PartRequests, b.Place.request, 0, b.requests())
	b.charge(PartCPU, b.Place.cpu, 0, b.Mean*b.Place.VCPU)
	b.charge(PartMemory, b.Place.memory, 0, b.Mean*b.Place.MemoryGiB)
	return b.chargeEgress()
}

// busy counts the units that come and go with the requests: there are those at the peak of an
// hour, of which some are busy on average. It finds the share of the requests that wait for one
// to start: those that come so long after the one before that the only one was ended, by
// Poisson arrivals, and the first of each one that an hour has more than the hour before.
func (b *bill) busy(there, busy func(traffic.Hour) float64) {
	b.Peak, b.Mean = 0, 0
	var cold float64
	before := there(b.hours[len(b.hours)-1])
	for i, h := range b.hours {
		b.Units[i] = busy(h)
		b.Mean += b.Units[i] * h.Length.Hours()
		n := there(h)
		b.Peak = max(b.Peak, n)
		cold += h.Mean*h.Length.Seconds()*math.Exp(-h.Mean*b.options.Eviction.Seconds()) + max(0, n-before)
		before = n
	}
	b.Mean /= b.curve.Cycle().Hours()
	b.Needed = b.Peak
	b.ColdShare = min(1, cold/(b.mean*b.curve.Cycle().Seconds()))
	b.Unfit = nil
	for _, l := range b.Measured.Limits {
		if b.ColdShare > l.Share && b.Measured.ColdStart > l.At && b.Unfit == nil {
			b.Unfit = &Remark{Kind: ColdStarts, Text: l.Name, Value: b.ColdShare, Limit: l.Share, Second: b.Measured.ColdStart.Seconds(), Bound: l.At.Seconds()}
		}
	}
}

// remarks are what a cost rests on.
func (p *pricer) remarks(e *Estimate) []Remark {
	m, place := e.Measured, &e.Place
	var all []Remark
	add := func(applies bool, r Remark) {
		if applies {
			all = append(all, r)
		}
	}
	has := func(name PartName) bool {
		return slices.ContainsFunc(e.Parts, func(p Part) bool { return p.Name == name })
	}
	add(m.Emulated != "", Remark{Kind: Emulated, Text: string(m.Emulated)})
	add(true, Remark{Kind: OtherProcessor, Text: m.Processor})
	add(m.Batch > 1, Remark{Kind: Batched, Value: float64(m.Batch)})
	add(place.Arm != m.Arm, Remark{Kind: OtherArchitecture})
	add(place.Accelerator != "", Remark{Kind: GPUNotMeasured, Text: place.Accelerator})
	add(place.Burstable, Remark{Kind: Burstable})
	if m.Billed != nil {
		add(m.Billed.GBSeconds.NoHigh, Remark{Kind: NoInterval, Value: float64(m.Billed.Rounds), Second: m.Billed.Least, Bound: m.Billed.Most})
	}
	add(place.Kind != Function && !positive(m.MemoryGiB), Remark{Kind: UnknownMemory})
	add(e.Servers > 1, Remark{Kind: SharedUnit, Value: float64(e.Servers)})
	add(place.Service == "eks", Remark{Kind: NodeReserve})
	elsewhere := place.Region != p.options.Region && !place.Own()
	add(elsewhere && !p.usual, Remark{Kind: OtherRegion, Text: p.options.Region})
	add(elsewhere && p.usual, Remark{Kind: NoPriceInRegion, Text: p.options.Region})
	add(place.Kind != Function && e.Month.NoLow && !m.Capped, Remark{Kind: NoUpperRate})
	add(place.Kind != Function && e.Month.NoLow && m.Capped, Remark{Kind: CappedRate, Value: m.Rate})
	add(place.Kind == Requests && m.ColdStart > 0, Remark{Kind: OtherColdStart, Second: m.ColdStart.Seconds()})
	add(place.Kind != Fleet && m.ColdStart == 0, Remark{Kind: UnknownColdStart, Value: e.ColdShare})
	known := m.AnswerBytes > 0 || p.options.AnswerBytes > 0
	add(!known, Remark{Kind: UnknownAnswers})
	balanced := place.Kind == Fleet && e.Peak > 1 && p.options.LoadBalancer && !place.balanced
	for _, part := range []struct {
		due  bool
		name PartName
	}{
		{place.Service == "gke", PartFee}, // a node of EKS is a place only where the control plane has a price
		{balanced, PartBalancer},
		{balanced && has(PartBalancer), PartLoad},
		{place.Kind == Fleet && place.Provider == "aws" && place.Service != "sagemaker", PartAddresses},
		{known && !place.Own(), PartEgress},
	} {
		add(part.due && !has(part.name), Remark{Kind: NoPrice, Text: string(part.name)})
	}
	add(p.curve.Recorded && p.curve.Cycle() < 24*time.Hour, Remark{Kind: ShortTraffic, Value: p.curve.Cycle().Hours()})
	var old []string
	for _, part := range e.Parts {
		for _, row := range part.Rows {
			if row.Stale(p.now) && !slices.Contains(old, row.ID()) {
				old = append(old, row.ID())
				all = append(all, Remark{Kind: OldPrice, Text: row.ID(), Value: math.Floor(row.Age(p.now).Hours() / 24)})
			}
		}
	}
	return all
}
