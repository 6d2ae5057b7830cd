package cost_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/prices"
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// container is a server of one CPU that holds its SLO up to 100 requests per second.
func container() cost.Measured {
	return cost.Measured{
		Target: "container", Kind: "container", Rate: 100, Breaks: 125, CPUs: 1, MemoryGiB: 2, Processor: "Some CPU",
		Service: 20 * time.Millisecond, ColdStart: 2 * time.Second, Starts: 10,
		Limits: []cost.Limit{{Name: "p99 response time", Share: 0.01, At: 50 * time.Millisecond}},
	}
}

// function is one of 1,769 MB that takes 20 ms.
func function() cost.Measured {
	m := container()
	gb := 1769.0 / 1024
	m.Target, m.Kind, m.MemoryGiB, m.CPUs = "lambda", "lambda", gb, 1
	m.Billed = &cost.Billed{GBSeconds: cost.Interval{Value: 0.020 * gb, Low: 0.019 * gb, High: 0.022 * gb}, Rounds: 5, Init: gb}
	return m
}

// fewRounds is a function whose billed compute has no interval.
func fewRounds() cost.Measured {
	m := function()
	m.Billed.GBSeconds.NoLow, m.Billed.GBSeconds.NoHigh, m.Billed.Rounds = true, true, 2
	m.Billed.GBSeconds.Low, m.Billed.GBSeconds.High = 0, m.Billed.GBSeconds.Value
	m.Billed.Least, m.Billed.Most = 0.5*m.Billed.GBSeconds.Value, 1.5*m.Billed.GBSeconds.Value
	return m
}

// bare are the options of one unit, without all that is beside it.
func bare() cost.Options {
	o := cost.Defaults()
	o.Redundancy, o.Headroom, o.MinUnits = 0, 0, 1
	return o
}

func shape(t testing.TB, text string) traffic.Curve {
	t.Helper()
	c, err := traffic.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(t testing.TB, ids ...string) []cost.Place {
	t.Helper()
	all := cost.Places(prices.Builtin())
	var places []cost.Place
	for _, id := range ids {
		p, ok := cost.Find(all, id)
		if !ok {
			t.Fatalf("no place %s", id)
		}
		places = append(places, p)
	}
	return places
}

func one(t testing.TB, m cost.Measured, id, load string, o cost.Options) cost.Estimate {
	t.Helper()
	all := cost.Price([]cost.Measured{m}, at(t, id), shape(t, load), o, prices.Builtin(), now)
	if len(all) != 1 {
		t.Fatalf("%d estimates of one target at one place", len(all))
	}
	return all[0]
}

// TestFloors compares the idle floors and the cost per request with sums made by hand from the
// table's prices.
func TestFloors(t *testing.T) {
	balanced := bare()
	balanced.MinUnits, balanced.PerConnection = 2, 1e12 // no LCU
	slow := container()
	slow.Service = 101 * time.Millisecond
	for _, tc := range []struct {
		name, id, load string
		m              cost.Measured
		o              cost.Options
		month          float64
	}{
		{"a task and its address", "aws/us-east-1/fargate/x86_64", "constant:1/s", container(), bare(), 730 * (0.04048 + 2*0.004445 + 0.005)},
		{"an instance and its address", "aws/us-east-1/ec2/c7i.large", "constant:1/s", container(), bare(), 730 * (0.08925 + 0.005)},
		{"two tasks behind a load balancer", "aws/us-east-1/fargate/x86_64", "constant:1/s", container(), balanced,
			730 * (2*(0.04048+2*0.004445) + 0.0225 + 4*0.005)},
		{"two nodes of a cluster", "aws/us-east-1/eks/c7i.large", "constant:1/s", container(), balanced, 730 * (0.10 + 2*0.08925 + 0.0225 + 4*0.005)},
		{"an endpoint", "aws/us-east-1/sagemaker/ml.m5.large", "constant:1/s", container(), balanced, 730 * 2 * 0.115},
		{"a machine by the month", "hetzner/eu/vm/CCX13", "constant:1/s", container(), bare(), 47.860767},
		{"a function", "aws/us-east-1/lambda/x86_64", "constant:10/s", function(), bare(),
			10 * 3600 * 730 * (2e-7 + 0.020*1769/1024*0.0000166667)},
		// Instance-seconds of one instance that is busy for a share of 1 − e^(−λS).
		{"a container that is billed on request", "gcp/us-central1/cloud-run/request-based", "constant:1/s", container(), bare(),
			3600 * 730 * (4e-7 + (1-math.Exp(-0.1))*(0.000024+2*0.0000025))},
		{"a container that is billed by 100 ms", "gcp/us-central1/cloud-run/request-based", "constant:1/s", slow, bare(),
			3600 * 730 * (4e-7 + (1-math.Exp(-0.2))*(0.000024+2*0.0000025))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := one(t, tc.m, tc.id, tc.load, tc.o)
			if e.Unfit != nil || math.Abs(e.Month.Value-tc.month) > 1e-3*tc.month {
				t.Errorf("%.3f a month, want %.3f (%+v, %+v)", e.Month.Value, tc.month, e.Unfit, e.Parts)
			}
		})
	}
}

