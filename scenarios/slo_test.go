package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/decode"

	"github.com/google/go-cmp/cmp"
)

func allLimits() record.SLO {
	errors, agreement, accuracy := 0.001, 1.0, 0.9
	return record.SLO{
		P50: time.Millisecond, P999: time.Second,
		Service:   record.Quantiles{P90: 2 * time.Millisecond, P99: 2 * time.Millisecond},
		FirstByte: record.Quantiles{P50: 5 * time.Microsecond},
		Errors:    &errors, Goodput: 99.5, CostPerMillion: 0.4, Agreement: &agreement, Accuracy: &accuracy, ColdStart: 3 * time.Second,
	}
}

const allLimitsText = "slo: {p50: 1ms, p999: 1s, service: {p90: 2ms, p99: 2ms}, first_byte: {p50: 5us}, errors: 0.1%, goodput: 99.5, cost_per_million: 0.40, agreement: 1, accuracy: 90%, cold_start: 3s}\n"

// TestLimitsAlone reads limits from a file of theirs, from a scenario, and from what
// is written of them.
func TestLimitsAlone(t *testing.T) {
	written, err := FormatSLO(allLimits())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a file of limits": allLimitsText, "a scenario": minimal + allLimitsText, "what is written": string(written),
	} {
		got, err := ParseSLO("f", []byte(text), testCatalogue(), nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(allLimits(), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	s, err := Parse("f", []byte(minimal+allLimitsText+"cost: {traffic: constant:50/s, place: a/b/c/d}\n"), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(allLimits(), s.SLO); diff != "" {
		t.Errorf("the whole scenario (-want +got):\n%s", diff)
	}
}

func TestLimitsChangedBySettings(t *testing.T) {
	want := allLimits()
	want.P50, want.Service.P99, want.FirstByte, want.ColdStart = 9*time.Millisecond, time.Minute, record.Quantiles{}, 0
	got, err := ParseSLO("f", []byte(allLimitsText), testCatalogue(), nil,
		parseSettings(t, "slo.p50=9ms", "slo.service.p99=1m", "slo.first_byte=none", "slo.cold_start=none")...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	none, err := FormatSLO(record.SLO{})
	if err != nil {
		t.Fatal(err)
	}
	got, err = ParseSLO("f", none, testCatalogue(), nil, parseSettings(t, "slo.service.p50=1s")...)
	if want := (record.SLO{Service: record.Quantiles{P50: time.Second}}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestFaultsOfLimits(t *testing.T) {
	for _, tt := range []struct{ text, set, want string }{
		{"slo: {p98: 1s}\n", "", `f:1:7: slo.p98: unknown key (did you mean "p90"?); want one of p50, p90, p99, p999, service, first_byte, errors, goodput, capacity, cost_per_million, agreement, accuracy, cold_start`},
		{"limit: {p99: 1s}\n", "", `f:1:1: limit: unknown key`},
		{"slo: {service: {p90: 2s, p99: 1s}}\n", "", `f:1:31: slo.service.p99: 1s is below the limit of p90, 2s; want limits that do not fall`},
		{"slo: {ttft: {p90: 20ms}}\n", "", `f:1:7: slo.ttft: unknown key: servebench does not read streams, and does not know an answer's first token; first_byte limits the time to the first byte of its body; want one of p50, p90, p99, p999, service, first_byte, errors, goodput, capacity, cost_per_million, agreement, accuracy, cold_start`},
		{"slo: {p50: 1s}\n", "slo.TTFT.p50=1s", `--set slo.TTFT.p50=1s: slo.TTFT: unknown key: servebench does not read streams, and does not know an answer's first token; first_byte limits`},
		{"slo: {first_byte: {p90: 2}}\n", "", `f:1:25: slo.first_byte.p90: 2 has no unit; want for example 2ms`},
		{"slo: {p50: 1s}\n", "rounds=3", `--set rounds=3: sets no limit; want a key of slo, such as slo.p99=20ms`},
		{"slo: {p50: 1s}\n", "slow.p50=3s", `--set slow.p50=3s: sets no limit; want a key of slo, such as slo.p99=20ms`},
		{"slo: {p50: 1s}\n", "slo.goodput=-1", `--set slo.goodput=-1: slo.goodput: -1 is not above 0; want a rate per second, such as 200`},
		{"", "", `f:1:1: no scenario in it`},
		{minimal + "slo: {service: {p99: 11s}}\n", "scenario", `f:7:22: slo.service.p99: 11s is above the timeout, 10s, so that no answer could miss it; want a limit below the timeout`},
		{minimal + "slo: {goodput: 101}\n", "scenario", `f:7:16: slo.goodput: phase steady asks for 100 answers a second, so that there cannot be 101; want at most the rate of every measured phase`},
		{strings.Replace(minimal, "physical", "endpoint", 1) + "slo: {cold_start: 1s}\n", "scenario", `f:7:19: slo.cold_start: the server of every target runs already, so there is no start to time; want none, or a target that starts its server`},
	} {
		var err error
		switch tt.set {
		case "scenario":
			_, err = Parse("f", []byte(tt.text), testCatalogue())
		case "":
			_, err = ParseSLO("f", []byte(tt.text), testCatalogue(), nil)
		default:
			_, err = ParseSLO("f", []byte(tt.text), testCatalogue(), nil, parseSettings(t, tt.set)...)
		}
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s %s: %v\nwant %s", tt.text, tt.set, err, tt.want)
		}
	}
}

// Limits that no run of a scenario could decide are a mistake, as in the scenario itself.
func TestLimitsNoRunDecides(t *testing.T) {
	own := &Scenario{Workload: Workload{Command: []string{"./server"}}, Targets: []string{"physical"}}
	for _, tt := range []struct {
		set, want string
		of        *Scenario
	}{
		{"slo.accuracy=90%", "--set slo.accuracy=90%: slo.accuracy: no answer is compared with a label; want data.label and template.answer, or none", &Scenario{Template: &Template{}}},
		{"slo.agreement=90%", "--set slo.agreement=90%: slo.agreement: no answer is compared with an expected one; want data.expect and template.answer, or none", &Scenario{Template: &Template{}}},
		{"slo.agreement=90%", "--set slo.agreement=90%: slo.agreement: agreement is known for the reference server, and of data with expected answers; want data.expect, accuracy, or none", own},
		{"slo.accuracy=90%", "", own},
		{"slo.cold_start=1us", "--set slo.cold_start=1us: slo.cold_start: the server of every target runs already, so there is no start to time; want none, or a target that starts its server", &Scenario{Targets: []string{"endpoint"}}},
		{"slo.cold_start=1us", "", &Scenario{Targets: []string{"endpoint", "physical"}}},
		{"slo.cold_start=1us", "", own},
		{"slo.agreement=90%", "", &Scenario{Workload: Workload{Server: ReferenceServer}}},
		{"slo.agreement=90%", "", nil},
		{"slo.cost_per_million=0.40", "--set slo.cost_per_million=0.40: slo.cost_per_million: the scenario does not say what traffic is served, and where; want the key cost, such as cost: {traffic: constant:50/s, place: aws/us-east-1/ec2/c7i.large}, or none", own},
		{"slo.cost_per_million=0.40", "", &Scenario{Workload: own.Workload, Targets: own.Targets, Cost: &record.Cost{}}},
	} {
		_, err := ParseSLO("f", []byte("slo: {p50: 1s}\n"), testCatalogue(), tt.of, parseSettings(t, tt.set)...)
		if got := fmt.Sprint(err); err == nil && tt.want != "" || err != nil && got != tt.want {
			t.Errorf("%s of %+v: %v, want %q", tt.set, tt.of, err, tt.want)
		}
	}
}

// FuzzParseSLO reads any text with any setting; what is written of the limits that
// it gives reads as the same.
func FuzzParseSLO(f *testing.F) {
	f.Add([]byte(allLimitsText), "slo.p99=20ms")
	f.Add([]byte(minimal+allLimitsText), "slo={first_byte: {p50: 1s}}")
	f.Add([]byte("slo: {}"), "slo.service=none")
	f.Add([]byte("slo:\n"), "rounds=2")
	f.Fuzz(func(t *testing.T, text []byte, setting string) {
		var set []decode.Setting
		if s, err := decode.ParseSetting(setting); err == nil {
			set = append(set, s)
		}
		slo, err := ParseSLO("f", text, testCatalogue(), nil, set...)
		if err != nil {
			if err.Error() == "" {
				t.Error("a fault without a text")
			}
			return
		}
		written, err := FormatSLO(slo)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseSLO("f", written, testCatalogue(), nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
		if diff := cmp.Diff(slo, again); diff != "" {
			t.Errorf("(-text +written):\n%s\n%s", diff, written)
		}
	})
}
