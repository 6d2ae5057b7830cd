package lambda_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/lambda"
	"servebench/targets/lambda/service"
	"servebench/targets/targettest"
)

// kind is the target with its programs, built for the test.
func kind(tb testing.TB) targets.Kind {
	tb.Helper()
	service, adapter := targettest.Program(tb, "locallambda"), targettest.Program(tb, "lambdaadapter")
	return lambda.Kind(lambda.Programs{Service: found(service), Adapter: found(adapter)})
}

// found finds a program.
func found(path string) func() (string, error) { return func() (string, error) { return path, nil } }

// The tests below have a name each: the suite runs them once more by it.

func TestConformanceOfProcesses(t *testing.T) { conform(t, service.Processes, false) }

func TestConformanceOfContainers(t *testing.T) { conform(t, service.Runc, false) }

func TestConformanceOfProcessesUnderTheAdapter(t *testing.T) { conform(t, service.Processes, true) }

func TestConformanceOfContainersUnderTheAdapter(t *testing.T) { conform(t, service.Runc, true) }

func conform(t *testing.T, sandbox string, adapted bool) {
	options := map[string]string{"sandbox": sandbox, "adapter": "off"}
	if adapted {
		options["adapter"] = "on"
	}
	targettest.Run(t, targettest.Suite{Kind: kind(t), Options: options, OwnPort: true, Replaces: true, Listens: adapted})
}

func BenchmarkDeploy(b *testing.B) {
	k := kind(b)
	for _, sandbox := range []string{service.Processes, service.Runc} {
		b.Run(sandbox, func(b *testing.B) {
			targettest.Benchmark(b, targettest.Suite{Kind: k, Options: map[string]string{"sandbox": sandbox}})
		})
	}
}

func TestBadOptionsAreNamed(t *testing.T) {
	k := lambda.Kind(lambda.Programs{Service: found("/bin/locallambda"), Adapter: found("/bin/lambdaadapter")})
	for option, values := range map[string][]string{
		"memory":       {"127", "10241", "1.5", "512MiB", ""},
		"concurrency":  {"0", "-1", "many"},
		"burst":        {"0", "1e3"},
		"timeout":      {"0s", "16m", "30"},
		"idle_timeout": {"-1s", "25h", "soon"},
		"sandbox":      {"docker"},
		"freeze":       {"yes"},
		"adapter":      {"maybe"},
		"invoke_mode":  {"stream"},
		"network":      {"bridge"},
		"tmp":          {"0", "11GiB", "many"},
	} {
		for _, value := range values {
			_, err := k.Open(targets.Config{Options: map[string]string{option: value}})
			if err == nil || !strings.Contains(err.Error(), "option "+option) || !strings.Contains(err.Error(), `"`+value+`"`) || !strings.Contains(err.Error(), "want ") {
				t.Errorf("%s=%q: %v, want an error that names both and what is right", option, value, err)
			}
		}
	}
}

func TestWithoutItsProgramItIsUnavailable(t *testing.T) {
	missing := func() (string, error) { return "", errors.New("find locallambda: it is nowhere") }
	k := lambda.Kind(lambda.Programs{Service: missing, Adapter: found("/bin/lambdaadapter")})
	_, failed := k.Open(targets.Config{})
	for _, err := range []error{k.Check(t.Context(), nil), failed} {
		if unavailable, ok := errors.AsType[*targets.Unavailable](err); !ok || unavailable.Fix != "make build" {
			t.Errorf("%v, want that it is not available, and make build", err)
		}
	}
}

// A client of Lambda's API knows the function by the name of the model.
func TestTheFunctionIsCalledAsItsModel(t *testing.T) {
	target, err := kind(t).Open(targets.Config{Dir: t.TempDir(), Options: map[string]string{"sandbox": service.Processes}})
	if err != nil {
		t.Fatal(err)
	}
	for model, name := range map[string]string{"fraud-7_a": "fraud-7_a", "org/fraud": "function", "": "function"} {
		d, err := target.Deploy(t.Context(), targets.Workload{Command: []string{targettest.Build(t)}, Model: model, Ready: "/ready"})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post(d.Endpoint.URL+"/2015-03-31/functions/"+name+"/invocations", "application/json", strings.NewReader("{}"))
		if err := errors.Join(err, d.Close(context.Background())); err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusOK {
			t.Errorf("model %q: Invoke of %q answers %s", model, name, resp.Status)
		}
	}
}

