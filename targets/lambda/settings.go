package lambda

import (
	"fmt"
	"strconv"
	"time"

	"servebench/targets"
	"servebench/targets/lambda/service"
)

func options() []targets.Option {
	return []targets.Option{
		{Name: "memory", Default: "1769", Doc: "Memory size in MB, 128 to 10240: what is billed, and what the CPU follows; 1769 is one CPU. Without limits.memory it bounds each environment, too."},
		{Name: "concurrency", Default: "1000", Doc: "Most requests at a time, each with an environment of its own; more are answered 429."},
		{Name: "burst", Default: "1000", Doc: "Most environments started in 10 s, refilled continuously; beyond it requests are answered 429."},
		{Name: "timeout", Default: "30s", Doc: "Most time of a request in the function, up to 15m (AWS's default is 3s)."},
		{Name: "idle_timeout", Default: "5m", Doc: "Time after which an idle environment is reclaimed."},
		{Name: "sandbox", Default: service.Auto, Values: service.Sandboxes(), Doc: "What each environment runs in: a container by runc (crun), or a process of this machine; auto takes runc where it can be had."},
		{Name: "freeze", Default: "true", Values: []string{"true", "false"}, Doc: "Freeze environments while they wait for work, as AWS does."},
	}
}

// settings are the options' values.
type settings struct {
	memory             targets.Bytes
	concurrency, burst int
	timeout, idle      time.Duration
	sandbox            string
	freeze             bool
}

// read reads the options.
func read(set map[string]string) (settings, error) {
	values, err := targets.Resolve(options(), set)
	if err != nil {
		return settings{}, err
	}
	s := settings{sandbox: values["sandbox"], freeze: values["freeze"] == "true"}
	memory, err := number(values, "memory", int(service.LeastMemory/targets.MiB), int(service.MostMemory/targets.MiB))
	if err != nil {
		return settings{}, err
	}
	s.memory = targets.Bytes(memory) * targets.MiB
	const many = 1_000_000
	if s.concurrency, err = number(values, "concurrency", 1, many); err != nil {
		return settings{}, err
	}
	if s.burst, err = number(values, "burst", 1, many); err != nil {
		return settings{}, err
	}
	if s.timeout, err = duration(values, "timeout", service.MostTimeout); err != nil {
		return settings{}, err
	}
	s.idle, err = duration(values, "idle_timeout", 24*time.Hour)
	return s, err
}

// number reads a whole number from least to most.
func number(values map[string]string, name string, least, most int) (int, error) {
	n, err := strconv.Atoi(values[name])
	if err != nil || n < least || n > most {
		return 0, &targets.OptionError{Option: name, Err: fmt.Errorf("%q: want a whole number from %d to %d", values[name], least, most)}
	}
	return n, nil
}

// duration reads a time up to the most.
func duration(values map[string]string, name string, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(values[name])
	if err != nil || d < time.Millisecond || d > most {
		return 0, &targets.OptionError{Option: name, Err: fmt.Errorf("%q: want a time with its unit from 1ms to %s, such as 30s", values[name], most)}
	}
	return d, nil
}