func TestUnits(t *testing.T) {
	o := bare()
	o.Headroom, o.Redundancy = 0.5, 1 // 50/s a server
	e := one(t, container(), "aws/us-east-1/fargate/x86_64", "spiky:5/s,peak=20x,minutes=10", o)
	// One unit and the redundant one carry up to 50/s; the burst of 100/s takes two, and begins
	// in the hour after the one in which it is prepared.
	for hour, n := range e.Units {
		want := 2.0
		if hour == 12 || hour == 11 {
			want = 3
		}
		if n != want {
			t.Errorf("hour %d: %g units, want %g", hour, n, want)
		}
	}
	if e.Peak != 3 || math.Abs(e.Mean-(2*22+3*2)/24.) > 1e-9 {
		t.Errorf("peak %g, mean %g", e.Peak, e.Mean)
	}
	// Four servers of one CPU and 2 GiB on one of 8 CPUs and 16 GiB would be eight; memory halves it.
	m := container()
	m.MemoryGiB = 4
	if e = one(t, m, "aws/us-east-1/ec2/c7i.2xlarge", "constant:400/s", bare()); e.Servers != 4 || e.Peak != 1 {
		t.Errorf("%d servers on a unit, %g units, want 4 on 1", e.Servers, e.Peak)
	}
	// A machine that is paid by the month stays when there is nothing to do.
	if e = one(t, container(), "hetzner/eu/vm/CCX13", "daily:300/s", bare()); slices.Min(e.Units) != 3 || e.Mean != 3 {
		t.Errorf("units %v, mean %g, want 3 at all hours", e.Units, e.Mean)
	}
}

func TestInterval(t *testing.T) {
	e := one(t, container(), "aws/us-east-1/fargate/x86_64", "constant:500/s", bare()) // 5 at 100/s, 4 at 125/s
	if e.Peak != 5 || e.Month.High != e.Month.Value || !(e.Month.Low < 0.85*e.Month.Value) || !(e.Month.Low > 0.75*e.Month.Value) {
		t.Errorf("%g units, %+v a month", e.Peak, e.Month)
	}
	m := container()
	m.Breaks = 0 // nothing is known above the certified rate
	if e = one(t, m, "aws/us-east-1/fargate/x86_64", "constant:500/s", bare()); !(e.Month.Low < 0.4*e.Month.Value) || !e.Month.NoLow || e.Month.NoHigh || !remarked(e, cost.NoUpperRate) {
		t.Errorf("%+v a month, remarks %+v", e.Month, e.Remarks)
	}
	// Where one unit is enough, no higher capacity makes it cheaper.
	if e = one(t, m, "aws/us-east-1/fargate/x86_64", "constant:5/s", bare()); e.Month.NoLow || e.Month.Low != e.Month.Value || remarked(e, cost.NoUpperRate) {
		t.Errorf("%+v a month of one unit, remarks %+v", e.Month, e.Remarks)
	}
	m.Capped = true
	if e = one(t, m, "aws/us-east-1/fargate/x86_64", "constant:500/s", bare()); !e.Month.NoLow || !remarked(e, cost.CappedRate) || remarked(e, cost.NoUpperRate) {
		t.Errorf("%+v a month at the highest rate that was asked for, remarks %+v", e.Month, e.Remarks)
	}
	if e = one(t, function(), "aws/us-east-1/lambda/x86_64", "constant:50/s", bare()); !(e.Month.Low < e.Month.Value && e.Month.Value < e.Month.High) {
		t.Errorf("%+v a month of a function whose billed compute has an interval", e.Month)
	}
	if e = one(t, fewRounds(), "aws/us-east-1/lambda/x86_64", "constant:50/s", bare()); !e.Month.NoLow || !e.Month.NoHigh || !e.PerMillion.NoHigh || !remarked(e, cost.NoInterval) {
		t.Errorf("%+v a month of a function whose billed compute has none, remarks %+v", e.Month, e.Remarks)
	}
}

