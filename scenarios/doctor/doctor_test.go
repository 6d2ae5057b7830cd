package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"servebench/reports/record"
	"servebench/scenarios/host"
	"servebench/targets"
)

// judged are results that say what they should, each for one state of the
// machine.
func judged() map[string]struct {
	got    Result
	status Status
	found  string
} {
	fault, day := errors.New("not allowed"), time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	late := func(most time.Duration) moment {
		m := moment{late: slices.Repeat([]time.Duration{40 * time.Microsecond}, 980)}
		m.late = append(m.late, slices.Repeat([]time.Duration{most}, 20)...)
		return m
	}
	machine := func(stolen, busy float64) moment {
		return moment{machine: record.Machine{Known: true, Stolen: stolen, Busy: busy}}
	}
	return map[string]struct {
		got    Result
		status Status
		found  string
	}{
		"two CPUs":              {judgeCPUs([]int{0, 1}, nil), OK, "2: number 1 for the target, number 0 for the load generator"},
		"one CPU":               {judgeCPUs([]int{3}, nil), Warn, "1: 3"},
		"no CPU sets":           {judgeCPUs(nil, fault), Warn, "not pinned: not allowed"},
		"fast governor":         {judgeGovernor("performance", true), OK, "performance"},
		"slow governor":         {judgeGovernor("powersave", true), Warn, "powersave"},
		"a guest's governor":    {judgeGovernor("powersave", false), OK, "powersave"},
		"no governor":           {judgeGovernor("none exposed", true), OK, "none exposed"},
		"governor not known":    {judgeGovernor("", true), OK, "not known"},
		"many files":            {judgeFiles(20000, nil), OK, "20,000"},
		"unlimited files":       {judgeFiles(1<<64-1, nil), OK, "no limit"},
		"few files":             {judgeFiles(1024, nil), Warn, "1,024"},
		"hardly a file":         {judgeFiles(64, nil), Fail, "64"},
		"files not known":       {judgeFiles(0, fault), Warn, "not allowed"},
		"many ports":            {judgePorts(host.Ports{First: 32768, Last: 60999, Taken: 8}, nil), OK, "28,224 of 32768–60999"},
		"ports taken":           {judgePorts(host.Ports{First: 32768, Last: 60999, Taken: 28000}, nil), Warn, "232 of"},
		"all ports taken":       {judgePorts(host.Ports{First: 32768, Last: 32799, Taken: 32}, nil), Fail, "0 of"},
		"ports not known":       {judgePorts(host.Ports{}, fault), Warn, "not allowed"},
		"cgroups":               {judgeCgroups("v2", nil), OK, "v2, and one"},
		"no cgroups":            {judgeCgroups("v2", fault), Warn, "not allowed"},
		"space":                 {judgeSpace("/tmp", 3*targets.GiB, nil), OK, "3.0 GiB free in /tmp"},
		"little space":          {judgeSpace("/tmp", 9*targets.MiB, nil), Warn, "0.0 GiB"},
		"no space":              {judgeSpace("/tmp", 0, fault), Fail, "not allowed"},
		"cheap clock":           {judgeClock("tsc", 40), OK, "tsc, 40 ns a reading"},
		"dear clock":            {judgeClock("hpet", 1800), Warn, "hpet, 1.8 µs a reading"},
		"dear tsc":              {judgeClock("tsc", 1030), Warn, "tsc, 1.03 µs a reading"},
		"clock not known":       {judgeClock("", 40), OK, "source not known"},
		"priority":              {judgePriority(nil), OK, "may be had"},
		"no priority":           {judgePriority(fault), Warn, "not allowed"},
		"awake":                 {judgeAwake(nil), OK, "kept out"},
		"asleep":                {judgeAwake(fs.ErrNotExist), Warn, "not exist"},
		"punctual":              {judgeTimer(late(90 * time.Microsecond)), OK, "p50 40 µs, p99 90 µs late in 1,000 waits"},
		"late":                  {judgeTimer(late(2 * time.Millisecond)), Warn, "p99 2 ms"},
		"not measured":          {judgeTimer(moment{err: fault}), Warn, "not allowed"},
		"alone":                 {judgeSteal(machine(0, 0)), OK, "0 %"},
		"stolen":                {judgeSteal(machine(0.05, 0)), Warn, "5 %"},
		"steal not known":       {judgeSteal(moment{}), OK, "not known"},
		"quiet":                 {judgeLoad(machine(0, 0.04)), OK, "4 %"},
		"busy":                  {judgeLoad(machine(0, 0.5)), Warn, "50 %"},
		"load not known":        {judgeLoad(moment{}), OK, "not known"},
		"server":                {judgeServer("/bin/refserver", nil), OK, "/bin/refserver"},
		"no server":             {judgeServer("", fault), Fail, "not allowed"},
		"calibrated":            {judgeCalibration(&record.Calibration{MaxRate: 24_000, Created: day}, false, day.Add(50*time.Hour), nil), OK, "up to 24000/s, made 2 days ago"},
		"not calibrated":        {judgeCalibration(nil, false, day, nil), Warn, "none"},
		"calibrated elsewhere":  {judgeCalibration(nil, true, day, nil), Warn, "none that holds"},
		"calibration damaged":   {judgeCalibration(nil, true, day, fault), Warn, "not allowed"},
		"target":                {judgeTarget(targets.Kind{Name: "x"}, []record.Fact{{Name: "engine", Value: "e"}}, nil), OK, "can run here; engine: e"},
		"server that runs":      {judgeTarget(targets.Kind{Name: "x", Running: true}, nil, nil), OK, "runs already"},
		"unequal target":        {judgeTarget(targets.Kind{Name: "x"}, []record.Fact{{Name: "speed", Value: "none", Unequal: true}}, nil), Warn, "speed: none"},
		"target with a fault":   {judgeTarget(targets.Kind{Name: "x"}, nil, fault), Warn, "can run here"},
		"no target":             {judgeMissing(targets.Kind{Name: "x"}, &targets.Unavailable{Why: "none", Fix: "get it"}), Warn, "not available"},
		"no target for a fault": {judgeMissing(targets.Kind{Name: "x"}, fault), Warn, "not available"},
		"nothing left":          {judgeLeftovers(nil, nil)[0], OK, "nothing"},
		"something left":        {judgeLeftovers([]targets.Leftover{{What: "folder f"}}, nil)[0], Fail, "folder f"},
		"a search that failed":  {judgeLeftovers(nil, fault)[0], Warn, "not allowed"},
	}
}

