package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"servebench/cmd/cli"
	"servebench/reports/record"
	"servebench/scenarios/calibration"
	"servebench/scenarios/oracle"
	"servebench/scenarios/selftest"

	"github.com/rogpeppe/go-internal/testscript"
)

// agrees wants the JSON that calibrate printed to say what its exit code did, which
// the command exits before it left: agrees FILE. Nothing printed is a calibration
// that found no rate.
func agrees(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: agrees FILE")
	}
	text := ts.ReadFile(args[0])
	want, err := codeSaid([]byte(text))
	ts.Check(err)
	if code := ts.Getenv("EXIT"); code != fmt.Sprint(want) {
		ts.Fatalf("exit code %s, and the JSON is that of %d:\n%s", code, want, text)
	}
}

// codeSaid is the exit code that belongs to what calibrate printed. Its error says
// that this contradicts itself.
func codeSaid(text []byte) (int, error) {
	if len(text) == 0 {
		return cli.Invalid, nil
	}
	var head struct{ Schema string }
	if err := json.Unmarshal(text, &head); err != nil {
		return 0, err
	}
	switch head.Schema {
	case selftest.OracleSchema:
		return codeOfOracles(text)
	case calibration.Schema:
		return cli.OK, checkCalibration(text)
	}
	return 0, fmt.Errorf("unknown schema %q", head.Schema)
}

func codeOfOracles(text []byte) (code int, err error) {
	var r selftest.OracleReport
	if err := json.Unmarshal(text, &r); err != nil {
		return 0, err
	}
	for _, o := range r.Oracles {
		neither := func(q selftest.OracleQuantile) bool { return q.Within == oracle.WithinNeither }
		switch {
		case o.Validity != record.Valid:
			code = cli.Invalid
		case code == cli.OK && (o.Failed > 0 || slices.ContainsFunc(o.Quantiles, neither)):
			code = cli.Failed
		}
	}
	if r.Pass != (code == cli.OK) {
		err = fmt.Errorf("pass is %t beside oracles of exit code %d", r.Pass, code)
	}
	return code, err
}

// checkCalibration wants the rate to be one that was tried and VALID, and no floor
// above it.
func checkCalibration(text []byte) error {
	var d calibration.Document
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	if !slices.ContainsFunc(d.Tries, func(t calibration.Try) bool { return t.Valid && t.Rate == d.MaxRate }) {
		return fmt.Errorf("max_rate %g is none of those that were VALID", d.MaxRate)
	}
	for _, f := range d.Floors {
		if f.Rate > d.MaxRate || f.N == 0 || f.P50 <= 0 {
			return fmt.Errorf("a floor of %d answers at %g/s, with a p50 of %v", f.N, f.Rate, f.P50)
		}
	}
	return nil
}

// TestOracleOutcome holds the exit code, pass and the verdict in words together.
func TestOracleOutcome(t *testing.T) {
	right := selftest.OracleResult{Validity: record.Valid, Quantiles: []selftest.OracleQuantile{{Within: oracle.WithinTolerance}, {Within: oracle.WithinInterval}}}
	wrong := selftest.OracleResult{Validity: record.Valid, Quantiles: []selftest.OracleQuantile{{Within: oracle.WithinTolerance}, {Within: oracle.WithinNeither}}}
	failed := selftest.OracleResult{Validity: record.Valid, Failed: 1}
	invalid := selftest.OracleResult{Validity: record.Invalid, Why: "lag 9 ms", Action: "free the machine"}
	for _, tc := range []struct {
		name    string
		oracles []selftest.OracleResult
		code    int
		verdict string
	}{
		{"right", []selftest.OracleResult{right, right}, cli.OK, "PASS: "},
		{"wrong", []selftest.OracleResult{right, wrong, right}, cli.Failed, "FAIL: "},
		{"failed", []selftest.OracleResult{failed}, cli.Failed, "FAIL: "},
		{"invalid", []selftest.OracleResult{right, invalid}, cli.Invalid, "INVALID: "},
		{"wrong and invalid", []selftest.OracleResult{invalid, wrong}, cli.Invalid, "INVALID: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := selftest.NewOracleReport(tc.oracles)
			var printed, table strings.Builder
			if err := cli.PrintAs(&printed, "json", r, nil); err != nil {
				t.Fatal(err)
			}
			if err := r.WriteText(&table); err != nil {
				t.Fatal(err)
			}
			said, err := codeSaid([]byte(printed.String()))
			code := codeOf(oracleOutcome(r))
			if err != nil || code != tc.code || said != tc.code {
				t.Errorf("exit code %d, that of the JSON %d, %v; want %d", code, said, err, tc.code)
			}
			if tc.code == cli.Invalid && !strings.Contains(oracleOutcome(r).Error(), "lag 9 ms; free the machine") {
				t.Errorf("%v does not say why, and what to do", oracleOutcome(r))
			}
			if !strings.Contains(table.String(), "\n"+tc.verdict) {
				t.Errorf("the table does not say %q:\n%s", tc.verdict, table.String())
			}
		})
	}
}