func TestUnfit(t *testing.T) {
	change := func(f func(*cost.Measured)) cost.Measured { m := container(); f(&m); return m }
	changed := func(f func(*cost.Measured)) cost.Measured { m := function(); f(&m); return m }
	const task, lambda, run = "aws/us-east-1/fargate/x86_64", "aws/us-east-1/lambda/x86_64", "gcp/us-central1/cloud-run/request-based"
	for _, tc := range []struct {
		name, id, load string
		m              cost.Measured
		want           cost.RemarkKind
	}{
		{"no capacity", task, "constant:1/s", change(func(m *cost.Measured) { m.Rate = 0 }), cost.NoCapacity},
		{"capacity that is no number", task, "constant:1/s", change(func(m *cost.Measured) { m.Rate = math.NaN() }), cost.NoCapacity},
		{"infinite capacity", task, "constant:1/s", change(func(m *cost.Measured) { m.Rate = math.Inf(1) }), cost.NoCapacity},
		{"the generator was the limit", task, "constant:1/s", change(func(m *cost.Measured) { m.Invalid = true }), cost.InvalidCapacity},
		{"unknown CPUs", task, "constant:1/s", change(func(m *cost.Measured) { m.CPUs = 0 }), cost.UnknownSize},
		{"unknown memory of a task", task, "constant:1/s", change(func(m *cost.Measured) { m.MemoryGiB = 0 }), cost.UnknownSize},
		{"more CPUs than a task has", task, "constant:1/s", change(func(m *cost.Measured) { m.CPUs = 64 }), cost.TooSmall},
		{"more CPUs than an instance has", "aws/us-east-1/ec2/c7i.large", "constant:1/s", change(func(m *cost.Measured) { m.CPUs = 3 }), cost.TooSmall},
		{"a server as a function", lambda, "constant:1/s", container(), cost.WrongKind},
		{"a function as a server", task, "constant:1/s", function(), cost.WrongKind},
		{"a function without meters", lambda, "constant:1/s", changed(func(m *cost.Measured) { m.Billed = nil }), cost.NoBilled},
		{"cold starts of a function", lambda, "constant:10/h", function(), cost.ColdStarts},
		{"cold starts of a container", run, "constant:10/h", container(), cost.ColdStarts},
		{"more environments than allowed", lambda, "constant:60000/s", function(), cost.QuotaExceeded},
		{"unknown service time", run, "constant:1/s", change(func(m *cost.Measured) { m.Service = 0 }), cost.NoService},
		{"more units than anybody has", task, "constant:1e9/s", container(), cost.TooMany},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := one(t, tc.m, tc.id, tc.load, bare())
			if e.Unfit == nil || e.Unfit.Kind != tc.want {
				t.Fatalf("unfit for %+v, want %s", e.Unfit, tc.want)
			}
			if e.Month != (cost.Interval{}) || e.Parts != nil || e.Units != nil || e.Mean != 0 || e.Peak != 0 {
				t.Errorf("it is priced nevertheless: %+v", e.Month)
			}
		})
	}
	fast := changed(func(m *cost.Measured) { m.ColdStart = 40 * time.Millisecond })
	if e := one(t, fast, lambda, "constant:10/h", bare()); e.Unfit != nil {
		t.Errorf("cold starts within the limit break it: %+v", e.Unfit)
	}
}

func TestRemarks(t *testing.T) {
	m := container()
	m.Emulated = cost.EmulatedCPU
	e := one(t, m, "aws/us-east-1/ec2/t4g.large", "constant:1/s", cost.Defaults())
	for _, kind := range []cost.RemarkKind{cost.Emulated, cost.OtherProcessor, cost.OtherArchitecture, cost.Burstable, cost.UnknownAnswers} {
		if !remarked(e, kind) {
			t.Errorf("no remark %q: %+v", kind, e.Remarks)
		}
	}
	if e = one(t, m, "aws/us-east-1/ec2/c7i.2xlarge", "constant:1/s", cost.Defaults()); !remarked(e, cost.SharedUnit) || remarked(e, cost.OtherArchitecture) {
		t.Errorf("remarks %+v", e.Remarks)
	}
	if e = one(t, m, "aws/us-east-1/eks/c7i.large", "constant:1/s", cost.Defaults()); !remarked(e, cost.NodeReserve) {
		t.Errorf("remarks %+v", e.Remarks)
	}
	unlimited := container()
	unlimited.MemoryGiB = 0
	if e = one(t, unlimited, "aws/us-east-1/ec2/c7i.large", "constant:1/s", cost.Defaults()); !remarked(e, cost.UnknownMemory) {
		t.Errorf("remarks %+v", e.Remarks)
	}
	o := cost.Defaults()
	o.AnswerBytes = 4000
	if e = one(t, m, "hetzner/eu/vm/CCX13", "constant:1/s", o); !remarked(e, cost.OtherRegion) || lacks(e, cost.PartBalancer, cost.PartEgress) != "" {
		t.Errorf("remarks %+v", e.Remarks)
	}
	if e = one(t, m, "aws/us-east-1/fargate/x86_64", "constant:1/s", o); !remarked(e, cost.OldPrice) || remarked(e, cost.UnknownAnswers) {
		t.Errorf("remarks %+v", e.Remarks)
	}
	// 4 kB an answer at $0.09 per GB are $0.36 per million.
	i := slices.IndexFunc(e.Parts, func(p cost.Part) bool { return p.Name == cost.PartEgress })
	if i < 0 || math.Abs(e.Parts[i].USD/(3600*730/1e6)-0.36) > 1e-9 {
		t.Errorf("egress %+v", e.Parts)
	}
}

