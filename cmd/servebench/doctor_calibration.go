package main

import (
	"fmt"
	"time"

	"servebench/reports/record"
	"servebench/reports/stats"
	"servebench/scenarios/calibration"
	"servebench/targets"
)

// examineCalibration looks for the calibration of a run with the usual CPUs.
func examineCalibration(now time.Time) checkResult {
	known, err := keptCalibration(1)
	others := false
	if dir, errDir := calibrationDir(); errDir == nil {
		others = calibration.Others(dir)
	}
	return judgeCalibration(known, others, now, err)
}

// judgeCalibration tells whether the generator was calibrated, and how long ago;
// others says that there are calibrations that do not hold here.
func judgeCalibration(known *record.Calibration, others bool, now time.Time, err error) checkResult {
	f := checkResult{Name: "calibration"}
	if err == nil && known != nil {
		f.Found = fmt.Sprintf("up to %s, made %s", stats.FormatRate(known.MaxRate), age(now.Sub(known.Created)))
		return f
	}
	f.Status, f.Found = warn, "none"
	switch {
	case err != nil:
		f.Found = err.Error()
	case others:
		f.Found = "none that holds: made by another servebench, with another kernel or on other CPUs"
	}
	f.Why, f.Fix = "reports cannot show what of a latency is the instrument's", targets.Program()+" calibrate"
	return f
}

// age says how long ago something was, in whole days.
func age(d time.Duration) string {
	switch days := int(d.Hours() / 24); {
	case days < 1:
		return "today"
	case days == 1:
		return "1 day ago"
	default:
		return fmt.Sprintf("%d days ago", days)
	}
}
