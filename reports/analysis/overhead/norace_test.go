//go:build !race

package overhead

import ()

const raceDetector = false
