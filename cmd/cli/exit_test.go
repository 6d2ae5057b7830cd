package cli

import (
	"errors"
	"strings"
	"testing"
)

// faults are an error whose values are not comparable.
type faults []string

func (f faults) Error() string { return strings.Join(f, "\n") }

func TestWorst(t *testing.T) {
	code := func(c int) error { return Fail(c, errors.New("e")) }
	for _, tc := range []struct {
		name string
		all  []error
		want int
	}{
		{"nothing", []error{nil, nil}, OK},
		{"one", []error{nil, code(Invalid)}, Invalid},
		{"a server died in an INVALID run", []error{code(Runtime), nil, code(Invalid)}, Invalid},
		{"a server died in each round of an INCONCLUSIVE run", []error{code(Runtime), code(Inconclusive)}, Inconclusive},
		{"a server died in a run that found nothing else", []error{code(Runtime), nil}, Runtime},
		{"a server never got ready", []error{code(NotAvailable), code(Invalid), code(Runtime)}, NotAvailable},
		{"the user's ^C before all", []error{code(Runtime), code(NotAvailable), code(Interrupted)}, Interrupted},
		{"INVALID before FAIL", []error{code(Failed), code(Invalid)}, Invalid},
		{"one without a code", []error{errors.New("e"), nil}, Runtime},
		{"some without a code, which == cannot compare", []error{faults{"a"}, faults{"b"}}, Runtime},
		{"FAIL before INCONCLUSIVE", []error{code(Inconclusive), code(Failed)}, Failed},
	} {
		got := OK
		if err := Worst(tc.all...); err != nil {
			got = Runtime
			if exit, coded := errors.AsType[*ExitError](err); coded {
				got = exit.Code
			}
		}
		if got != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, got, tc.want)
		}
	}
	both := Worst(Fail(Invalid, errors.New("late")), Fail(Runtime, errors.New("died")))
	if text := both.Error(); !strings.Contains(text, "late") || !strings.Contains(text, "died") {
		t.Errorf("%q keeps only one of two reasons", text)
	}
}

func TestEveryCodeHasItsSeverity(t *testing.T) {
	for _, code := range []int{Runtime, Failed, Inconclusive, Invalid, NotComparable, NotAvailable, Usage, Interrupted} {
		if severity(&ExitError{Code: code}) <= 0 {
			t.Errorf("code %d has no severity", code)
		}
	}
}
