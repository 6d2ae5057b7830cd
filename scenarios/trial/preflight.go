package trial

import (
	"fmt"
	"math"
	"net"
	"net/url"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/host"
)

// preflight finds what this machine cannot give the load, before any server is
// started.
func (s *session) preflight() []record.Diagnostic {
	if len(s.scenario.Load) == 0 {
		return nil
	}
	return append(s.checkConnections(), checkCPUs(s.scenario.Attackers, s.split)...)
}

// checkConnections finds what is missing for the connections of the phase with the
// most. Requests of HTTP/2 share connections, as many as the server lets them: what
// they need, the load shows.
func (s *session) checkConnections() []record.Diagnostic {
	if s.scenario.HTTP.Version == scenarios.HTTP2 {
		return nil
	}
	widest := s.scenario.Load[0]
	for _, p := range s.scenario.Load[1:] {
		if connections(p) > connections(widest) {
			widest = p
		}
	}
	found := checkOpenFiles(widest, s.openFiles)
	if ports, err := host.EphemeralPorts(); err == nil { // else the load shows it
		found = append(found, checkPorts(widest, connections(widest), ports)...)
		if !s.scenario.HTTP.KeepAlive && found == nil {
			found = s.checkClosedPorts(ports)
		}
	}
	return found
}

// connections is how many connections a phase needs at least: one for each worker,
// and in an open loop, which is cut down to it, the least that is worth trying.
func connections(p scenarios.Phase) int {
	if p.Concurrency > 0 {
		return p.Concurrency
	}
	return fewestInFlight
}

// lessLoad says how a phase gets along with fewer connections.
func lessLoad(p scenarios.Phase, most int) string {
	if p.Concurrency > 0 && most > 0 {
		return fmt.Sprintf(", or ask for a concurrency of at most %d in phase %s", most, p.Name)
	}
	return ""
}

func checkOpenFiles(p scenarios.Phase, openFiles uint64) []record.Diagnostic {
	n := connections(p)
	need := n + otherFiles
	if uint64(need) <= openFiles {
		return nil
	}
	return []record.Diagnostic{{
		Rule:      "descriptors",
		Figure:    fmt.Sprintf("%d open files", openFiles),
		Threshold: fmt.Sprintf("≥ %d", need),
		Text: fmt.Sprintf("servebench may have %d files open, and phase %s needs %d: one for each of %d connections, and %d for all else",
			openFiles, p.Name, need, n, otherFiles),
		Action: fmt.Sprintf("raise the limit in the shell before (ulimit -n %d)", need) + lessLoad(p, int(openFiles)-otherFiles),
	}}
}

func checkPorts(p scenarios.Phase, n int, ports host.Ports) []record.Diagnostic {
	size := ports.Last - ports.First + 1
	if n <= size {
		return nil
	}
	return []record.Diagnostic{{
		Rule:      "ports",
		Figure:    fmt.Sprintf("%d ports", size),
		Threshold: fmt.Sprintf("≥ %d", n),
		Text: fmt.Sprintf("connections to one server can have %d different local ports (%d to %d), and phase %s needs %d connections",
			size, ports.First, ports.Last, p.Name, n),
		Action: "widen the range (sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\")" + lessLoad(p, size),
	}}
}

// checkClosedPorts finds a phase whose requests, each of which closes its connection, are
// more than there are local ports, which stay taken for a while.
func (s *session) checkClosedPorts(ports host.Ports) []record.Diagnostic {
	held := ports.Held(s.allOnLoopback())
	for i, p := range s.scenario.Load {
		if s.processes[i] == nil {
			continue // how many requests the workers send, the load shows
		}
		closed := s.processes[i].Shape().Peak * min(s.plannedDuration(i), held).Seconds()
		found := checkPorts(p, connections(p)+int(math.Ceil(closed)), ports)
		for j := range found {
			found[j].Text += fmt.Sprintf(": without http.keep_alive, each request's connection keeps its port for %v after it", held)
			found[j].Action += ", reuse ports sooner (sysctl -w net.ipv4.tcp_tw_reuse=1), lower the rate, or leave http.keep_alive on"
		}
		if found != nil {
			return found
		}
	}
	return nil
}

func (s *session) allOnLoopback() bool {
	for _, name := range s.scenario.Targets {
		kind, _ := s.targetKind(name)
		options := s.scenario.Options[name]
		if !kind.Running || options["socket"] != "" {
			continue
		}
		server, err := url.Parse(options["url"])
		if err != nil || server.Hostname() != "localhost" && !net.ParseIP(server.Hostname()).IsLoopback() {
			return false
		}
	}
	return true
}

// checkCPUs wants a CPU for each attack loop: on one, they would wait for each other.
func checkCPUs(attackers int, split host.Split) []record.Diagnostic {
	given := len(split.Generator)
	if attackers <= max(given, 1) {
		return nil
	}
	return []record.Diagnostic{{
		Rule:      "cpu-set",
		Figure:    fmt.Sprintf("%d CPUs", given),
		Threshold: fmt.Sprintf("≥ %d", attackers),
		Text:      fmt.Sprintf("the load generator has %d CPUs to itself, and %d attackers need one each", given, attackers),
		Action:    fmt.Sprintf("set attackers to %d, or run it on a machine, or in a CPU set (taskset), with more CPUs", max(given, 1)),
	}}
}
