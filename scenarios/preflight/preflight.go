// Package preflight finds what this machine cannot give a load before any server is started:
// open files and local ports for its connections, and CPUs for its load generator. It stands
// between the plan of a run and the load engine, whose requests in flight it bounds.
package preflight

import (
	"fmt"
	"math"
	"net"
	"net/url"
	"time"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/host"
)

// Load is what a scenario plans, and what this machine has for it.
type Load struct {
	Scenario  *scenarios.Scenario
	Processes []arrivals.Process // of the phases' arrivals; nil of a closed loop
	Catalogue scenarios.Catalogue
	OpenFiles uint64 // that this process may have
	Split     host.Split
}

const (
	fewestInFlight = 64
	mostInFlight   = 8192
	// otherFiles is how many of its open files the generator leaves to all but
	// the connections.
	otherFiles = 32
)

// Check finds what this machine cannot give the load.
func (l Load) Check() []record.Diagnostic {
	if len(l.Scenario.Load) == 0 {
		return nil
	}
	return append(l.checkConnections(), checkCPUs(l.Scenario.Attackers, l.Split)...)
}

// checkConnections finds what is missing for the connections of the phase with the
// most. Requests of HTTP/2 share connections, as many as the server lets them: what
// they need, the load shows.
func (l Load) checkConnections() []record.Diagnostic {
	if l.Scenario.HTTP.Version == scenarios.HTTP2 {
		return nil
	}
	widest := l.Scenario.Load[0]
	for _, p := range l.Scenario.Load[1:] {
		if connections(p) > connections(widest) {
			widest = p
		}
	}
	found := checkOpenFiles(widest, l.OpenFiles)
	if ports, err := host.EphemeralPorts(); err == nil { // else the load shows it
		found = append(found, checkPorts(widest, connections(widest), ports)...)
		if !l.Scenario.HTTP.KeepAlive && found == nil {
			found = l.checkClosedPorts(ports)
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
func (l Load) checkClosedPorts(ports host.Ports) []record.Diagnostic {
	held := ports.Held(l.allOnLoopback())
	for i, p := range l.Scenario.Load {
		if l.Processes[i] == nil {
			continue // how many requests the workers send, the load shows
		}
		shape := l.Processes[i].Shape()
		closed := shape.Peak * min(shape.Duration, held).Seconds()
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

func (l Load) allOnLoopback() bool {
	for _, name := range l.Scenario.Targets {
		kind, _ := l.Catalogue.Target(name)
		options := l.Scenario.Options[name]
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

// MaxInFlight is the cap on requests in flight of an open loop: as many as can pile up before
// the first of them times out, within what the limit of open files allows.
func MaxInFlight(rate float64, timeout time.Duration, openFiles uint64) int {
	most := mostInFlight
	if openFiles < mostInFlight+otherFiles {
		most = max(1, int(openFiles)-otherFiles)
	}
	pile := max(math.Ceil(1.25*rate*timeout.Seconds()), fewestInFlight)
	return int(min(pile, float64(most)))
}