func remarked(e cost.Estimate, kind cost.RemarkKind) bool {
	return slices.ContainsFunc(e.Remarks, func(r cost.Remark) bool { return r.Kind == kind })
}

// TestUnitsOfPrices prices by whatever unit the user's price has, and refuses what is none for
// that position.
func TestUnitsOfPrices(t *testing.T) {
	const run, task, instance, lambda = "gcp/us-central1/cloud-run/request-based", "aws/us-east-1/fargate/x86_64", "aws/us-east-1/ec2/c7i.large", "aws/us-east-1/lambda/x86_64"
	for _, tc := range []struct {
		item, unit string
		factor     float64 // by which one unit of the price is dearer than that of the table's unit; 0: it cannot be charged
		id         string
	}{
		{"aws/us-east-1/fargate/x86_64 vCPU", "vCPU-second", 1 / 3600., task},
		{"aws/us-east-1/fargate/x86_64 memory", "GB-second", 1 / 3600., task},
		{"aws/us-east-1/fargate/x86_64 memory", "GB-month", 0, task},
		{"gcp/us-central1/cloud-run/request-based memory tier 1", "GB-second", 1, run},
		{"gcp/us-central1/cloud-run/requests tier 1", "GB", 0, run},
		{"aws/us-east-1/ec2/c7i.large", "month", 730, instance},
		{"aws/us-east-1/lambda/duration x86_64", "GB-hour", 0, lambda},
		{"aws/us-east-1/lambda/requests", "hour", 0, lambda},
		{"aws/us-east-1/vpc/public IPv4 in use or idle", "GB", 0, task},
	} {
		table := prices.Builtin()
		price := table.Lookup(tc.item)[0]
		price.Unit = tc.unit
		if tc.factor > 0 {
			price.USD *= tc.factor
		}
		place, ok := cost.Find(cost.Places(table.With(prices.Table{price})), tc.id)
		if !ok {
			t.Fatalf("no place %s", tc.id)
		}
		m := container()
		if place.Kind == cost.Function {
			m = function()
		}
		price1 := func(p cost.Place) cost.Estimate {
			return cost.Price([]cost.Measured{m}, []cost.Place{p}, shape(t, "constant:10/s"), bare(), nil, now)[0]
		}
		e, want := price1(place), price1(at(t, tc.id)[0])
		switch {
		case tc.factor == 0:
			if e.Unfit == nil || e.Unfit.Kind != cost.WrongUnit || e.Unfit.Text != tc.item {
				t.Errorf("%s by the %s: %+v, %+v", tc.item, tc.unit, e.Unfit, e.Month)
			}
		case e.Unfit != nil || tc.item != instance && math.Abs(e.Month.Value-want.Month.Value) > 1e-9*want.Month.Value:
			t.Errorf("%s by the %s: %+v, want %+v (%+v)", tc.item, tc.unit, e.Month, want.Month, e.Unfit)
		}
	}
}

// lacks is a part of which an estimate does not say that it has no price; "": it says so of all.
func lacks(e cost.Estimate, parts ...cost.PartName) cost.PartName {
	for _, part := range parts {
		if !slices.Contains(e.Remarks, cost.Remark{Kind: cost.NoPrice, Text: string(part)}) {
			return part
		}
	}
	return ""
}

