package pricing_test

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/analysis/cost"
	"servebench/reports/analysis/cost/advice"
	"servebench/reports/analysis/cost/traffic"
	"servebench/reports/document/pricing"
	"servebench/reports/prices"
)

// TestRecommendation is of a container that holds its SLO up to 100 requests per second, and of a
// function that takes 20 ms and starts in 2 s.
func TestRecommendation(t *testing.T) {
	const gb = 1769.0 / 1024
	container := cost.Measured{
		Run: "r1", Target: "container", Kind: "container", Rate: 100, Breaks: 125, CPUs: 1, MemoryGiB: 2, ColdStart: 2 * time.Second,
		Limits: []cost.Limit{{Name: "p99 response time", Share: 0.01, At: 50 * time.Millisecond}},
		Seen:   []cost.Seen{{Rate: 50, P99: 28 * time.Millisecond}, {Rate: 100, P99: 45 * time.Millisecond}},
	}
	function := container
	function.Target, function.Kind, function.MemoryGiB, function.Seen = "lambda", "lambda", gb, nil
	function.Billed = &cost.Billed{GBSeconds: cost.Interval{Value: 0.020 * gb, Low: 0.020 * gb, High: 0.020 * gb}}
	few := function
	few.Billed = &cost.Billed{GBSeconds: cost.Interval{Value: 0.020 * gb, High: 0.020 * gb, NoLow: true, NoHigh: true}, Rounds: 2, Least: 0.03, Most: 0.04}
	uncertified := container
	uncertified.Rate = 0
	table := prices.Builtin()
	var places []cost.Place
	for _, id := range []string{"aws/us-east-1/fargate/x86_64", "aws/us-east-1/lambda/x86_64"} {
		place, _ := cost.Find(cost.Places(table), id)
		places = append(places, place)
	}
	for _, tc := range []struct {
		name, traffic string
		measured      []cost.Measured
		want          []string
	}{
		{"cheapest by cost", "daily:5/s,peak=3x", []cost.Measured{container, function}, []string{
			"at 5/s on average (432,000 requests a day, peak 15/s) and p99 response time ≤ 50 ms, lambda on aws/us-east-1/lambda/x86_64 costs $",
			" a month, container on aws/us-east-1/fargate/x86_64 $",
			"; below 2,170 requests a day container is better, because lambda cannot serve; above 5.5 million requests a day container is cheaper; the answer changes if the p99 limit falls below 45 ms",
		}},
		{"the other one cannot serve", "constant:10/h", []cost.Measured{container, function}, []string{
			"at 0.00278/s (240 requests a day) and p99", "; above 1,330 requests a day lambda on aws/us-east-1/lambda/x86_64 is cheaper; ", "falls below 28 ms, where no place can serve",
		}},
		{"cheaper below", "constant:500/s", []cost.Measured{container, function}, []string{", container on aws/us-east-1/fargate/x86_64 costs $", " million requests a day lambda is cheaper; "}},
		{"no interval", "daily:5/s,peak=3x", []cost.Measured{container, few}, []string{
			", lambda on aws/us-east-1/lambda/x86_64 costs $", " (no interval) a month, container on aws/us-east-1/fargate/x86_64 $",
			"; it is undecided, because the cost of lambda on aws/us-east-1/lambda/x86_64 has no interval; ",
		}},
		{"the next one has no interval", "constant:65/s", []cost.Measured{container, few}, []string{
			"; it is undecided, because lambda on aws/us-east-1/lambda/x86_64 may cost less: how little was not measured; ",
		}},
		{"nothing certified", "constant:5/s", []cost.Measured{uncertified}, []string{
			"at 5/s (432,000 requests a day) and p99 response time ≤ 50 ms, no place that was priced can serve: container: no rate is certified for this target",
		}},
		{"nothing measured", "constant:5/s", nil, []string{"no place was priced"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			curve, err := traffic.Parse(tc.traffic)
			if err != nil {
				t.Fatal(err)
			}
			a := advice.Of(cost.New(tc.measured, places, curve, cost.Defaults(), table, time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)), nil)
			got := pricing.Recommendation(a)
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q lacks %q", got, want)
				}
			}
		})
	}
}

func TestFlips(t *testing.T) {
	of := advice.Choice{Target: "container", Place: "aws/us-east-1/fargate/x86_64"}
	for _, tc := range []struct {
		flip advice.Flip
		want string
	}{
		{advice.Flip{Input: advice.P99, Now: 0.05, Below: &advice.Turn{At: 0.02, Flips: true}, Above: &advice.Turn{At: 0.05}}, "now 50 ms; below 20 ms no place can serve."},
		{advice.Flip{Input: advice.Redundancy, Now: 1, Below: &advice.Turn{At: 0}, Above: &advice.Turn{At: 4, Flips: true, First: &of, USD: 41.5}},
			"now 1 unit; at 4 units container on aws/us-east-1/fargate/x86_64 comes first, at $41.50 a month; no change down to 0 units."},
		{advice.Flip{Input: advice.Traffic, Now: 1234, Below: &advice.Turn{At: 1.234}, Above: &advice.Turn{At: 1.234e6}}, "now 1,230/s; no change down to 1.23/s or up to 1,230,000/s."},
	} {
		if got := pricing.Flip(tc.flip); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

// TestCostOptions names the options that were changed beside those that each cost depends on.
func TestCostOptions(t *testing.T) {
	const usual = "1 unit beside those that the traffic needs (--redundancy), 30 % of the capacity free (--headroom), 300 s to add a unit (--scale-lag), at least 1 unit (--min-units)"
	if got := pricing.CostOptions(cost.Defaults()); got != usual+"." {
		t.Errorf("%q, want %q", got, usual)
	}
	o := cost.Defaults()
	o.LoadBalancer, o.PerConnection, o.AnswerBytes, o.Eviction, o.Concurrency, o.Region = false, 2, 40000, time.Minute, 10, "us-central1"
	const want = usual + ", no load balancer (--no-load-balancer), 2 requests over one connection (--requests-per-connection), 40000 bytes an answer (--answer-bytes), " +
		"ended after 60 s without requests (--eviction), up to 10 environments of functions (--concurrency), users in us-central1 (--region)."
	if got := pricing.CostOptions(o); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestTooSmall names the memory of a server only where it is known.
func TestTooSmall(t *testing.T) {
	r := cost.Remark{Kind: cost.TooSmall, Value: 4, Second: 16, Limit: 8, Bound: 2}
	if got := pricing.Unfit(r); got != "one unit has 4 vCPU and 16 GiB; the server needs 8 CPUs and 2 GiB" {
		t.Error(got)
	}
	r.Bound = 0
	if got := pricing.Unfit(r); got != "one unit has 4 vCPU and 16 GiB; the server needs 8 CPUs" {
		t.Error(got)
	}
}

// TestTrafficLine: little traffic reads as such, and not as none.
func TestTrafficLine(t *testing.T) {
	for text, want := range map[string]string{
		"constant:10/day":      "Traffic constant:10/day: mean 10 a day, peak 10 a day (1 × the mean), 304 requests a month.",
		"daily:0.05/s,peak=3x": "Traffic daily:0.05/s,peak=3x: mean 4,320 a day, peak 0.15/s (3 × the mean), 131,400 requests a month.",
		"constant:0.494/s":     "Traffic constant:0.494/s: mean 0.494/s, peak 0.494/s (1 × the mean), 1,298,232 requests a month.",
	} {
		curve, err := traffic.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := pricing.TrafficLine(curve); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}
