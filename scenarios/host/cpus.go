// Package host knows the machine that a run takes place on: which CPUs there
// are to share out between the load generator and the target, and the facts
// about it that a reader of the results needs. The orchestration in scenarios
// uses it; what it finds goes into the record.
package host

// Split is how the CPUs are shared out.
type Split struct {
	Generator []int
	Target    []int
	// Shared says that the generator and the target compete for the same
	// CPUs, because there are too few to keep them apart.
	Shared bool
}

// Share gives the last n of the CPUs to the target and the others to the
// generator. Where none would be left for the generator, the target's share is
// cut down to leave it one; where there is only one, both share it.
func Share(cpus []int, n int) Split {
	if len(cpus) <= 1 {
		return Split{Generator: cpus, Target: cpus, Shared: true}
	}
	n = min(n, len(cpus)-1)
	cut := len(cpus) - n
	return Split{Generator: cpus[:cut:cut], Target: cpus[cut:]}
}