// TestMissingPrices leaves a price out of the table: the estimate says so, and without a price
// of requests there is none.
func TestMissingPrices(t *testing.T) {
	o := cost.Defaults()
	o.AnswerBytes = 4000
	for _, tc := range []struct {
		gone, id string
		part     cost.PartName
	}{
		{"aws/us-east-1/elb/ALB LCU", "aws/us-east-1/fargate/x86_64", cost.PartLoad},
		{"aws/us-east-1/elb/application load balancer", "aws/us-east-1/fargate/x86_64", cost.PartBalancer},
		{"aws/us-east-1/vpc/public IPv4 in use or idle", "aws/us-east-1/ec2/c7i.large", cost.PartAddresses},
		{"aws/us-east-1/transfer/egress internet", "aws/us-east-1/ec2/c7i.large", cost.PartEgress},
		{"gcp/us-central1/gke/cluster management fee", "gcp/us-central1/gke/autopilot", cost.PartFee},
		{"gcp/us-central1/cloud-run/requests tier 1", "gcp/us-central1/cloud-run/request-based", cost.PartRequests},
		{"aws/us-east-1/lambda/requests", "aws/us-east-1/lambda/x86_64", cost.PartRequests},
	} {
		table := slices.DeleteFunc(prices.Builtin(), func(p prices.Price) bool { return p.ID() == tc.gone })
		place, ok := cost.Find(cost.Places(table), tc.id)
		m := container()
		if place.Kind == cost.Function {
			m = function()
		}
		e := cost.Price([]cost.Measured{m}, []cost.Place{place}, shape(t, "constant:50/s"), o, table, now)[0]
		if !ok || tc.part != cost.PartRequests && (e.Unfit != nil || lacks(e, tc.part) != "") {
			t.Errorf("without %s: found %t, %+v, %+v", tc.gone, ok, e.Remarks, e.Unfit)
		}
		if tc.part == cost.PartRequests && (e.Unfit == nil || e.Unfit.Kind != cost.NoPrice) {
			t.Errorf("without %s it is priced: %+v", tc.gone, e.Month)
		}
	}
	if e := one(t, container(), "aws/us-east-1/fargate/x86_64", "constant:50/s", o); remarked(e, cost.NoPrice) {
		t.Errorf("with all prices: %+v", e.Remarks)
	}
}

// TestTiers prices more compute than the first tier has, cold starts at the end of it.
func TestTiers(t *testing.T) {
	m := function()
	m.Billed.GBSeconds = cost.Interval{Value: 1, Low: 1, High: 1}
	m.MemoryGiB = 10
	o := bare()
	o.Concurrency = 1e6
	e := one(t, m, "aws/us-east-1/lambda/x86_64", "constant:10000/s", o)
	n := 10000 * 3600 * 730.0
	want := 6e9*0.0000166667 + 9e9*0.000015 + (n-15e9)*0.0000133334
	i := slices.IndexFunc(e.Parts, func(p cost.Part) bool { return p.Name == cost.PartCompute })
	if i < 0 || math.Abs(e.Parts[i].USD-want) > 1e-6*want || len(e.Parts[i].Rows) != 3 {
		t.Errorf("compute %+v, want %.2f in three tiers", e.Parts, want)
	}
}

// TestUsual names no place: the cheapest of each service is chosen, and none that does not suit.
func TestUsual(t *testing.T) {
	all := cost.Price([]cost.Measured{container(), function()}, nil, shape(t, "daily:50/s,peak=3x"), cost.Defaults(), prices.Builtin(), now)
	seen := map[string]bool{}
	for i, e := range all {
		id := e.Measured.Target + " " + e.Place.Provider + e.Place.Region + e.Place.Service
		if seen[id] || e.Place.Arm || e.Place.Accelerator != "" || e.Place.Burstable {
			t.Errorf("%s of %s", e.Place.ID, e.Measured.Target)
		}
		if e.Place.Provider == "aws" && e.Place.Region != "us-east-1" {
			t.Errorf("%s is elsewhere, and there are places of aws in us-east-1", e.Place.ID)
		}
		seen[id] = true
		if i > 0 && all[i-1].Measured == e.Measured && e.Unfit == nil && all[i-1].Month.Value > e.Month.Value {
			t.Errorf("%s is cheaper than the one before", e.Place.ID)
		}
	}
	for _, want := range []string{"container awsus-east-1fargate", "container awsus-east-1ec2", "container gcpus-central1cloud-run", "container hetznereuvm", "lambda awsus-east-1lambda"} {
		if !seen[want] {
			t.Errorf("no place of %s", want)
		}
	}
}

