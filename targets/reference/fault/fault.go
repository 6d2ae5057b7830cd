// Package fault has the reference server fail on purpose, so that what a load test makes of
// a failing server can be tested: it answers late, wrongly, slowly or not at all, as it is
// told, when it is started or by the requests themselves. It stands before the server's
// handler, and every answer that it had a part in says so.
package fault

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"servebench/targets"
	"servebench/targets/reference/clock"
)

// Kind is a way to fail.
type Kind struct {
	Name, Form string // "wrong", "wrong=SHARE"
	Doc        string // one sentence
	read       func(f *fault, value string) (want string)
}

// Kinds lists the ways to fail, in the order in which a request meets them.
func Kinds() []Kind {
	share := func(f *fault, value string) string { return f.readShare(value) }
	return []Kind{
		{"latency", "latency=DISTRIBUTION:MEAN", "Every answer is later by a time of that distribution: " + strings.Join(clock.Distributions(), ", ") + ".", readLatency},
		{"stall", "stall=TIME/PERIOD", "Nothing is answered for a time at the end of every period.", readStall},
		{"leak", "leak=SIZE", "So much memory is kept of every request.", readLeak},
		{"hang", "hang=SHARE", "A share of the requests is never answered.", share},
		{"drop", "drop=SHARE", "A share of the requests is read, and its connection reset.", share},
		{"error", "error=SHARE or error=SHARE:STATUS", "A share of the requests is answered with that status, or 503.", readError},
		{"half-close", "half-close=SHARE", "A share of the requests gets the beginning of an answer, and then the end of the connection.", share},
		{"wrong", "wrong=SHARE", "A share of the requests is answered with another class, or another value, than the model's.", share},
		{"slow", "slow=SIZE/s", "The body of every answer comes at so many bytes per second.", readSlow},
	}
}

// fault is one thing to do.
type fault struct {
	kind, text string
	share      int64 // of the requests, in millionths; of every one: whole
	clock      *clock.Config
	bytes      int64 // of a leak per request, of a slow body per second
	status     int   // of HTTP
}

// whole is a share of all.
const whole = 1_000_000

// Check says what is wrong with the text of a fault, such as "wrong=1%", and what would be
// right; "", "" where nothing is. The name is that of its kind, as far as there is one.
func Check(text string) (name, problem, want string) {
	f, problem, want := parse(text)
	return f.kind, problem, want
}

// parse reads one fault.
func parse(text string) (f fault, problem, want string) {
	name, value, _ := strings.Cut(text, "=")
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Form)
		if k.Name != name {
			continue
		}
		f = fault{kind: name, text: text, share: whole}
		if want := k.read(&f, value); want != "" {
			return f, fmt.Sprintf("%q is no fault", text), k.Form + ", with " + want
		}
		return f, "", ""
	}
	return f, fmt.Sprintf("%q is no fault", text), "one of " + strings.Join(names, ", ")
}

// parseAll reads faults, of each kind one. The error names every mistake.
func parseAll(texts []string) ([]fault, error) {
	var all []fault
	var mistakes []error
	for _, text := range texts {
		f, problem, want := parse(text)
		switch {
		case problem != "":
			mistakes = append(mistakes, fmt.Errorf("%s; want %s", problem, want))
		case slices.ContainsFunc(all, func(g fault) bool { return g.kind == f.kind }):
			mistakes = append(mistakes, fmt.Errorf("%q is a second fault of the kind %s; want each kind once", text, f.kind))
		default:
			all = append(all, f)
		}
	}
	return all, errors.Join(mistakes...)
}

const shareWanted = "a share from 0.0001% to 100%, such as wrong=1%"

// readShare reads a percentage.
func (f *fault) readShare(value string) (want string) {
	number, percent := strings.CutSuffix(value, "%")
	p, err := strconv.ParseFloat(number, 64)
	f.share = int64(math.Round(p * whole / 100))
	if !percent || err != nil || !(p <= 100) || f.share < 1 {
		return shareWanted
	}
	return ""
}

func readLatency(f *fault, value string) (want string) {
	distribution, mean, _ := strings.Cut(value, ":")
	service, err := time.ParseDuration(mean)
	f.clock = &clock.Config{Distribution: distribution, Service: service, Queues: 1, Seed: 1}
	if err != nil || f.clock.Check() != nil || service > time.Hour {
		return "a distribution and a mean of at most an hour, such as latency=exponential:20ms"
	}
	return ""
}

func readStall(f *fault, value string) (want string) {
	stall, every, _ := strings.Cut(value, "/")
	length, errLength := time.ParseDuration(stall)
	period, errPeriod := time.ParseDuration(every)
	// A service time that nobody notices: what completes outside a stall is not held.
	f.clock = &clock.Config{Distribution: clock.Default().Distribution, Service: 1, Queues: 1, Stall: length, Every: period, Seed: 1}
	if errLength != nil || errPeriod != nil || length <= 0 || f.clock.Check() != nil {
		return "a time and a longer period, such as stall=500ms/2s"
	}
	return ""
}

func readLeak(f *fault, value string) (want string) {
	size, err := targets.ParseBytes(value)
	if f.bytes = int64(size); err != nil || size < 1 || size > targets.GiB {
		return "a size of at most 1GiB, such as leak=64KiB"
	}
	return ""
}

func readSlow(f *fault, value string) (want string) {
	rate, perSecond := strings.CutSuffix(value, "/s")
	size, err := targets.ParseBytes(rate)
	if f.bytes = int64(size); !perSecond || err != nil || size < 1 || size > targets.GiB {
		return "a rate of at most 1GiB/s, such as slow=500B/s"
	}
	return ""
}

func readError(f *fault, value string) (want string) {
	share, code, chosen := strings.Cut(value, ":")
	f.status = http.StatusServiceUnavailable
	var err error
	if chosen {
		f.status, err = strconv.Atoi(code)
	}
	if want := f.readShare(share); want != "" || err != nil || f.status < 400 || f.status > 599 {
		return "a share from 0.0001% to 100%, and a status from 400 to 599 if it is not 503, such as error=2%:500"
	}
	return ""
}

// hits says whether the n-th request, from 0, is one of the fault's share: exactly one in
// each stretch of 1/share requests, at a place that follows from the fault's kind and the
// number of the stretch.
func (f fault) hits(n int64) bool {
	stretch := n * f.share / whole
	start := (stretch*whole + f.share - 1) / f.share
	length := ((stretch+1)*whole+f.share-1)/f.share - start
	return n-start == int64(scattered(f.kind, uint64(stretch))%uint64(length))
}

// scattered is a number that looks drawn at random: FNV-1a of a name, and SplitMix64 of a
// number from there on (Steele, Lea and Flood, Fast Splittable Pseudorandom Number
// Generators, 2014).
func scattered(name string, n uint64) uint64 {
	z := uint64(14695981039346656037)
	for i := range len(name) {
		z = (z ^ uint64(name[i])) * 1099511628211
	}
	z += (n + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
