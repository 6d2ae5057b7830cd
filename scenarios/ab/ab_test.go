package ab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/trial"

	"github.com/google/go-cmp/cmp"
)

func TestParseSpec(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("v1", nil, 0o755); err != nil { // a file goes before a revision
		t.Fatal(err)
	}
	for _, tc := range []struct {
		words    []string
		want     string // as String has it, with all settings in brackets behind it
		guess    string
		mistaken string
	}{
		{words: nil, want: "as-is []"},
		{words: []string{"as-is"}, want: "as-is []"},
		{words: []string{"rev:v1"}, want: "rev:v1 []"},
		{words: []string{"v1"}, want: "bin:v1 []", guess: "--x v1 is taken as bin:v1"},
		{words: []string{"image:a/b:1"}, want: "image:a/b:1 [workload.image=a/b:1]"},
		{words: []string{"http://127.0.0.1:1"}, want: "url:http://127.0.0.1:1 [targets=[endpoint] endpoint.url=http://127.0.0.1:1]", guess: "--x http://127.0.0.1:1 is taken as url:http://127.0.0.1:1"},
		{words: []string{"a=1,b.c=2"}, want: "a=1,b.c=2 [a=1 b.c=2]"},
		{words: []string{"workload.env=[A=1,B=2],limits.cpus=2"}, want: "workload.env=[A=1,B=2],limits.cpus=2 [workload.env=[A=1,B=2] limits.cpus=2]"},
		{words: []string{"a=1,2"}, want: "a=1,2 [a=1,2]"},
		{words: []string{"rev:v1", "a=1", "b=2"}, want: "rev:v1,a=1,b=2 [a=1 b=2]"},
		{words: []string{"image:i", "a=1"}, want: "image:i,a=1 [a=1 workload.image=i]"},
		{words: []string{"nonesuch"}, mistaken: "--x nonesuch: it is no file"},
		{words: []string{"rev:"}, mistaken: "--x rev:: nothing is named after the colon"},
		{words: []string{"rev:v1", "bin:v1"}, mistaken: "--x names two servers, rev:v1 and bin:v1"},
		{words: []string{"=1"}, mistaken: `--x: setting "=1": want key=value`},
	} {
		t.Run(strings.Join(tc.words, " "), func(t *testing.T) {
			spec, err := ParseSpec(t.Context(), "--x", tc.words)
			if tc.mistaken != "" {
				if err == nil || !strings.Contains(err.Error(), tc.mistaken) {
					t.Errorf("error %v, want %q", err, tc.mistaken)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var set []string
			for _, s := range spec.Settings {
				set = append(set, s.Key+"="+s.Value)
			}
			if got := spec.String() + " [" + strings.Join(set, " ") + "]"; got != tc.want || spec.Guess != tc.guess {
				t.Errorf("%q, guess %q; want %q, %q", got, spec.Guess, tc.want, tc.guess)
			}
		})
	}
}

func TestAboveNoise(t *testing.T) {
	plan := record.ABTest{
		Metrics: []string{record.MetricP50, record.MetricP90}, Margin: 0.03, Tolerance: 0.05,
		Interims: []record.Interim{{Pairs: 10}, {Pairs: 40}},
		Noise:    &record.Noise{Rounds: 40, Floors: map[string]float64{record.MetricP50: 0.0199, record.MetricP90: 0.0452}},
	}
	kept := keptNoise{plan.Noise, "/cache/noise.json", time.Date(2026, 11, 22, 10, 15, 30, 0, time.UTC)}
	const want = `margin 3 %: it is lost in the noise of this machine: in 40 rounds a server can differ from itself in p90 by 4.52 %
  That was measured 2026-11-22 10:15:30, in 40 rounds, and is kept in /cache/noise.json
  Want one of
    --aa --rounds 40 in place of --candidate, at a quieter hour, which measures it anew
    --forget-noise, which forgets it
    --metrics p50
    --rounds 91
    --margin 4.6% --tolerance 7.7% or more`
	if err := aboveNoise(plan, kept); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	// The error shrinks with the root of the rounds: of four times as many it is half.
	plan.Interims[1].Pairs = 160
	if err := aboveNoise(plan, kept); err != nil {
		t.Errorf("with more rounds: %v", err)
	}
	if err := aboveNoise(plan, keptNoise{}); err != nil {
		t.Errorf("without a known noise: %v", err)
	}
}

// TestServerIsFoundAgain goes from what the user names to the record and back.
func TestServerIsFoundAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server")
	for _, tc := range []struct {
		variant record.Variant
		want    source
	}{
		{record.Variant{Target: "candidate", Source: "as-is"}, source{how: AsIs, key: "candidate"}},
		{record.Variant{Target: "baseline", Source: "bin:server", Facts: []record.Fact{{Name: factProgram, Value: path}}},
			source{how: byProgram, value: path, key: "baseline"}},
		{record.Variant{Target: "candidate", Source: "rev:main,limits.cpus=2", Facts: []record.Fact{
			{Name: factRepository, Value: "/r"}, {Name: factCommit, Value: "c0ffee"}, {Name: factBuild, Value: "make"}, {Name: factProgram, Value: "bin/server"}}},
			source{how: byRevision, value: "c0ffee", folder: "/r", build: "make", key: "candidate"}},
	} {
		if diff := cmp.Diff(tc.want, recall(tc.variant), cmp.AllowUnexported(source{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.variant.Source, diff)
		}
	}
}

func TestUnchanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	sum, err := trial.HashProgram(path)
	if err != nil {
		t.Fatal(err)
	}
	servers := []trial.Server{
		{Program: path, Facts: []record.Fact{{Name: factProgram, Value: "bin/server"}, {Name: trial.FactHash, Value: sum}}},
		{Facts: []record.Fact{{Name: factProgram, Value: path}, {Name: trial.FactHash, Value: sum}}},
	}
	for _, server := range servers {
		if err := unchanged(server); err != nil {
			t.Errorf("%v: %v", server.Facts, err)
		}
	}
	write("two")
	for _, server := range servers {
		if err := unchanged(server); err == nil || !strings.Contains(err.Error(), "has changed since the A/B test began") {
			t.Errorf("%v: error %v, want that it has changed", server.Facts, err)
		}
	}
	if err := unchanged(trial.Server{}); err != nil {
		t.Errorf("of a server that runs already: %v", err)
	}
}
