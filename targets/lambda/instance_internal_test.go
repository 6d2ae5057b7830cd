package lambda

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"servebench/targets/lambda/service"
	"servebench/targets/local"
)

// A service that fails at its end may have left something, and Close says so.
func TestCloseSaysHowTheServiceEnded(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skipf("no sh in PATH: %v", err)
	}
	for script, want := range map[string]string{
		"trap 'echo one is left; exit 1' TERM; echo up; while :; do sleep 0.01; done": "end the Lambda service: it exited with status 1; its output ends:\n\tup\n\tone is left",
		"trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done":                   "",
		"echo up; exec sleep 60": "",
	} {
		p, err := local.Start(local.Command{Path: shell, Args: []string{"sh", "-c", script}})
		if err != nil {
			t.Fatal(err)
		}
		for p.Output.String() == "" {
			time.Sleep(time.Millisecond)
		}
		i := &instance{Process: p, dir: t.TempDir()}
		for range 2 {
			got := ""
			if err := i.Close(t.Context()); err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, want) || (got == "") != (want == "") {
				t.Errorf("%s: Close = %q, want %q", script, got, want)
			}
		}
	}
}

func TestAFallBackFromContainersIsReported(t *testing.T) {
	processes := service.Plain{Why: "neither runc nor crun is in PATH"}.Name()
	for _, tc := range []struct {
		asked, got string
		unequal    bool
	}{
		{service.Auto, processes, true},
		{service.Auto, "runc 1.1.5", false},
		{service.Processes, service.Plain{}.Name(), false},
	} {
		fact := target{settings: settings{sandbox: tc.asked}}.sandboxFact(tc.got)
		if fact.Unequal != tc.unequal || fact.Value != tc.got {
			t.Errorf("%s that got %s: %+v", tc.asked, tc.got, fact)
		}
	}
}

// What AWS would have ended is said.
func TestALongInitialisationIsReported(t *testing.T) {
	for _, tc := range []struct {
		took, waited time.Duration
		want         string
	}{
		{10 * time.Second, 0, ""},
		{11 * time.Second, 0, "11s: as at AWS it was ended after 10s and started once more within the first request"},
		{31 * time.Second, 0, "31s, longer than lambda.timeout, 30s: AWS would end it and fail the first request; set lambda.timeout above it"},
		{14 * time.Second, 5 * time.Second, "14s, of which it waited for a CPU of this machine for 5s, which does not count against the 10s that AWS gives it"},
	} {
		facts := target{settings: settings{timeout: 30 * time.Second}}.initFacts(tc.took, tc.waited)
		if tc.want == "" && len(facts) == 0 {
			continue
		}
		if len(facts) != 1 || !strings.HasPrefix(facts[0].Value, tc.want) || facts[0].Unequal != (tc.took > 30*time.Second) {
			t.Errorf("%s: %+v, want %q", tc.took, facts, tc.want)
		}
	}
}
