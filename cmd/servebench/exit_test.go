package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"servebench/cmd/cli"
	"servebench/scenarios/doctor"
	"servebench/scenarios/trial"
)

func TestWorst(t *testing.T) {
	code := func(c int) error { return fail(c, errors.New("e")) }
	for _, tc := range []struct {
		name string
		all  []error
		want int
	}{
		{"nothing", []error{nil, nil}, exitOK},
		{"one", []error{nil, code(exitInvalid)}, exitInvalid},
		{"a server died in an INVALID run", []error{code(exitRuntime), nil, code(exitInvalid)}, exitInvalid},
		{"a server died in each round of an INCONCLUSIVE run", []error{code(exitRuntime), code(exitInconclusive)}, exitInconclusive},
		{"a server died in a run that found nothing else", []error{code(exitRuntime), nil}, exitRuntime},
		{"a server never got ready", []error{code(exitNotAvailable), code(exitInvalid), code(exitRuntime)}, exitNotAvailable},
		{"the user's ^C before all", []error{code(exitRuntime), code(exitNotAvailable), code(exitInterrupted)}, exitInterrupted},
		{"INVALID before FAIL", []error{code(exitFailed), code(exitInvalid)}, exitInvalid},
		{"FAIL before INCONCLUSIVE", []error{code(exitInconclusive), code(exitFailed)}, exitFailed},
	} {
		got := exitOK
		var exit *cli.ExitError
		if err := worst(tc.all...); errors.As(err, &exit) {
			got = exit.Code
		}
		if got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
	both := worst(fail(exitInvalid, errors.New("late")), fail(exitRuntime, errors.New("died")))
	if text := both.Error(); !strings.Contains(text, "late") || !strings.Contains(text, "died") {
		t.Errorf("%q keeps only one of two reasons", text)
	}
}

// What progress has shown keeps its exit code, and is not said again where something else is.
func TestWhatWasShownIsNotSaidAgain(t *testing.T) {
	down := shown(&trial.NotAvailableError{Err: errors.New("down")})
	for _, tc := range []struct {
		all     []error
		text    string
		code    int
		printed bool
	}{
		{[]error{down, nil}, errShown.Error(), exitNotAvailable, false},
		{[]error{down, &cli.ExitError{Code: exitInvalid, Err: errors.New("NO RESULT"), Printed: true}}, "NO RESULT", exitNotAvailable, true},
		{[]error{down, fail(exitRuntime, errors.New("late")), fail(exitInvalid, errors.New("INVALID"))}, "late\nINVALID", exitNotAvailable, false},
		{[]error{shown(nil), fail(exitInvalid, errors.New("INVALID"))}, "INVALID", exitInvalid, false},
	} {
		exit, coded := errors.AsType[*cli.ExitError](worst(tc.all...))
		if !coded || exit.Error() != tc.text || exit.Code != tc.code || exit.Printed != tc.printed {
			t.Errorf("%+v, want %q and %d", exit, tc.text, tc.code)
		}
	}
}

func TestEveryCodeHasItsSeverity(t *testing.T) {
	for _, code := range []int{exitRuntime, exitFailed, exitInconclusive, exitInvalid, exitNotComparable, exitNotAvailable, exitUsage, exitInterrupted} {
		if severity(&cli.ExitError{Code: code}) <= 0 {
			t.Errorf("code %d has no severity", code)
		}
		if !strings.Contains(exitHelp, fmt.Sprintf("\n  %-3d ", code)) {
			t.Errorf("the help does not explain code %d", code)
		}
	}
}

// codeOf is the exit code that the program ends with for an error of a command.
func codeOf(err error) int {
	var exit *cli.ExitError
	if !errors.As(err, &exit) {
		return exitOK
	}
	return exit.Code
}

func TestDoctorOutcome(t *testing.T) {
	found := func(area string, status doctor.Status) doctor.Diagnosis {
		return doctor.Diagnosis{Checks: []doctor.Result{{Area: area, Status: status}, {Area: doctor.Machine, Status: doctor.Warn}}}
	}
	for _, tc := range []struct {
		d    doctor.Diagnosis
		code int
	}{
		{found(doctor.Targets, doctor.OK), exitOK},
		{found(doctor.Targets, doctor.Warn), exitOK},
		{found(doctor.Targets, doctor.Fail), exitNotAvailable},
		{found(doctor.Machine, doctor.Fail), exitRuntime},
	} {
		if code := codeOf(doctorOutcome(tc.d)); code != tc.code {
			t.Errorf("%+v: exit code %d, want %d", tc.d.Checks, code, tc.code)
		}
	}
}
