package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"servebench/targets/oci"
)

// builtPrograms is a folder with servebench and the reference server. It is not below /tmp,
// which is another one in containers.
func builtPrograms(t *testing.T) string {
	t.Helper()
	dir, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// buildOnce builds them for all tests of the process, at whose end TestMain removes them.
var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs(programsFolder())
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-o", dir+string(filepath.Separator), "servebench/cmd/servebench", "servebench/cmd/refserver")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v\n%s", err, out)
	}
	return dir, nil
})

func programsFolder() string { return fmt.Sprintf(".test-programs-%d", os.Getpid()) }

// failover runs the built-in scenario and holds its account of every request to the ledger.
func failover(t *testing.T, target string, args ...string) {
	t.Helper()
	program := filepath.Join(builtPrograms(t), "servebench")
	cmd := exec.Command(program, append([]string{
		"run", "failover", "-t", target, "-o", "json", "--rounds", "1", "--progress", "none", "--out", t.TempDir(), "--set", "load.steady.duration=12s", "--set", "faults[0].at=2s",
	}, args...)...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() != 12 || err != nil && exit == nil { // 12: the machine was busy
		t.Fatalf("%v: %s", err, said.String())
	}
	t.Log(said.String())
	var s struct {
		Targets  []struct{ Scheduled, Failed int64 }
		Failover struct {
			Faults []struct {
				Kind  string
				Lost  int64
				Cases []struct {
					Noticed   float64 `json:"noticed_ms"`
					Recovered float64 `json:"recovered_ms"`
					Never     bool    `json:"never_recovered"`
				}
			}
			Accounts []struct {
				Scheduled, Late, Lost, Censored int64
				InTime                          int64 `json:"in_time"`
				Besides                         int64 `json:"lost_besides"`
				NotSent                         int64 `json:"not_sent"`
			}
		}
	}
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatal(err)
	}
	fault, a, row := s.Failover.Faults[0], s.Failover.Accounts[0], s.Targets[0]
	if len(fault.Cases) != 1 || fault.Lost == 0 || fault.Cases[0].Noticed == 0 || fault.Cases[0].Recovered == 0 || fault.Cases[0].Never {
		t.Errorf("%+v, want a server that was killed, noticed and back", fault)
	}
	if row.Scheduled != a.InTime+a.Late+a.Lost+a.Besides+a.Censored+a.NotSent || row.Failed != a.Lost+a.Besides {
		t.Errorf("%+v does not account for %+v", a, row)
	}
}

func TestFailoverOnRunc(t *testing.T) {
	if _, unavailable := oci.FindRuntime(); unavailable != nil {
		t.Skip(unavailable)
	}
	failover(t, "container", "--set", "container.engine=runc")
}

func TestKubernetesFailover(t *testing.T) {
	useCluster(t)
	failover(t, "kubernetes")
}
