package capacity_test

import (
	"testing"
	"time"

	"servebench/reports/analysis/capacity"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// TestLimitedBy changes what a server that is too slow used of its 1 CPU and 512 MiB in the
// first step, which lasts 10 s.
func TestLimitedBy(t *testing.T) {
	failing := func(class string) func(*recordtest.Plan) {
		return func(p *recordtest.Plan) {
			p.Targets[0].Errors = []recordtest.Error{{Class: class, Share: 0.05}}
		}
	}
	cpu := func(share float64) func(*record.Run, *record.Cell) {
		return func(_ *record.Run, c *record.Cell) {
			c.Usage.CPU = time.Duration(share * float64(10*time.Second))
		}
	}
	for _, tt := range []struct {
		name string
		plan func(*recordtest.Plan)
		used func(*record.Run, *record.Cell)
		want capacity.Resource
	}{
		{"idle CPUs", nil, cpu(0.3), capacity.ByQueue},
		{"busy CPUs", nil, cpu(0.9), capacity.ByCPU},
		{"idle CPUs on a busy machine", nil, func(_ *record.Run, c *record.Cell) {
			c.Usage.CPU, c.Machine = 2*time.Second, record.Machine{Known: true, Busy: 0.97}
		}, capacity.ByOthers},
		{"busy CPUs on a busy machine", nil, func(_ *record.Run, c *record.Cell) {
			c.Usage.CPU, c.Machine = 9*time.Second, record.Machine{Known: true, Busy: 0.97}
		}, capacity.ByCPU},
		{"not known", nil, func(r *record.Run, _ *record.Cell) {
			for i := range r.Cells {
				r.Cells[i].Usage = record.Usage{}
			}
		}, ""},
		{"nearly all of the memory", nil, func(_ *record.Run, c *record.Cell) { c.Usage.Resident = 500 << 20 }, capacity.ByMemory},
		{"memory without a limit", nil, func(r *record.Run, c *record.Cell) { c.Usage.Resident, r.Targets[0].Memory = 500<<20, 0 }, capacity.ByQueue},
		{"full memory and busy CPUs", nil, func(_ *record.Run, c *record.Cell) { c.Usage.Resident, c.Usage.CPU = 500<<20, 9*time.Second }, capacity.ByCPU},
		{"held back by its quota", nil, func(_ *record.Run, c *record.Cell) { c.Usage.Throttled = 3 * time.Second }, capacity.ByThrottle},
		{"held back, and busy", nil, func(_ *record.Run, c *record.Cell) { c.Usage.Throttled, c.Usage.CPU = 3*time.Second, 9*time.Second }, capacity.ByCPU},
		{"hardly held back", nil, func(_ *record.Run, c *record.Cell) { c.Usage.Throttled = 300 * time.Millisecond }, capacity.ByQueue},
		{"failing", failing("status 500"), cpu(0.9), capacity.ByErrors},
		{"busy CPUs until requests time out", failing(record.ErrorTimeout), cpu(0.9), capacity.ByCPU},
		{"idle CPUs while requests time out", failing(record.ErrorTimeout), cpu(0.3), capacity.ByErrors},
		{"too many requests", failing("status 429"), cpu(0.9), capacity.ByThrottle},
		{"unavailable", failing("status 503"), cpu(0.9), capacity.ByThrottle},
		{"killed for its memory", failing("closed"), func(r *record.Run, _ *record.Cell) {
			r.Targets[0].Deployments[0].Failed, r.Targets[0].Deployments[0].OutOfMemory = "was killed by the kernel", true
		}, capacity.ByMemory},
		{"died", failing("closed"), func(r *record.Run, _ *record.Cell) { r.Targets[0].Deployments[0].Failed = "exited with status 3" }, capacity.ByErrors},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run := searchedRun(t, func(p *recordtest.Plan) {
				if p.SLO.P99 = time.Millisecond; tt.plan != nil {
					tt.plan(p)
				}
			})
			run.Targets[0].Memory = 512 << 20
			tt.used(run, &run.Cells[0])
			all, err := capacity.Search(run)
			if err != nil || all[0].Breaks != 400 || all[0].LimitedBy != tt.want {
				t.Errorf("breaks at %g/s, limited by %q, want %q: %+v, %v", all[0].Breaks, all[0].LimitedBy, tt.want, all[0].Steps[0].Used, err)
			}
		})
	}
}

// TestAServerThatDiesBreaks, at whatever rate: even while it settles.
func TestAServerThatDiesBreaks(t *testing.T) {
	run := searchedRun(t, nil)
	run.Targets[0].Deployments[0].Failed = "the server died\nits output"
	run.Cells[0].Phase = record.SettlePrefix + run.Cells[0].Phase
	all, err := capacity.Search(run)
	if err != nil || all[0].Breaks != 400 || !all[0].Steps[0].Died || all[0].Steps[0].Ended != "the server died" {
		t.Errorf("%+v, %v", all[0], err)
	}
}
