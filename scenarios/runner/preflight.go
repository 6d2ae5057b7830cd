package runner

import (
	"fmt"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/host"
)

// The rules of the preflight, as record.Preflight names them.
const (
	ruleDescriptors = "descriptors"
	rulePorts       = "ports"
	ruleCPUSet      = "cpu-set"
)

// preflight finds what this machine cannot give the load, before any server is
// started.
func (s *session) preflight() []record.Preflight {
	if len(s.scenario.Load) == 0 {
		return nil
	}
	return append(s.forConnections(), cpuSet(s.scenario.Attackers, s.split)...)
}

// forConnections finds what is missing for the connections of the phase with the
// most. Requests of HTTP/2 share connections, as many as the server lets them: what
// they need, the load shows.
func (s *session) forConnections() []record.Preflight {
	if s.scenario.HTTP.Version == scenarios.HTTP2 {
		return nil
	}
	widest := s.scenario.Load[0]
	for _, p := range s.scenario.Load[1:] {
		if connections(p) > connections(widest) {
			widest = p
		}
	}
	found := descriptors(widest, s.openFiles)
	if ports, err := host.EphemeralPorts(); err == nil { // else the load shows it
		found = append(found, localPorts(widest, ports)...)
	}
	return found
}

// connections is how many connections a phase needs at least: one for each caller,
// and in an open loop, which is cut down to it, the least that is worth trying.
func connections(p scenarios.Phase) int {
	if p.Callers > 0 {
		return p.Callers
	}
	return fewestInFlight
}

// lessLoad says how a phase gets along with fewer connections.
func lessLoad(p scenarios.Phase, most int) string {
	if p.Callers > 0 && most > 0 {
		return fmt.Sprintf(", or ask for at most %d callers in phase %s", most, p.Name)
	}
	return ""
}

func descriptors(p scenarios.Phase, openFiles uint64) []record.Preflight {
	n := connections(p)
	need := n + otherFiles
	if uint64(need) <= openFiles {
		return nil
	}
	return []record.Preflight{{
		Rule:      ruleDescriptors,
		Figure:    fmt.Sprintf("%d open files", openFiles),
		Threshold: fmt.Sprintf("≥ %d", need),
		Text: fmt.Sprintf("servebench may have %d files open, and phase %s needs %d: one for each of %d connections, and %d for all else",
			openFiles, p.Name, need, n, otherFiles),
		Action: fmt.Sprintf("raise the limit in the shell before (ulimit -n %d)", need) + lessLoad(p, int(openFiles)-otherFiles),
	}}
}

func localPorts(p scenarios.Phase, ports host.Ports) []record.Preflight {
	n, size := connections(p), ports.Last-ports.First+1
	if n <= size {
		return nil
	}
	return []record.Preflight{{
		Rule:      rulePorts,
		Figure:    fmt.Sprintf("%d ports", size),
		Threshold: fmt.Sprintf("≥ %d", n),
		Text: fmt.Sprintf("connections to one server can have %d different local ports (%d to %d), and phase %s needs %d connections",
			size, ports.First, ports.Last, p.Name, n),
		Action: "widen the range (sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\")" + lessLoad(p, size),
	}}
}

// cpuSet wants a CPU for each attack loop: on one, they would wait for each other.
func cpuSet(attackers int, split host.Split) []record.Preflight {
	given := len(split.Generator)
	if attackers <= max(given, 1) {
		return nil
	}
	return []record.Preflight{{
		Rule:      ruleCPUSet,
		Figure:    fmt.Sprintf("%d CPUs", given),
		Threshold: fmt.Sprintf("≥ %d", attackers),
		Text:      fmt.Sprintf("the load generator has %d CPUs to itself, and %d attackers need one each", given, attackers),
		Action:    fmt.Sprintf("set attackers to %d, or run it on a machine, or in a CPU set (taskset), with more CPUs", max(given, 1)),
	}}
}
