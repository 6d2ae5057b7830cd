package proof

// Noise is what a machine does to a latency beside what is asked of it. Shares are
// fractions: 0.08 for 8 %.
type Noise struct {
	Name string
	// Drift is the standard deviation of what changes slowly (a neighbour, the clock of
	// the CPU): a Gaussian process of first order, whose value at a trial is Memory
	// times that at the trial before it, and the rest new.
	Drift, Memory float64
	// Burst is the share of trials that are disturbed, each by a factor between
	// leastBurst and mostBurst.
	Burst float64
	// Process is the standard deviation of what a process has for life: where its
	// memory lies, how its threads were placed.
	Process float64
	// Trial is the standard deviation of what is left: the trial's own.
	Trial float64
	// Second is by how much the later of the two trials of a round is slower.
	Second float64
}

// A burst makes a trial longer by a factor drawn evenly between these.
const leastBurst, mostBurst = 1.1, 1.6

// Shared is a runner of a CI service, with neighbours.
func Shared() Noise {
	return Noise{Name: "shared", Drift: 0.08, Memory: 0.9, Burst: 0.05, Process: 0.02, Trial: 0.03, Second: 0.02}
}

// Dedicated is a machine of one's own that does nothing else.
func Dedicated() Noise {
	return Noise{Name: "dedicated", Drift: 0.01, Memory: 0.9, Burst: 0.01, Process: 0.01, Trial: 0.015, Second: 0.005}
}
