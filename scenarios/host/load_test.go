package host

import (
	"testing"

	"servebench/reports/record"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shirou/gopsutil/v4/cpu"
)

func TestShareOfCPUTime(t *testing.T) {
	before := cpu.TimesStat{User: 10, System: 5, Idle: 100, Steal: 1}
	after := cpu.TimesStat{User: 12, System: 6, Idle: 104, Iowait: 1, Steal: 3}
	want := record.Machine{Known: true, Stolen: 0.2, Busy: 0.3}
	if diff := cmp.Diff(want, share(before, after), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
	if got := share(before, before); got.Known {
		t.Errorf("%+v after no time at all, want not known", got)
	}
}
