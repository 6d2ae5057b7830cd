package ab

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/stat/paired"
	"servebench/reports/format"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/calibration"
)

// noiseOf says where and under what a noise floor holds: on this machine, and under
// the scenario without what changes nothing of the noise.
func noiseOf(version string, s *scenarios.Scenario) (calibration.NoiseFloor, error) {
	load := *s
	load.Description, load.Regression = "", nil
	load.Rounds, load.Reruns, load.ColdStarts, load.Seed = 1, 0, 0, 0
	text, err := load.YAML()
	if err != nil {
		return calibration.NoiseFloor{}, err
	}
	machine, err := calibration.ThisMachine(version, s.Limits.WholeCPUs())
	return calibration.NoiseFloor{Machine: machine, Scenario: string(text)}, err
}

// keptNoise is a noise floor with where it is kept, and since when.
type keptNoise struct {
	*record.Noise
	file string
	at   time.Time
}

// knownNoise is what an A/B test of a server with itself found here under the scenario; its
// Noise is nil where there was none.
func knownNoise(version string, s *scenarios.Scenario) (kept keptNoise, err error) {
	where, err := noiseOf(version, s)
	if err != nil {
		return kept, err
	}
	dir, err := calibration.Dir()
	if err != nil {
		return kept, err
	}
	kept.file = where.File(dir)
	if kept.Noise, err = calibration.LoadNoise(dir, where.Machine, where.Scenario); err != nil || kept.Noise == nil {
		return kept, err
	}
	info, err := os.Stat(kept.file)
	if err != nil {
		return kept, fmt.Errorf("read noise floor: %w", err)
	}
	kept.at = info.ModTime()
	return kept, nil
}

// forgetNoise removes what is kept of the noise here under the scenario.
func forgetNoise(version string, s *scenarios.Scenario) error {
	where, err := noiseOf(version, s)
	if err != nil {
		return err
	}
	dir, err := calibration.Dir()
	if err != nil {
		return err
	}
	if err := os.Remove(where.File(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget noise floor: %w", err)
	}
	return nil
}

// aboveNoise refuses a margin that is lost in the noise of this machine, and says what
// would not be refused. A floor holds for as many rounds as it was measured with, and
// sinks with the root of their number.
func aboveNoise(plan record.ABTest, kept keptNoise) error {
	if kept.Noise == nil || plan.Same {
		return nil
	}
	rounds, worst := plan.Interims[len(plan.Interims)-1].Pairs, 0.0
	var lost, clear []string
	for _, metric := range plan.Metrics {
		floor := kept.Floors[metric] * math.Sqrt(float64(kept.Rounds)/float64(rounds))
		if plan.Margin >= floor {
			clear = append(clear, metric)
			continue
		}
		lost, worst = append(lost, metric+" by "+format.Percent(floor)), max(worst, floor)
	}
	if len(lost) == 0 {
		return nil
	}
	return fmt.Errorf("margin %s: it is lost in the noise of this machine: in %d rounds a server can differ from itself in %s\n"+
		"  That was measured %s, in %d rounds, and is kept in %s\n  Want one of\n    %s",
		format.Percent(plan.Margin), rounds, strings.Join(lost, ", "),
		kept.at.Format(time.DateTime), kept.Rounds, kept.file, strings.Join(ways(plan, rounds, worst, clear), "\n    "))
}

// steadyRounds are as many as measure a noise floor that one bad minute does not make.
const steadyRounds = 40

// ways are the flags with which an A/B test would not be refused, where the worst of the
// floors is above its margin and the metrics that are clear of theirs are known.
func ways(plan record.ABTest, rounds int, worst float64, clear []string) []string {
	all := []string{
		fmt.Sprintf("--aa --rounds %d in place of --candidate, at a quieter hour, which measures it anew", max(rounds, steadyRounds)),
		"--forget-noise, which forgets it",
	}
	if len(clear) > 0 {
		all = append(all, "--metrics "+strings.Join(clear, ","))
	}
	if more := math.Ceil(float64(rounds) * (worst / plan.Margin) * (worst / plan.Margin)); more <= paired.MostPairs {
		all = append(all, fmt.Sprintf("--rounds %.0f", more))
	}
	// Up, for a floor is no less than it says, and a tolerance is above its margin.
	if margin := math.Ceil(worst*1000) / 1000; margin < 1 {
		tolerance := max(plan.Tolerance, min(math.Ceil(margin*5/3*1000)/1000, 1))
		all = append(all, fmt.Sprintf("--margin %.1f%% --tolerance %.1f%% or more", margin*100, tolerance*100))
	}
	return all
}

// KeepNoise keeps what an A/B test of a server with itself found, where it came to its end
// and can be believed.
func (t *Test) KeepNoise(a *analysis.Analysis) error {
	if !a.Run.AB.Same || a.Run.Interrupted != "" || a.AB.Interim < len(a.Run.AB.Interims) {
		return nil
	}
	noise := analysis.Noise(a)
	if len(noise.Floors) == 0 {
		return nil
	}
	floor, err := noiseOf(t.Runner.Version, t.scenario)
	if err != nil {
		return err
	}
	floor.Noise = noise
	dir, err := calibration.Dir()
	if err != nil {
		return err
	}
	if err := calibration.SaveNoise(dir, floor); err != nil {
		return err
	}
	var parts []string
	for _, metric := range a.Run.AB.Metrics {
		if f, known := noise.Floors[metric]; known {
			parts = append(parts, fmt.Sprintf("%s %s", metric, format.Percent(f)))
		}
	}
	t.note("noise floor of this machine under %s, kept for A/B tests to come: %s", t.scenario.Name, strings.Join(parts, ", "))
	return nil
}