// Every result that is not ok says why it matters or what was met, and what to
// do.
func TestCheckResults(t *testing.T) {
	for name, c := range judged() {
		if c.got.Name == "" || c.got.Status != c.status || !strings.Contains(c.got.Found, c.found) {
			t.Errorf("%s: %+v, want %s and %q", name, c.got, c.status, c.found)
		}
		if c.got.Status != OK && c.got.Fix == "" {
			t.Errorf("%s: %+v says not what to do", name, c.got)
		}
		if c.got.Status == OK && c.got.Why+c.got.Fix != "" {
			t.Errorf("%s: %+v wants something done, though all is well", name, c.got)
		}
		if rest := strings.ReplaceAll(c.got.Fix, targets.Program(), ""); strings.Contains(rest, "servebench") {
			t.Errorf("%s: %q names the program other than it was called", name, c.got.Fix)
		}
	}
}

// kind is a target that is available or not.
func kind(name string, err error) targets.Kind {
	return targets.Kind{Name: name, Check: func(context.Context, map[string]string) error { return err }}
}

func TestTargetsThatAreMissing(t *testing.T) {
	missing := &targets.Unavailable{Why: "no runc", Fix: "apt-get install -y runc"}
	here, gone := kind("here", nil), kind("gone", missing)
	for name, c := range map[string]struct {
		kinds  []targets.Kind
		wanted bool
		want   Status
	}{
		"one of two, not asked for": {[]targets.Kind{here, gone}, false, Warn},
		"one of two, asked for":     {[]targets.Kind{here, gone}, true, Fail},
		"all of them":               {[]targets.Kind{gone}, false, Fail},
		"none":                      {[]targets.Kind{here}, true, OK},
	} {
		d := examine(t.Context(), targetChecks(c.kinds, nil), nil)
		d.requireTargets(c.wanted)
		if d.Status != c.want {
			t.Errorf("%s: %s, want %s", name, d.Status, c.want)
		}
		for _, r := range d.Checks {
			if r.Status == Fail && !strings.Contains(r.Failure(), missing.Fix) {
				t.Errorf("%s: %q says not what to do", name, r.Failure())
			}
		}
	}
}