// TestUsualInRegion: a service that has no price in the region is priced where it has one, and says
// so, whatever other services of its provider have there; one that has is priced there alone.
func TestUsualInRegion(t *testing.T) {
	for _, tc := range []struct {
		region       string
		there        []string // IDs up to the service
		elsewhere    []string
		notElsewhere []string
	}{
		{"us-east-1", []string{"aws/us-east-1/ec2", "aws/us-east-1/fargate", "aws/us-east-1/lambda", "aws/us-east-1/sagemaker"},
			[]string{"hetzner/eu/vm", "gcp/europe-west3/vm"}, []string{"aws/us-west-2/sagemaker", "aws/eu-central-1/vm"}},
		{"us-west-2", []string{"aws/us-west-2/sagemaker"},
			[]string{"aws/us-east-1/ec2", "aws/us-east-1/fargate", "aws/us-east-1/lambda", "gcp/us-central1/cloud-run"}, []string{"aws/us-east-1/sagemaker"}},
		{"eu-central-1", []string{"aws/eu-central-1/vm"},
			[]string{"aws/us-east-1/ec2", "aws/us-east-1/fargate", "aws/us-east-1/lambda", "gcp/europe-west3/vm"}, nil},
		{"europe-west3", []string{"gcp/europe-west3/vm", "gcp/europe-west3/cloud-run"}, []string{"aws/us-east-1/lambda"}, []string{"gcp/us-central1/cloud-run"}},
		// The only machine there has shared CPUs, and is no usual place.
		{"fsn1", nil, []string{"hetzner/eu/vm"}, []string{"hetzner/fsn1/vm"}},
	} {
		o := cost.Defaults()
		o.Region = tc.region
		priced := map[string]bool{} // whether it is said to be elsewhere
		for _, e := range cost.Price([]cost.Measured{container(), function()}, nil, shape(t, "daily:50/s,peak=3x"), o, prices.Builtin(), now) {
			if e.Unfit == nil {
				priced[strings.Join([]string{e.Place.Provider, e.Place.Region, e.Place.Service}, "/")] = remarked(e, cost.NoPriceInRegion)
			}
		}
		for _, want := range tc.there {
			if elsewhere, is := priced[want]; !is || elsewhere {
				t.Errorf("%s: %s is priced %t, and said to be elsewhere %t", tc.region, want, is, elsewhere)
			}
		}
		for _, want := range tc.elsewhere {
			if elsewhere, is := priced[want]; !is || !elsewhere {
				t.Errorf("%s: %s is priced %t, and said to be elsewhere %t", tc.region, want, is, elsewhere)
			}
		}
		for _, not := range tc.notElsewhere {
			if _, is := priced[not]; is {
				t.Errorf("%s: %s is priced, and the service has prices in the region or suits nobody", tc.region, not)
			}
		}
	}
}

// TestUndecided: two places of one capacity move together, so that an overlap of their intervals
// decides nothing; another capacity of which nothing above is known may make the cheaper one.
func TestUndecided(t *testing.T) {
	of := func(m []cost.Measured, ids ...string) []cost.Estimate {
		c := cost.New(m, at(t, ids...), shape(t, "constant:500/s"), bare(), prices.Builtin(), now)
		if len(c.Priced()) < 2 || c.Priced()[0].Month.Low > c.Priced()[1].Month.High || c.Priced()[1].Month.Low > c.Priced()[0].Month.High {
			t.Fatalf("the intervals of %+v do not overlap", c.Priced())
		}
		return c.Undecided()
	}
	open := container()
	open.Breaks = 0
	if all := of([]cost.Measured{open}, "aws/us-east-1/fargate/x86_64", "aws/us-east-1/ec2/c7i.large"); len(all) != 0 {
		t.Errorf("undecided against %+v, with the same capacity", all)
	}
	other := open
	other.Target, other.Rate = "other", 95
	if all := of([]cost.Measured{open, other}, "aws/us-east-1/fargate/x86_64"); len(all) != 1 || all[0].Measured.Target != "other" {
		t.Errorf("undecided against %+v, want the other target", all)
	}
}

// TestUndecidedWithoutInterval: no interval is not one of no width. What costs as much as the
// function does at the least decides all the same.
func TestUndecidedWithoutInterval(t *testing.T) {
	const lambda, arm, task = "aws/us-east-1/lambda/x86_64", "aws/us-east-1/lambda/arm64", "aws/us-east-1/fargate/x86_64"
	of := func(m cost.Measured, traffic string) (first string, undecided []string) {
		c := cost.New([]cost.Measured{container(), m}, at(t, lambda, task), shape(t, traffic), bare(), prices.Builtin(), now)
		for _, e := range c.Undecided() {
			undecided = append(undecided, e.Place.ID)
		}
		return c.Priced()[0].Place.ID, undecided
	}
	known := function()
	if first, undecided := of(known, "constant:1/s"); first != lambda || undecided != nil {
		t.Errorf("%s comes first, undecided against %v; want %s decided", first, undecided, lambda)
	}
	if first, undecided := of(fewRounds(), "constant:1/s"); first != lambda || !slices.Equal(undecided, []string{task}) {
		t.Errorf("%s comes first, undecided against %v; want %s, undecided", first, undecided, lambda)
	}
	if first, undecided := of(fewRounds(), "constant:30/s"); first != task || !slices.Equal(undecided, []string{lambda}) {
		t.Errorf("%s comes first, undecided against %v; want %s, undecided", first, undecided, task)
	}
	if first, undecided := of(fewRounds(), "constant:95/s"); first != task || undecided != nil { // the requests alone cost more
		t.Errorf("%s comes first, undecided against %v; want %s decided", first, undecided, task)
	}
	c := cost.New([]cost.Measured{fewRounds()}, at(t, lambda, arm), shape(t, "constant:5/s"), bare(), prices.Builtin(), now)
	if open := c.Undecided(); len(c.Priced()) != 2 || len(open) != 0 { // dearer at any compute
		t.Errorf("%+v is undecided beside the same function", open)
	}
}

