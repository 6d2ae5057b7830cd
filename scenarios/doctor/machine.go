package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime"
	"time"

	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios/host"
	"servebench/targets"
	"servebench/targets/image"
)

// A load to measure the machine by: what can be in flight when a server stalls
// until the first request times out, each on its own connection.
const (
	usualRate    = 1000 // per second
	usualTimeout = 10 * time.Second
	usualPile    = usualRate * int(usualTimeout/time.Second)
	// fewest connections and files that any run needs.
	fewest = 96
)

// machineCheck looks at what a run needs of the machine, one thing after another:
// the last are measurements.
func machineCheck(o Options) check {
	return check{area: Machine, name: "machine", calm: true, look: func(ctx context.Context) []Result {
		found := []Result{
			judgeServer(o.Server()),
			judgeCPUs(host.CPUs()),
			judgeGovernor(host.Governor()),
			judgeFiles(host.OpenFiles()),
			judgePorts(host.EphemeralPorts()),
			judgeCgroups(host.Cgroups()),
			examineSpace(os.TempDir()),
			judgeImages(image.Stored(ctx)),
			judgeClock(host.Clock()),
			judgePriority(tryAndUndo(host.Raise)),
			judgeAwake(tryAndUndo(keepAwake)),
			examineCalibration(o.Calibration, time.Now()),
		}
		m := measureMoment(ctx)
		return append(found, judgeTimer(m), judgeSteal(m), judgeLoad(m))
	}}
}

func examineSpace(dir string) Result {
	space, err := host.Space(dir)
	return judgeSpace(dir, space, err)
}

func tryAndUndo(do func() (restore func() error, err error)) error {
	restore, err := do()
	if err != nil {
		return err
	}
	return restore()
}

// keepAwake keeps the CPUs awake as a run would.
func keepAwake() (restore func() error, err error) {
	cpus, err := host.CPUs()
	if err != nil {
		return nil, err
	}
	awake, err := host.KeepAwake(host.Share(cpus, 1).Generator)
	if err != nil {
		return nil, err
	}
	return awake.Close, nil
}

func runAsRoot() string { return targets.AsRoot(targets.Program() + " run") }

func judgeServer(path string, err error) Result {
	f := Result{Name: "reference server", Found: path}
	if err != nil {
		f.Status, f.Found, f.Fix = Fail, err.Error(), "make build"
		f.Why = "the built-in scenarios measure it"
	}
	return f
}

func judgeCPUs(cpus []int, err error) Result {
	f := Result{Name: "CPUs"}
	if err != nil {
		f.Status, f.Found = Warn, fmt.Sprintf("%d, not pinned: %v", runtime.NumCPU(), err)
		f.Why, f.Fix = "the load generator and the target disturb each other", "measure on Linux"
		return f
	}
	split := host.Share(cpus, 1)
	if split.Shared {
		f.Status, f.Found = Warn, "1: "+targets.FormatCPUs(cpus)
		f.Why = "the load generator needs one for itself; on the target's they disturb each other, and every run says so"
		f.Fix = "measure on two CPUs or more"
		return f
	}
	f.Found = fmt.Sprintf("%d: number %s for the target, number %s for the load generator", len(cpus), targets.FormatCPUs(split.Target), targets.FormatCPUs(split.Generator))
	return f
}

func judgeGovernor(name string, matters bool) Result {
	f := Result{Name: "CPU governor", Found: name}
	switch {
	case name == "":
		f.Found = "not known"
	case matters && name != "performance" && name != "none exposed":
		f.Status = Warn
		f.Why = "the CPUs change their frequency with the load, so that a figure depends on what ran before it"
		f.Fix = "echo performance | " + targets.AsRoot("tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")
	}
	return f
}

func judgeFiles(limit uint64, err error) Result {
	f := Result{Name: "open files", Found: fmt.Sprintf("at most %s", format.Count(int64(limit)))}
	if err != nil {
		f.Status, f.Found, f.Fix = Warn, err.Error(), "see ulimit -n"
		return f
	}
	switch {
	case limit > math.MaxInt64/2: // RLIM_INFINITY, of whichever system
		f.Found = "no limit"
	case limit < uint64(usualPile):
		f.Status = statusOfTooFew(int(limit))
		f.Why = neededFor("connections")
		f.Fix = moreFiles(2 * usualPile)
	}
	return f
}

// moreFiles is the command that lets a shell, and what it starts, open n files:
// its own for root, and without root's rights prlimit of util-linux on the shell.
func moreFiles(n int) string {
	if os.Geteuid() == 0 || runtime.GOOS != "linux" {
		return fmt.Sprintf("ulimit -n %d", n)
	}
	return targets.AsRoot(fmt.Sprintf("prlimit --pid $$ --nofile=%d", n))
}

func statusOfTooFew(n int) Status {
	if n < fewest {
		return Fail
	}
	return Warn
}

func neededFor(of string) string {
	return fmt.Sprintf("a load of %s/s whose server stalls for the timeout of %v needs %s %s",
		format.Count(usualRate), usualTimeout, format.Count(int64(usualPile)), of)
}

