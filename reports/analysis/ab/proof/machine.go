package proof

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// machine is a simulated one, on which trials are played one after the other.
type machine struct {
	noise Noise
	rng   *rand.Rand
	drift float64 // now
}

// newMachine returns one whose noise is drawn by the two numbers, independently of
// that of any other two.
func newMachine(noise Noise, stream, simulation uint64) *machine {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], stream)
	binary.LittleEndian.PutUint64(seed[8:], simulation)
	m := &machine{noise: noise, rng: rand.New(rand.NewChaCha8(seed))}
	m.rest()
	return m
}

// rest lets so much time pass that the drift is another.
func (m *machine) rest() { m.drift = m.noise.Drift * m.rng.NormFloat64() }

// process starts a server that is slower by the change, 0.1 for 10 %. It returns the
// logarithm of its latency but for what passes.
func (m *machine) process(change float64) float64 {
	return math.Log1p(change) + m.noise.Process*m.rng.NormFloat64()
}

// trial plays a load on a process and returns the logarithm of the latency. Second:
// it comes after the other variant of its round.
func (m *machine) trial(process float64, second bool) float64 {
	n := &m.noise
	m.drift = n.Memory*m.drift + n.Drift*math.Sqrt(1-n.Memory*n.Memory)*m.rng.NormFloat64()
	latency := process + m.drift + n.Trial*m.rng.NormFloat64()
	if m.rng.Float64() < n.Burst {
		latency += math.Log(leastBurst + (mostBurst-leastBurst)*m.rng.Float64())
	}
	if second {
		latency += math.Log1p(n.Second)
	}
	return latency
}

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

// shared is a runner of a CI service, with neighbours.
func shared() Noise {
	return Noise{Name: "shared", Drift: 0.08, Memory: 0.9, Burst: 0.05, Process: 0.02, Trial: 0.03, Second: 0.02}
}

// dedicated is a machine of one's own that does nothing else.
func dedicated() Noise {
	return Noise{Name: "dedicated", Drift: 0.01, Memory: 0.9, Burst: 0.01, Process: 0.01, Trial: 0.015, Second: 0.005}
}
