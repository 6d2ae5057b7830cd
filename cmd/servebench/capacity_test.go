package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/cmd/cli"
	"servebench/scenarios/oracle/queueing"
)

// queueServer is the reference server with a few queues of one worker that takes its time by the
// book. An example joins one at random, so that Poisson arrivals are independent Poisson streams,
// and the capacity at a limit of the p99 is known: the rate at which the quantile is the limit.
type queueServer struct {
	name, distribution string
	quantile           func(q float64, service time.Duration, utilisation float64) time.Duration
}

func queueServers() []queueServer {
	return []queueServer{{"M-D-1", "constant", queueing.MD1}, {"M-M-1", "exponential", queueing.MM1}}
}

const (
	// The mean is long beside what a busy machine holds a server back, and so short that a queue
	// forgets that it was empty while it settles.
	queueService     = 10 * time.Millisecond
	queues           = 32  // so that each round has thousands of requests
	queueUtilisation = 0.8 // at the capacity
)

// searchTime is how long a search may take: two minutes where nothing disturbs it.
const searchTime = 5 * time.Minute

// queueCapacity is that of every queueServer.
func queueCapacity() float64 { return queues * queueUtilisation / queueService.Seconds() }

// foundCapacity is what the JSON of a search says of one target.
type foundCapacity struct {
	Certified *float64 `json:"certified_rps"`
	Breaks    *float64 `json:"breaks_rps"`
	LimitedBy string   `json:"limited_by"`
	Probes    int
	Attempts  int
	Steps     []struct{ Rate float64 }
}

// searchQueue searches for the capacity of a server with the built programs. A search that was
// disturbed, as on a busy machine, ends INVALID or is given up, and finds none.
func (k queueServer) searchQueue(t *testing.T, seed int, from float64) (found foundCapacity, valid bool) {
	limit := k.quantile(0.99, queueService, queueUtilisation)
	scenario := filepath.Join(t.TempDir(), "queue.yaml")
	writeFile(t, scenario, fmt.Sprintf(`name: queue
targets: [physical]
workload: {server: reference, model: clock, clock: {distribution: %s, service: %s, queues: %d, seed: 0}}
data: {generator: credit, corpus: 50}
load: [{name: steady, rate: %g, duration: 5s}]
slo: {p99: %s, errors: 1%%}
seed: %d
reruns: 20
`, k.distribution, queueService, queues, from, limit, seed))
	ctx, cancel := context.WithTimeout(t.Context(), searchTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(builtPrograms(t), "servebench"), "capacity", scenario, "--most", "8000", "-o", "json", "--progress", "none", "--out", t.TempDir())
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, time.Minute
	var said strings.Builder
	cmd.Stderr = &said
	began := time.Now()
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || !slices.Contains([]int{cli.Invalid, cli.Inconclusive, cli.Interrupted}, exit.ExitCode())) {
		t.Fatalf("%v: %s", err, said.String())
	}
	var s struct {
		Validity string
		Capacity []foundCapacity
	}
	if err := json.Unmarshal(out, &s); err != nil || len(s.Capacity) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	found = s.Capacity[0]
	truth := queueCapacity()
	if found.Certified == nil {
		t.Logf("%s, p99 ≤ %v, seed %d: no rate certified (%s) in %d steps, %v: %s", k.name, limit, seed, s.Validity, len(found.Steps), time.Since(began).Round(time.Second), said.String())
		return found, false
	}
	t.Logf("%s, p99 ≤ %v, seed %d: certified %g/s, %.3f of the truth (%g/s); breaks at %s, limited by %q; %d probes, %d attempts, %v",
		k.name, limit, seed, *found.Certified, *found.Certified/truth, truth, orNever(found.Breaks), found.LimitedBy, found.Probes, found.Attempts, time.Since(began).Round(time.Second))
	return found, true
}

func orNever(rate *float64) string {
	if rate == nil {
		return "no rate"
	}
	return fmt.Sprintf("%g/s", *rate)
}

// TestCapacityOfKnownQueues: no search certifies more than the closed form allows, however busy
// the machine is. With SERVEBENCH_CAPACITY_SEEDS=5 it searches each server with so many seeds,
// which takes two minutes a search and a machine with nothing else to do, and the median has to be
// within 10 % of the truth, where a search that certifies no rate counts as 0.
func TestCapacityOfKnownQueues(t *testing.T) {
	const variable = "SERVEBENCH_CAPACITY_SEEDS"
	if testing.Short() {
		t.Skip("two searches on a real server take three minutes")
	}
	seeds, from := 1, 0.7*queueCapacity() // which few probes suffice from
	text, set := os.LookupEnv(variable)
	if set {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("%s=%s: want a number of searches of each server, at least 1", variable, text)
		}
		seeds = n
	}
	for _, k := range queueServers() {
		t.Run(k.name, func(t *testing.T) {
			var certified []float64
			for seed := 1; seed <= seeds; seed++ {
				if seeds > 1 {
					from = math.Round(800 * math.Pow(2, float64(seed)/float64(seeds)))
				}
				t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) {
					found, valid := k.searchQueue(t, seed, from)
					if !valid {
						t.Skip("the search certified no rate")
					}
					certified = append(certified, *found.Certified/queueCapacity())
					if *found.Certified > queueCapacity() {
						t.Errorf("certified %g/s of a server that holds %g/s", *found.Certified, queueCapacity())
					}
				})
			}
			switch {
			case set:
				held := append(certified, make([]float64, seeds-len(certified))...) // a search without a certificate counts as 0
				if slices.Sort(held); held[seeds/2] < 0.9 {
					t.Errorf("certified %.3f of the truth, want at least 0.9 in the median", held)
				}
			case len(certified) == 0:
				t.Skip("no rate was certified that could be held against the truth")
			}
		})
	}
}
