package trial

import (
	"errors"
	"testing"
)

func TestJoinCountsWhatIsRepeated(t *testing.T) {
	if err := join(nil); err != nil {
		t.Errorf("join(nil) = %v", err)
	}
	down := &NotAvailableError{errors.New("down")}
	err := join([]failure{
		{trial{round: 1, target: "a"}, down},
		{trial{round: 1, target: "b"}, down},
		{trial{round: 2, target: "a"}, errors.New("worse")},
		{trial{round: 3, alone: 1, target: "a"}, down},
		{trial{round: 4, alone: 2, target: "a"}, down},
		{trial{}, errors.New("disk full")},
	})
	want := "a, round 1: down (and 2 times more)\nb, round 1: down\na, round 2: worse\ndisk full"
	var none *NotAvailableError
	if err == nil || err.Error() != want || !errors.As(err, &none) {
		t.Errorf("join = %v\nwant %s, with what they wrap", err, want)
	}
}
