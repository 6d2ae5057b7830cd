package selftest

import (
	"strings"
	"testing"

	"servebench/reports/record"
	"servebench/scenarios/oracle"
)

// TestConsultUntilRight gives an oracle that is INVALID or off a second chance of each kind,
// with another seed.
func TestConsultUntilRight(t *testing.T) {
	fates := map[byte]OracleResult{
		'+': {Validity: record.Valid},
		'-': {Validity: record.Valid, Quantiles: []OracleQuantile{{Within: oracle.WithinNeither}}},
		'i': {Validity: record.Invalid, Why: "lag 9 ms"},
	}
	for _, course := range []string{"+", "-+", "--", "i+", "ii", "i-+", "-i-", "-ii"} {
		seeds, told := map[uint64]bool{}, 0
		got, err := consultUntilRight(oracle.All()[0], func(o oracle.Oracle) (OracleResult, error) {
			seeds[o.Clock.Seed] = true
			return fates[course[len(seeds)-1]], nil
		}, func(string) { told++ })
		last := fates[course[len(course)-1]]
		if err != nil || got.Attempts != len(course) || len(seeds) != len(course) || told != len(course)-1 || got.Validity != last.Validity || got.holds() != last.holds() {
			t.Errorf("%s: %+v after %d seeds, told %d times, %v", course, got, len(seeds), told, err)
		}
	}
}

// TestOracleAdvises wants a failure to say what may be done, and what the machine
// did as far as that is known.
func TestOracleAdvises(t *testing.T) {
	off := OracleResult{Title: "M/M/1", Validity: record.Valid, Failed: 1}
	for want, m := range map[string]record.Machine{
		"idle machine, since what else it does delays the server's answers": {},
		"its CPUs were 97 % busy, servebench and its server included)":      {Known: true, Busy: 0.97},
		", and a hypervisor kept 12 % of their time for others)":            {Known: true, Busy: 0.97, Stolen: 0.12},
	} {
		off.Machine = m
		if text := NewOracleReport([]OracleResult{off}).Wrong()[0].Error(); !strings.Contains(text, want) {
			t.Errorf("%q does not say %q", text, want)
		}
	}
}
