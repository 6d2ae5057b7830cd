package trial

import (
	"errors"
	"testing"

	"servebench/reports/record"
)

func TestJoinCountsWhatIsRepeated(t *testing.T) {
	if err := joinFailures(nil); err != nil {
		t.Errorf("joinFailures(nil) = %v", err)
	}
	down := &NotAvailableError{errors.New("down")}
	err := joinFailures([]failure{
		{trial{Trial: record.Trial{Round: 1, Target: "a"}}, down},
		{trial{Trial: record.Trial{Round: 1, Target: "b"}}, down},
		{trial{Trial: record.Trial{Round: 2, Target: "a"}}, errors.New("worse")},
		{trial{Trial: record.Trial{Round: 3, Target: "a"}, alone: 1}, down},
		{trial{Trial: record.Trial{Round: 4, Target: "a"}, alone: 2}, down},
		{trial{}, errors.New("disk full")},
	})
	want := "a, round 1: down (and 2 times more)\nb, round 1: down\na, round 2: worse\ndisk full"
	var none *NotAvailableError
	if err == nil || err.Error() != want || !errors.As(err, &none) {
		t.Errorf("joinFailures = %v\nwant %s, with what they wrap", err, want)
	}
}