// TestEstimates holds at random inputs, damaged ones among them: parts add up to the month, the
// interval holds the figure, nothing is infinite, more traffic costs no less.
func TestEstimates(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	table := prices.Builtin()
	places := cost.Places(table)
	number := func(from, to float64) float64 { // by decades, and now and then damaged
		if rng.IntN(30) == 0 {
			return []float64{0, -1, math.NaN(), math.Inf(1), 1e300, 1e-300}[rng.IntN(6)]
		}
		return math.Exp(math.Log(from) + rng.Float64()*math.Log(to/from))
	}
	shapes := []string{"constant:1/s", "daily:1/s,peak=3x", "business-hours:1/s", "spiky:1/s,peak=40x"}
	priced := 0
	for range 100 {
		m := container()
		m.Rate, m.Breaks, m.CPUs, m.MemoryGiB = number(0.1, 1e4), number(0.1, 1e4), number(0.1, 8), number(0.1, 16)
		m.Service, m.ColdStart = time.Duration(rng.Int64N(1e9)), time.Duration(rng.Int64N(1e10))
		m.AnswerBytes, m.RequestBytes = math.Abs(finite(number(1, 1e6))), math.Abs(finite(number(1, 1e6)))
		if rng.IntN(2) == 0 {
			m.Kind = "lambda"
			v := number(1e-4, 1)
			m.Billed = &cost.Billed{GBSeconds: cost.Interval{Value: v, Low: v * 0.9, High: v * 1.1}, Init: rng.Float64()}
		}
		o := cost.Defaults()
		o.Redundancy, o.Headroom, o.MinUnits = rng.IntN(3), rng.Float64()*0.9, rng.IntN(3)
		c := shape(t, shapes[rng.IntN(len(shapes))]).Times(math.Exp(rng.Float64()*16 - 6))
		all := cost.Price([]cost.Measured{m}, places, c, o, table, now)
		more := cost.Price([]cost.Measured{m}, places, c.Times(1.7), o, table, now)
		for _, e := range all {
			noInfinity(t, reflect.ValueOf(e))
			if e.Unfit != nil {
				continue
			}
			priced++
			sum := 0.0
			for _, p := range e.Parts {
				sum += p.USD
				within := 0.0
				for _, row := range p.Rows {
					within += row.Quantity * row.USD
				}
				if math.Abs(within-p.USD) > 1e-9*p.USD || p.USD < 0 {
					t.Fatalf("%s: %s: the rows make %g of %g", e.Place.ID, p.Name, within, p.USD)
				}
			}
			if math.Abs(sum-e.Month.Value) > 1e-9*sum {
				t.Fatalf("%s: the parts make %g of %g", e.Place.ID, sum, e.Month.Value)
			}
			if !(e.Month.Low <= e.Month.Value*(1+1e-12) && e.Month.Value <= e.Month.High*(1+1e-12)) || e.Month.Low < 0 {
				t.Fatalf("%s: %+v", e.Place.ID, e.Month)
			}
			for _, later := range more {
				if later.Place.ID == e.Place.ID && later.Unfit == nil && later.Month.Value < e.Month.Value*(1-1e-9) {
					t.Fatalf("%s: 1.7 times the traffic costs %g instead of %g", e.Place.ID, later.Month.Value, e.Month.Value)
				}
			}
		}
	}
	if priced < 1000 {
		t.Errorf("only %d estimates had a price", priced)
	}
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) || v > 1e12 {
		return 0
	}
	return v
}

// noInfinity looks at every figure of an estimate but what was measured, which is given.
func noInfinity(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			t.Fatalf("a figure is %g", f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			noInfinity(t, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			noInfinity(t, v.Index(i))
		}
	}
}

// TestSizesThatAreSold rounds up to what can be bought, and does not price what cannot.
func TestSizesThatAreSold(t *testing.T) {
	const run, app = "gcp/us-central1/cloud-run/request-based", "azure/westus2/container-apps/consumption"
	for _, tc := range []struct {
		id              string
		cpus, memory    float64
		gotCPUs, gotGiB float64 // 0: there is none
	}{
		{run, 0.25, 0.25, 1, 0.5},
		{run, 1, 2.1, 1, 2.25},
		{run, 1, 5, 2, 5},
		{run, 3, 1, 4, 2},
		{run, 5, 1, 6, 4},
		{run, 8, 32, 8, 32},
		{run, 8.1, 1, 0, 0},
		{run, 1, 33, 0, 0},
		{app, 0.2, 0.1, 0.25, 0.5},
		{app, 1, 2, 1, 2},
		{app, 1, 3.2, 1.75, 3.5},
		{app, 4, 8, 4, 8},
		{app, 4.1, 1, 0, 0},
		{app, 1, 8.1, 0, 0},
	} {
		m := container()
		m.CPUs, m.MemoryGiB = tc.cpus, tc.memory
		e := one(t, m, tc.id, "constant:1/s", bare())
		if tc.gotCPUs == 0 {
			if e.Unfit == nil || e.Unfit.Kind != cost.TooSmall {
				t.Errorf("%g CPUs and %g GiB at %s: %+v, %g CPUs", tc.cpus, tc.memory, tc.id, e.Unfit, e.Place.VCPU)
			}
		} else if e.Unfit != nil || e.Place.VCPU != tc.gotCPUs || e.Place.MemoryGiB != tc.gotGiB {
			t.Errorf("%g CPUs and %g GiB at %s: %g and %g, want %g and %g (%+v)", tc.cpus, tc.memory, tc.id, e.Place.VCPU, e.Place.MemoryGiB, tc.gotCPUs, tc.gotGiB, e.Unfit)
		}
	}
}