// What only some runs need and is missing is a warning each, with the options that are set.
func TestLookAtTarget(t *testing.T) {
	kind := targets.Kind{
		Name:  "cloud",
		Check: func(context.Context, map[string]string) error { return nil },
		Describe: func(_ context.Context, set map[string]string) ([]record.Fact, error) {
			return []record.Fact{{Name: "engine", Value: set["context"]}}, nil
		},
		Lacks: func(context.Context, map[string]string) ([]targets.Unavailable, error) {
			return []targets.Unavailable{{Why: "no metrics", Fix: "install them"}}, errors.New("not allowed to look")
		},
	}
	want := []Result{
		{Name: "cloud", Status: Warn, Found: "can run here; engine: staging", Why: "not allowed to look", Fix: targets.Program() + " list targets"},
		{Name: "cloud", Status: Warn, Found: "no metrics", Fix: "install them"},
	}
	got := lookAtTarget(t.Context(), kind, map[string]string{"context": "staging"})
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// sleeper is a check that takes a while, whoever tells it to end.
func sleeper(name string, takes time.Duration) check {
	return check{area: Targets, name: name, look: func(context.Context) []Result {
		time.Sleep(takes)
		return []Result{{Name: name, Found: "is well"}}
	}}
}

// However long a target does not answer, doctor ends, and says what it waited for
// and what it found of all else.
func TestDoctorTakesTenSecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(5 * time.Minute) // until those that hung have ended
		calm := sleeper("calm", 2*time.Minute)
		calm.calm = true
		var waited [][]string
		began := time.Now()
		d := examine(t.Context(), []check{sleeper("hung", 2*time.Minute), sleeper("fine", time.Second), calm},
			func(names []string) { waited = append(waited, names) })
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		var found []string
		for _, f := range d.Checks {
			found = append(found, fmt.Sprintf("%s %s %s", f.Status, f.Name, f.Found))
		}
		want := []string{"warn hung could not be examined within 7s", "ok fine is well", "warn calm could not be examined within 2s"}
		if diff := cmp.Diff(want, found); diff != "" || d.Status != Warn {
			t.Errorf("status %s, -want +got:\n%s", d.Status, diff)
		}
		if d.requireTargets(true); d.Checks[0].Status != Fail {
			t.Errorf("a target that was asked for and not examined: %v", d.Checks[0])
		}
		if len(waited) < 4 || !slices.Equal(waited[0], []string{"hung"}) || !slices.Equal(waited[3], []string{"calm"}) {
			t.Errorf("said that it waits for %q", waited)
		}
	})
}

func TestDoctorExaminesSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		d := examine(t.Context(), []check{sleeper("a", 5*time.Second), sleeper("b", 5*time.Second), sleeper("c", 5*time.Second)}, nil)
		if took := time.Since(began); took != 5*time.Second || d.Status != OK {
			t.Errorf("took %v, status %s", took, d.Status)
		}
	})
}

func TestDoctorIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(5 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		d := examine(ctx, []check{sleeper("hung", 2*time.Minute), sleeper("fine", time.Millisecond)}, nil)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %v", took)
		}
		if d.Checks[0].Found != "was not examined: interrupted" || d.Checks[1].Found != "is well" {
			t.Errorf("found %+v", d.Checks)
		}
	})
}

func TestDiagnosisAsText(t *testing.T) {
	d := Diagnosis{Status: Fail, Checks: []Result{
		{Area: Targets, Name: "physical", Found: "can run here"},
		{Area: Targets, Name: "vm", Status: Warn, Found: "is not available", Why: "no QEMU", Fix: "get QEMU"},
		{Area: Leftovers, Name: "vm", Status: Fail, Found: "folder f", Fix: "servebench clean"},
	}}
	const want = `targets
  ok    physical  can run here
  warn  vm        is not available
                  no QEMU
                  -> get QEMU
leftovers
  fail  vm        folder f
                  -> servebench clean

FAIL: 1 problem to fix, 1 warning
`
	var b strings.Builder
	if err := d.WriteText(&b); err != nil || b.String() != want {
		t.Errorf("%v, wrote\n%s\nwant\n%s", err, b.String(), want)
	}
}
