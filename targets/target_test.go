package targets

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"

	"github.com/google/go-cmp/cmp"
)

func TestAccount(t *testing.T) {
	counters := record.Usage{CPU: time.Second, Resident: 5, Meters: []record.Meter{{Name: "requests", Value: 3}}}
	a := Account{Read: func(context.Context) (record.Usage, error) { return counters, nil }}
	first := time.Now()
	check := func(from, to time.Time, want record.Usage) {
		t.Helper()
		got, err := a.Usage(t.Context(), from, to)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v, -want +got:\n%s", err, diff)
		}
	}
	check(time.Time{}, first, counters)
	counters = record.Usage{CPU: 3 * time.Second, Resident: 4, Meters: []record.Meter{{Name: "requests", Value: 10}, {Name: "errors", Value: 1}}}
	second := first.Add(time.Second)
	check(first, second, record.Usage{CPU: 2 * time.Second, Resident: 4, Meters: []record.Meter{{Name: "requests", Value: 7}, {Name: "errors", Value: 1}}})
	held := make(chan struct{})
	a.FollowMemory(held, func() (record.Usage, error) { close(held); return record.Usage{Resident: 9}, nil })
	check(second, second.Add(1), record.Usage{Resident: 9, Meters: []record.Meter{{Name: "requests", Value: 0}, {Name: "errors", Value: 0}}})
	if _, err := a.Usage(t.Context(), first.Add(1), second); err == nil || !strings.Contains(err.Error(), "was not read") {
		t.Errorf("error %v of an interval whose beginning was not read", err)
	}
	a.Read = func(context.Context) (record.Usage, error) { return record.Usage{}, errors.New("gone") }
	if _, err := a.Usage(t.Context(), time.Time{}, first); err == nil {
		t.Error("no error of counters that cannot be read")
	}
}
