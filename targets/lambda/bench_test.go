package lambda_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/physical"
	"servebench/targets/targettest"
)

// question is a small request to the reference server.
const question = `{"inputs":[{"name":"features","shape":[1,9],"datatype":"FP32","data":[65498.43,0,54,0,19,4,374321.6,24,404131.1]}]}`

// BenchmarkReference compares the reference server as a function with the same
// server asked directly. Its metrics are medians in milliseconds: cold-ms from
// the first request to its answer (placement, initialisation and handler),
// warm-ms of later ones, and overhead-ms, which is what the function adds to a
// warm one. The requests alternate, so that both meet the same disturbances.
func BenchmarkReference(b *testing.B) {
	reference := targettest.Program(b, "refserver")
	w := targets.Workload{Command: []string{reference, "serve", "--model", "credit"}, Ready: "/v2/health/ready", Limits: targets.Limits{GOMAXPROCS: 1}}
	directly := deployed(b, physical.Kind(), nil, w)
	k := kind(b)
	for _, options := range []map[string]string{
		{"sandbox": service.Processes, "adapter": "off"}, {"sandbox": service.Runc, "adapter": "off"}, {"sandbox": service.Runc, "adapter": "on"},
	} {
		b.Run(options["sandbox"]+", adapter "+options["adapter"], func(b *testing.B) {
			if err := k.Check(b.Context(), options); err != nil {
				b.Skipf("it cannot run here: %v", err)
			}
			var cold, warm, direct []time.Duration
			for b.Loop() {
				d := deployed(b, k, options, w)
				cold = append(cold, d.Stages[len(d.Stages)-1].At)
				for range 200 {
					direct, warm = append(direct, asked(b, directly)), append(warm, asked(b, d))
				}
				if err := d.Close(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(cold), "cold-ms")
			b.ReportMetric(median(warm), "warm-ms")
			b.ReportMetric(median(warm)-median(direct), "overhead-ms")
		})
	}
}

func deployed(b *testing.B, k targets.Kind, options map[string]string, w targets.Workload) *targets.Deployment {
	b.Helper()
	target, err := k.Open(targets.Config{Options: options, Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	d, err := target.Deploy(b.Context(), w)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close(context.Background()) }) // ends nothing twice
	return d
}

// asked sends a request and returns how long its answer took.
func asked(b *testing.B, d *targets.Deployment) time.Duration {
	b.Helper()
	began := time.Now()
	resp, err := http.Post(d.Endpoint.URL+"/v2/models/credit/infer", "application/json", strings.NewReader(question))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("answered %s, %v", resp.Status, err)
	}
	return time.Since(began)
}

// median is in milliseconds.
func median(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)/2]) / float64(time.Millisecond)
}
