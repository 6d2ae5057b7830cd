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