// TestKindsOfMachines tells burstable and Arm machines by their names.
func TestKindsOfMachines(t *testing.T) {
	for _, tc := range []struct {
		service, item  string
		burstable, arm bool
	}{
		{"ec2", "t3.large", true, false},
		{"ec2", "t4g.large", true, true},
		{"ec2", "trn1.2xlarge", false, false},
		{"sagemaker", "ml.t3.medium", true, false},
		{"vm", "Standard_B2s", true, false},
		{"vm", "Standard_D2a_v4", false, false},
		{"vm", "Standard_D2ps_v5", false, true},
		{"vm", "Standard_B2pls_v2", true, true},
		{"vm", "CAX21", false, true},
		{"vm", "CCX13", false, false},
		{"vm", "CX33 shared", true, false},
		{"vm", "GP1-XS", false, false},
		{"vm", "m7g.large", false, true},
	} {
		row := prices.Price{Provider: "p", Region: "r", Service: tc.service, Item: tc.item, Unit: "hour", USD: 1, VCPU: 2, MemoryGiB: 4}
		p := cost.Places(prices.Table{row})[0]
		if p.Burstable != tc.burstable || p.Arm != tc.arm {
			t.Errorf("%s: burstable %t, Arm %t", p.ID, p.Burstable, p.Arm)
		}
	}
}

func TestPlaces(t *testing.T) {
	all := cost.Places(prices.Builtin())
	for _, tc := range []struct {
		id   string
		kind cost.Kind
		arm  bool
	}{
		{"aws/us-east-1/ec2/c7g.large", cost.Fleet, true},
		{"aws/us-east-1/ec2/g5.xlarge", cost.Fleet, false},
		{"aws/us-east-1/ec2/g5g.xlarge", cost.Fleet, true},
		{"aws/us-east-1/fargate/arm64", cost.Fleet, true},
		{"aws/us-east-1/lambda/arm64", cost.Function, true},
		{"gcp/europe-west3/cloud-run/instance-based", cost.Fleet, false},
		{"gcp/europe-west3/cloud-run/request-based", cost.Requests, false},
		{"gcp/us-central1/gke/autopilot", cost.Fleet, false},
		{"azure/westus2/container-apps/consumption", cost.Requests, false},
		{"hetzner/fsn1/vm/CX33 shared", cost.Fleet, false},
	} {
		p, ok := cost.Find(all, tc.id)
		if !ok || p.Kind != tc.kind || p.Arm != tc.arm {
			t.Errorf("%s: found %t, %s, Arm %t", tc.id, ok, p.Kind, p.Arm)
		}
	}
}

// TestRowsOfAreEnough: with the rows of a place alone, it is the same place at the same cost.
func TestRowsOfAreEnough(t *testing.T) {
	table := prices.Builtin()
	for _, p := range cost.Places(table) {
		rows := cost.RowsOf(table, []cost.Place{p})
		alone, found := cost.Find(cost.Places(rows), p.ID)
		if !found || len(rows) == 0 || len(rows) > 20 {
			t.Fatalf("%s: %d rows, which have it: %t", p.ID, len(rows), found)
		}
		m := container()
		if p.Kind == cost.Function {
			m = function()
		}
		priced := func(at cost.Place) cost.Estimate {
			return cost.Price([]cost.Measured{m}, []cost.Place{at}, shape(t, "constant:500/s"), cost.Defaults(), nil, now)[0]
		}
		want, got := priced(p), priced(alone)
		if !reflect.DeepEqual(got.Parts, want.Parts) || !reflect.DeepEqual(got.Unfit, want.Unfit) || !reflect.DeepEqual(got.Remarks, want.Remarks) || got.PerMillion != want.PerMillion {
			t.Errorf("%s: %+v by its own rows, %+v by all", p.ID, got, want)
		}
	}
}
