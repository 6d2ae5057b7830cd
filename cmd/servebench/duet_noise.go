package main

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/reports/stats/paired"
	"servebench/scenarios"
	"servebench/scenarios/calibration"
)

// noiseOf says where and under what a noise floor holds: on this machine, and under
// the scenario without what changes nothing of the noise.
func noiseOf(s *scenarios.Scenario) (calibration.NoiseFloor, error) {
	load := *s
	load.Description, load.Regression = "", nil
	load.Rounds, load.SpareVisits, load.Deploys, load.Seed = 1, 0, 0, 0
	text, err := load.YAML()
	if err != nil {
		return calibration.NoiseFloor{}, err
	}
	machine, err := thisMachine(s.Limits.CPUs)
	return calibration.NoiseFloor{Machine: machine, Scenario: string(text)}, err
}

// knownNoise is what a duet of a server with itself found here under the scenario; nil
// where there was none.
func knownNoise(s *scenarios.Scenario) (*record.Noise, error) {
	where, err := noiseOf(s)
	if err != nil {
		return nil, runtimeError(err)
	}
	dir, err := calibrationDir()
	if err != nil {
		return nil, runtimeError(err)
	}
	noise, err := calibration.LoadNoise(dir, where.Machine, where.Scenario)
	return noise, runtimeError(err)
}

// aboveNoise refuses a margin that is lost in the noise of this machine. A floor holds
// for as many rounds as it was measured with, and sinks with the root of their number.
func aboveNoise(plan record.Duet) error {
	if plan.Noise == nil || plan.Same {
		return nil
	}
	var faults []error
	rounds := plan.Looks[len(plan.Looks)-1].Pairs
	for _, metric := range plan.Metrics {
		floor := plan.Noise.Floors[metric] * math.Sqrt(float64(plan.Noise.Rounds)/float64(rounds))
		if plan.Margin >= floor {
			continue
		}
		// Up, for a floor is no less than it says.
		want := fmt.Sprintf("--margin %.1f%% or more", math.Ceil(floor*1000)/10)
		if more := int(math.Ceil(float64(rounds) * (floor / plan.Margin) * (floor / plan.Margin))); plan.Margin > 0 && more <= paired.MostPairs {
			want += fmt.Sprintf(", or --rounds %d", more)
		}
		faults = append(faults, fmt.Errorf("margin %s: in %d rounds %s differs by up to %s between a server and itself here (servebench duet --aa); want %s",
			stats.FormatPercent(plan.Margin), rounds, metric, stats.FormatPercent(floor), want))
	}
	return errors.Join(faults...)
}

// keepNoise keeps what a duet of a server with itself found, where it came to its end
// and can be believed.
func (d *duet) keepNoise(a *stats.Analysis) error {
	if !a.Run.Duet.Same || a.Run.Interrupted != "" || a.Duet.Look < a.Duet.Looks {
		return nil
	}
	noise := stats.Noise(a)
	if len(noise.Floors) == 0 {
		return nil
	}
	floor, err := noiseOf(d.scenario)
	if err != nil {
		return err
	}
	floor.Noise = noise
	dir, err := calibrationDir()
	if err != nil {
		return err
	}
	if err := calibration.SaveNoise(dir, floor); err != nil {
		return err
	}
	var parts []string
	for _, metric := range a.Run.Duet.Metrics {
		if f, known := noise.Floors[metric]; known {
			parts = append(parts, fmt.Sprintf("%s %s", metric, stats.FormatPercent(f)))
		}
	}
	d.say("noise floor of this machine under %s, kept for duets to come: %s", d.scenario.Name, strings.Join(parts, ", "))
	return nil
}
