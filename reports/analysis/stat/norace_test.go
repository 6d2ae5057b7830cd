//go:build !race

package stat

import ()

const raceDetector = false