func judgePorts(p host.Ports, err error) Result {
	f := Result{Name: "ephemeral ports"}
	if err != nil {
		f.Status, f.Found, f.Fix = Warn, err.Error(), "see sysctl net.ipv4.ip_local_port_range"
		if runtime.GOOS != "linux" {
			f.Fix = "measure on Linux"
		}
		return f
	}
	f.Found = fmt.Sprintf("%s of %d–%d are free", format.Count(int64(p.Free())), p.First, p.Last)
	if p.Free() < usualPile {
		f.Status, f.Why = statusOfTooFew(p.Free()), neededFor("ports")
		f.Fix = targets.AsRoot("sysctl -w net.ipv4.ip_local_port_range='32768 60999'") + "; closed connections free theirs within a minute"
	}
	return f
}

func judgeCgroups(version string, err error) Result {
	f := Result{Name: "cgroups", Found: version + ", and one with a memory limit can be made"}
	if err != nil {
		f.Status, f.Found = Warn, fmt.Sprintf("none can be made: %v", err)
		f.Why = "servers run without a memory limit, and the use of their children that ended is not counted"
		f.Fix = runAsRoot()
		if os.Geteuid() == 0 {
			f.Fix = "make the cgroup file system writable, such as with docker run --privileged in a container"
		}
	}
	return f
}

// littleSpace is less than what the images, bundles and guests of a run take
// while their server runs, with some to spare.
const littleSpace = 256 * targets.MiB

func judgeSpace(dir string, space targets.Bytes, err error) Result {
	f := Result{Name: "temporary folder", Found: fmt.Sprintf("%.1f GiB free in %s", float64(space)/float64(targets.GiB), dir)}
	fix := "set TMPDIR to a folder with room"
	switch {
	case err != nil:
		f.Status, f.Found, f.Why, f.Fix = Fail, err.Error(), "targets put what a server needs there", fix
	case space < littleSpace:
		f.Status, f.Why, f.Fix = Warn, fmt.Sprintf("targets unpack images there; %v is safe", littleSpace), fix
	}
	return f
}

// judgeImages says how much is kept of images, which grows until it is removed.
func judgeImages(kept image.Kept, err error) Result {
	f := Result{Name: "images", Found: kept.String()}
	switch {
	case err != nil:
		f.Status, f.Found, f.Why = Warn, err.Error(), "the images of servers are unpacked there"
	case kept.Files == 0:
		f.Found = "none are kept in " + kept.Dir
	case kept.Size > manyImages:
		f.Status, f.Why, f.Fix = Warn, "they are kept so that they are pulled and unpacked once", targets.Program()+" clean --images"
	}
	return f
}

// manyImages is how much may be kept without a word.
const manyImages = 50 * targets.GiB

// dearReading is a share of the some ten microseconds that the generator spends
// on a request, in which it reads the clock several times.
const dearReading = 500 * time.Nanosecond

func judgeClock(source string, reading time.Duration) Result {
	if source == "" {
		source = "source not known"
	}
	f := Result{Name: "clock", Found: fmt.Sprintf("%s, %s a reading", source, format.Duration(reading))}
	if reading > dearReading {
		f.Status = Warn
		f.Why = "the generator reads it several times for every request"
		f.Fix = "find out what slows the machine down, such as a hypervisor that intercepts readings"
		if source == "tsc" {
			return f
		}
		f.Why = "the kernel reads it by system calls, several for every request"
		f.Fix = "echo tsc | " + targets.AsRoot("tee /sys/devices/system/clocksource/clocksource0/current_clocksource") + ", where available_clocksource beside it lists tsc"
	}
	return f
}

func judgePriority(err error) Result {
	f := Result{Name: "real-time priority", Found: "may be had"}
	if err != nil {
		f.Status, f.Found = Warn, err.Error()
		f.Why = "what else runs on the generator's CPUs delays its requests, and makes a run INVALID sooner"
		f.Fix = runAsRoot()
		if os.Geteuid() == 0 {
			f.Fix = "give it the capability SYS_NICE, such as with docker run --cap-add SYS_NICE in a container"
		}
	}
	return f
}

func judgeAwake(err error) Result {
	f := Result{Name: "CPU idle states", Found: "can be kept out"}
	if err == nil {
		return f
	}
	f.Status, f.Found = Warn, err.Error()
	f.Why = "a CPU that fell asleep between requests answers the next one late"
	f.Fix = runAsRoot()
	if errors.Is(err, fs.ErrNotExist) {
		f.Fix = "boot the kernel with idle=poll, since it has no /dev/cpu_dma_latency"
	}
	return f
}

// examineCalibration looks for the calibration of a run with the usual CPUs.
func examineCalibration(find func() (*record.Calibration, bool, error), now time.Time) Result {
	known, others, err := find()
	return judgeCalibration(known, others, now, err)
}

// judgeCalibration tells whether the generator was calibrated, and how long ago;
// others says that there are calibrations that do not hold here.
func judgeCalibration(known *record.Calibration, others bool, now time.Time, err error) Result {
	f := Result{Name: "calibration"}
	if err == nil && known != nil {
		f.Found = fmt.Sprintf("up to %s, made %s", format.Rate(known.MaxRate), ageInDays(now.Sub(known.Created)))
		return f
	}
	f.Status, f.Found = Warn, "none"
	switch {
	case err != nil:
		f.Found = err.Error()
	case others:
		f.Found = "none that holds: made by another servebench, with another kernel or on other CPUs"
	}
	f.Why, f.Fix = "reports cannot show which part of a latency is the load generator's", targets.Program()+" calibrate"
	return f
}

func ageInDays(d time.Duration) string {
	switch days := int(d.Hours() / 24); {
	case days < 1:
		return "today"
	case days == 1:
		return "1 day ago"
	default:
		return fmt.Sprintf("%d days ago", days)
	}
}