// opened is the target with those options.
func opened(t *testing.T, options map[string]string) targets.Target {
	t.Helper()
	target, err := kind(t).Open(targets.Config{Dir: t.TempDir(), Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// What a deployment says of itself, and what it counts.
func TestFactsAndMeters(t *testing.T) {
	target, err := kind(t).Open(targets.Config{Dir: t.TempDir(), Options: map[string]string{"memory": "884", "sandbox": service.Processes, "freeze": "false", "concurrency": "7", "adapter": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := target.Deploy(t.Context(), targets.Workload{Command: []string{targettest.Build(t)}, Ready: "/ready", Limits: targets.Limits{Memory: 256 * targets.MiB}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(context.Background())
	facts := map[string]record.Fact{}
	for _, f := range d.Facts {
		facts[f.Name] = f
	}
	for name, want := range map[string]string{
		"memory size": "884 MB, which is 0.5 vCPU, billed; each environment is held to 256MiB",
		"concurrency": "7 requests at a time, 1000 environments started in 10 s",
		"sandbox":     "none, processes of this machine",
		"CPU share":   "0.5 vCPU for each environment",
		"freezing":    "none: not asked for",
		"adapter":     "none, the server is a Lambda bootstrap",
		"network":     "this machine's",
	} {
		if got := facts[name]; !strings.HasPrefix(got.Value, want) {
			t.Errorf("fact %s: %q, want %q", name, got.Value, want)
		}
	}
	if facts["freezing"].Unequal {
		t.Error("what was not asked for is unequal")
	}
	// The function is billed when it asks for more, which is after its answer.
	meters := map[string]float64{}
	for deadline := time.Now().Add(30 * time.Second); meters["invocations "] == 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		usage, err := d.Usage(t.Context(), time.Time{}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range usage.Meters {
			meters[m.Name+" "+m.Unit] = m.Value
		}
	}
	if meters["environments started "] != 1 || meters["init duration ms"] <= 0 {
		t.Errorf("meters %v, want one environment and its initialisation", meters)
	}
}

// A plain web server without the adapter is told what it lacks as soon as it is ready, and
// not as one that ended.
func TestAPlainWebServerWithoutTheAdapter(t *testing.T) {
	target := opened(t, map[string]string{"sandbox": service.Processes, "adapter": "off"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := target.Deploy(ctx, targets.Workload{Command: []string{targettest.Build(t)}, Env: []string{"TEST_START=web"}, Ready: "/ready"})
	if err == nil || errors.Is(err, targets.ErrEnded) || ctx.Err() != nil {
		t.Fatalf("Deploy: %v", err)
	}
	for _, want := range []string{"listens on port ", "like a plain web server", "AWS_LAMBDA_RUNTIME_API", "under the adapter", "test server starts"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Deploy: %v, want that it says %q", err, want)
		}
	}
}

// A bootstrap that listens as well, before it asks for work, is one, and works under the
// adapter, too.
func TestABootstrapThatListens(t *testing.T) {
	for _, adapter := range []string{"off", "auto"} {
		target := opened(t, map[string]string{"sandbox": service.Processes, "adapter": adapter})
		d, err := target.Deploy(t.Context(), targets.Workload{Command: []string{targettest.Build(t)}, Env: []string{"TEST_START=listen"}, Ready: "/ready"})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// A server that asks nobody for work and listens nowhere is told so, as is one that listens
// elsewhere than the adapter expects.
func TestUnsuitedServers(t *testing.T) {
	for _, tc := range []struct {
		adapter, want string
		workload      targets.Workload
	}{
		{"off", "the server never asked the Lambda Runtime API for work; it has to be a Lambda bootstrap", targets.Workload{Command: []string{"sleep", "60"}}},
		{"on", "the server never listened on port 8001, where the adapter waits for it", targets.Workload{Command: []string{"sleep", "60"}, Port: 8001}},
		{"on", ", and not on 8001, where the adapter waits for it", targets.Workload{Command: []string{targettest.Build(t)}, Env: []string{"PORT=8002"}, Port: 8001}},
	} {
		target := opened(t, map[string]string{"sandbox": service.Processes, "adapter": tc.adapter, "concurrency": "1"})
		tc.workload.Ready = "/ready"
		var err error
		for patience := time.Second; patience <= 8*time.Second; patience *= 2 {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			_, err = target.Deploy(ctx, tc.workload)
			cancel()
			if err == nil || strings.Contains(err.Error(), tc.want) {
				break
			}
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("Deploy: %v, want that %s", err, tc.want)
		}
	}
}
