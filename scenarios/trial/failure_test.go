package trial

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/decode"
	"servebench/targets"
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

// A server that took its connections along is waited for, and one that answered is not.
func TestEndOfAServerInAPhase(t *testing.T) {
	broken := record.Cell{Errors: []record.ErrorCount{{Class: "status 503"}, {Class: record.ErrorClosed}}}
	for name, c := range map[string]struct {
		cell  record.Cell
		after time.Duration // that it ends
		ended bool
		waits time.Duration
	}{
		"it ended":                      {record.Cell{}, 0, true, 0},
		"it goes on":                    {record.Cell{}, time.Hour, false, 0},
		"it ended after its connection": {broken, time.Second, true, time.Second},
		"it closed a connection":        {broken, time.Hour, false, deathPause},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &instance{done: make(chan struct{})}
				time.AfterFunc(c.after, func() { close(server.done) })
				synctest.Wait()
				began := time.Now()
				if got := ended(&targets.Deployment{Instance: server}, c.cell); got != c.ended || time.Since(began) != c.waits {
					t.Errorf("ended = %t after %s, want %t after %s", got, time.Since(began), c.ended, c.waits)
				}
			})
		})
	}
}

// A server that is not ready in time is not waited for again in each round.
func TestNeverReadyIsTriedOnce(t *testing.T) {
	a, b := &fakeTarget{}, &fakeTarget{never: true}
	runner, s := newRunner(t, a, b, short(decode.Setting{Key: "rounds", Value: "2"}, decode.Setting{Key: "workload.start_timeout", Value: "3s"})...)
	run, err := runner.Run(t.Context(), s)
	if run == nil || err == nil || !strings.Contains(err.Error(), "not ready within workload.start_timeout = 3s") {
		t.Fatalf("error %v", err)
	}
	if a.deployed != 2 || b.deployed != 1 {
		t.Errorf("%d starts of the one and %d of the other, want 2 and 1", a.deployed, b.deployed)
	}
}
