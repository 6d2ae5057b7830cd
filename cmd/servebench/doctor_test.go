package main

import (
	"errors"
	"testing"

	"servebench/cmd/cli"
	"servebench/scenarios/doctor"
)

// codeOf is the exit code that the program ends with for an error of a command.
func codeOf(err error) int {
	var exit *cli.ExitError
	if !errors.As(err, &exit) {
		return cli.OK
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
		{found(doctor.Targets, doctor.OK), cli.OK},
		{found(doctor.Targets, doctor.Warn), cli.OK},
		{found(doctor.Targets, doctor.Fail), cli.NotAvailable},
		{found(doctor.Machine, doctor.Fail), cli.Runtime},
	} {
		if code := codeOf(doctorOutcome(tc.d)); code != tc.code {
			t.Errorf("%+v: exit code %d, want %d", tc.d.Checks, code, tc.code)
		}
	}
}
