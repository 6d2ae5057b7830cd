package outcome

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"servebench/cmd/cli"
	"servebench/scenarios/trial"
)

// What progress has shown keeps its exit code, and is not said again where something else is.
func TestWhatWasShownIsNotSaidAgain(t *testing.T) {
	down := OfShown(&trial.NotAvailableError{Err: errors.New("down")})
	for _, tc := range []struct {
		all     []error
		text    string
		code    int
		printed bool
	}{
		{[]error{down, nil}, cli.ErrShown.Error(), cli.NotAvailable, false},
		{[]error{down, &cli.ExitError{Code: cli.Invalid, Err: errors.New("NO RESULT"), Printed: true}}, "NO RESULT", cli.NotAvailable, true},
		{[]error{down, cli.Fail(cli.Runtime, errors.New("late")), cli.Fail(cli.Invalid, errors.New("INVALID"))}, "late\nINVALID", cli.NotAvailable, false},
		{[]error{OfShown(nil), cli.Fail(cli.Invalid, errors.New("INVALID"))}, "INVALID", cli.Invalid, false},
	} {
		exit, coded := errors.AsType[*cli.ExitError](cli.Worst(tc.all...))
		if !coded || exit.Error() != tc.text || exit.Code != tc.code || exit.Printed != tc.printed {
			t.Errorf("%+v, want %q and %d", exit, tc.text, tc.code)
		}
	}
}

func TestEveryCodeIsExplained(t *testing.T) {
	for _, code := range []int{cli.Runtime, cli.Failed, cli.Inconclusive, cli.Invalid, cli.NotComparable, cli.NotAvailable, cli.Usage, cli.Interrupted} {
		if !strings.Contains(Help, fmt.Sprintf("\n  %-3d ", code)) {
			t.Errorf("the help does not explain code %d", code)
		}
	}
}
