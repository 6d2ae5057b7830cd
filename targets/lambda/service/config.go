package service

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"time"

	"servebench/targets"
	"servebench/targets/local"
)

// The bounds of AWS's settings, and what is the same for every function here.
const (
	LeastMemory = 128 * targets.MiB   // AWS: 128 MB
	MostMemory  = 10240 * targets.MiB // AWS: 10,240 MB
	// memoryOfCPU is the memory size that comes with one whole CPU: "At
	// 1,769 MB, a function has the equivalent of one vCPU".
	memoryOfCPU = 1769 * targets.MiB
	MostTimeout = 900 * time.Second
	MostTmp     = 10 * targets.GiB // AWS: 10,240 MB of ephemeral storage

	region  = "us-east-1"
	account = "123456789012"
	version = "$LATEST"
)

// The quotas that no setting changes.
const (
	InitLimit = 10 * time.Second // of an initialisation that is not within an invocation
	// A payload's most bytes: of a synchronous request, of an asynchronous one,
	// and of an answer, which may be a little longer.
	mostPayload = 6 << 20
	mostAsync   = 1 << 20
	mostAnswer  = mostPayload + 100
	logTail     = 4 << 10 // bytes of a log that Invoke returns

	// hintTime is after how long a start the log says that the function listens
	// instead of asking for work.
	hintTime = 2 * time.Second
	// callerPatience is for how long the service waits for a caller to take an
	// answer that is complete, 6 MB at most.
	callerPatience = 10 * time.Second
	// asyncQueue is how many asynchronous requests wait or run; AWS keeps an
	// unknown number of them.
	asyncQueue = 10_000
	// slotTime is how often to see whether a start still needs a CPU, and else keeps
	// others waiting no longer.
	slotTime = time.Second
	// soon is within what time an environment is ready that did not wait for a CPU for long.
	soon = 100 * time.Millisecond
	// mostInit is how long an initialisation may take that waited for a CPU here.
	mostInit = time.Minute
	// endTime is how long the end of a process takes at most to be noticed and
	// cleared away.
	endTime = 2 * time.Second
	// cpuPeriod is that in which a share of the CPU is counted out. AWS does not
	// say it; published measurements find 20 ms.
	cpuPeriod = 20 * time.Millisecond
)

// Config describes the function and its limits. All fields without a default
// are needed.
type Config struct {
	Name string // of the function: letters, digits, - and _
	// Sandbox runs the function's processes.
	Sandbox Sandbox
	// Memory is the memory size: what is billed, and what the share of the CPU
	// follows. 128 MiB to 10,240 MiB, whole mebibytes, which Lambda calls MB.
	Memory targets.Bytes
	// Limit bounds the memory of each environment; 0: Memory.
	Limit       targets.Bytes
	Concurrency int           // most requests at a time
	Burst       int           // most environments started in 10 s, refilled continuously
	Timeout     time.Duration // of an invocation, up to 15 minutes
	// StartTimeout is how long an initialisation within an invocation may take, where that is
	// more than Timeout, which bounds it at AWS.
	StartTimeout time.Duration
	IdleTimeout  time.Duration // after which an idle environment is reclaimed
	// CPUs is the number of CPUs that the environments share: so many are
	// started at a time; 0: this machine's.
	CPUs int
	// Adapter carries the events to a function that is an HTTP server; nil: the function
	// asks the Runtime API for work itself.
	Adapter *Adapter
	// OwnNetwork gives each environment a network of its own, in which there is the
	// Runtime API and nothing else. Without it environments share this machine's.
	OwnNetwork bool
	// NoNetwork says why there are no networks of their own; nil where there are, or none
	// was wanted.
	NoNetwork error
	// Freeze says that environments are frozen while they wait for work, where
	// the host allows it.
	Freeze bool
	// Cgroup is where those of the environments are made; nil: nowhere, so
	// that memory and CPU are not bounded and nothing is frozen.
	Cgroup *local.Cgroup
	// NoCgroup says why there is no Cgroup; nil where there is one.
	NoCgroup error
	// Output gets what the function's processes write, and a line about each
	// environment that ends by itself; nil: nobody.
	Output io.Writer
	// Reports says that Output gets the START, END and REPORT lines of every
	// invocation, as AWS's logs have them.
	Reports bool
}

// Limits reports every name, size, number and time that is not allowed.
func (c *Config) Limits() error {
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(!regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`).MatchString(c.Name), "name %q: want 1 to 64 letters, digits, - and _", c.Name)
	fault(c.Memory < LeastMemory || c.Memory > MostMemory || c.Memory%targets.MiB != 0, "memory %s: want whole MB from 128 to 10240", c.Memory)
	fault(c.Limit < 0, "memory limit %s: want 0 or more", c.Limit)
	fault(c.Concurrency < 1, "concurrency %d: want at least 1", c.Concurrency)
	fault(c.Burst < 1, "burst %d: want at least 1", c.Burst)
	fault(c.Timeout < time.Millisecond || c.Timeout > MostTimeout, "timeout %s: want a time from 1ms to 15m", c.Timeout)
	fault(c.StartTimeout < 0, "start timeout %s: want 0 or more", c.StartTimeout)
	fault(c.CPUs < 0, "CPUs %d: want 0 or more", c.CPUs)
	fault(c.IdleTimeout <= 0, "idle timeout %s: want a time above 0, such as 5m", c.IdleTimeout)
	return errors.Join(faults...)
}

// sharing reports that environments would share a port.
func (c *Config) sharing() error {
	if c.Adapter == nil || c.Adapter.Port == 0 || c.OwnNetwork || c.Concurrency == 1 {
		return nil
	}
	return fmt.Errorf("concurrency %d: environments on this machine's network cannot share port %d: want a concurrency of 1, or network own", c.Concurrency, c.Adapter.Port)
}

// limit is the memory that an environment may hold.
func (c *Config) limit() targets.Bytes { return cmp.Or(c.Limit, c.Memory) }

// Share is the share of the CPUs that comes with a memory size: 1 is one CPU.
func Share(memory targets.Bytes) float64 { return float64(memory) / float64(memoryOfCPU) }

// variables are what Lambda itself sets for every process, see "Defined runtime
// environment variables" in the Lambda Developer Guide. The keys of an account
// are not there, the address of the Runtime API is each environment's own, and
// where the function's files are is the Sandbox's to say.
func (s *Service) variables() []string {
	return []string{
		"_HANDLER=bootstrap",
		"AWS_DEFAULT_REGION=" + region,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + fmt.Sprint(s.memoryMB()),
		"AWS_LAMBDA_FUNCTION_NAME=" + s.config.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + version,
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + s.config.Name,
		fmt.Sprintf("AWS_LAMBDA_LOG_STREAM_NAME=%s/[%s]%016x%016x", time.Now().UTC().Format("2006/01/02"), version, rand.Uint64(), rand.Uint64()),
		"AWS_REGION=" + region,
		"TZ=:UTC",
	}
}
