package host

import "time"

// readings is how often the clock is read to find out what a reading costs.
const readings = 10000

// Clock returns what the kernel reads the time from, "" where it does not tell,
// and what one reading costs: tens of nanoseconds, or, where the source cannot
// be read without a system call, far more.
func Clock() (source string, reading time.Duration) {
	began := time.Now()
	for range readings {
		_ = time.Now()
	}
	return root().clockSource(), time.Since(began) / readings
}
