package trial

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/scenarios"
	"servebench/scenarios/decode"
)

// TestEveryServerGetsItsCredentials has two servers ask for different ones: the load, and
// all before it, gets there, and none of them is written down.
func TestEveryServerGetsItsCredentials(t *testing.T) {
	a, b := &fakeTarget{authorization: "Bearer sesame-of-a"}, &fakeTarget{authorization: "Basic bWU6c2VzYW1lLW9mLWI=", secure: true}
	for _, client := range []string{scenarios.OwnClient, scenarios.StandardClient} {
		r, baseline, candidate := duel(t, a, b, decode.Setting{Key: "http.client", Value: client})
		baseline.Scenario.HTTP.Auth = &scenarios.Auth{Bearer: "sesame-of-a"}
		candidate.Scenario.HTTP.Auth = &scenarios.Auth{Basic: &scenarios.Basic{User: "me", Password: "sesame-of-b"}}
		run, err := r.ABTest(t.Context(), baseline, candidate, interims(1), never)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range run.Cells {
			if c.Ledger.OK == 0 || c.Ledger.OK != c.Ledger.Sent {
				t.Errorf("%s: %+v", c.Target, c.Ledger)
			}
		}
		for i, want := range []string{"a bearer token", "user me with a password (Basic)"} {
			if got := run.Targets[i].Facts.Named("credentials").Value; got != want {
				t.Errorf("credentials of the %s: %q, want %q", run.Targets[i].Name, got, want)
			}
		}
		text, err := os.ReadFile(filepath.Join(run.Dir, "run.json"))
		if err != nil || strings.Contains(string(text), "sesame") {
			t.Errorf("a secret is recorded, or %v", err)
		}
	}
}
