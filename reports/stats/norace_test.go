//go:build !race

package stats

import ()

const raceDetector = false
