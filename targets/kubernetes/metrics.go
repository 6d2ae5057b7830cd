package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"servebench/reports/record"
)

// metricsPath is where the metrics API is, if there is one.
const metricsPath = "/apis/metrics.k8s.io/v1beta1"

// Usage is what the pods used in the interval: by their control groups where the node is this
// machine, else by the metrics API, which knows a mean over some seconds.
func (i *instance) Usage(ctx context.Context, from, to time.Time) (record.Usage, error) {
	if i.nodes.here() {
		return i.Account.Usage(ctx, from, to)
	}
	if from.IsZero() {
		from = i.observer.began
	}
	return i.measured(ctx, to.Sub(from))
}

// podMetrics are what the metrics API says of pods.
type podMetrics struct {
	Items []struct {
		Containers []struct {
			Name  string
			Usage struct{ CPU, Memory string }
		}
	}
}

// measured asks the metrics API.
func (i *instance) measured(ctx context.Context, interval time.Duration) (record.Usage, error) {
	var found podMetrics
	err := i.run.cluster.get(ctx, metricsPath+"/namespaces/"+i.run.namespace+"/pods", selector(i.server.name), &found)
	switch {
	case isStatus(err, http.StatusNotFound), isStatus(err, http.StatusServiceUnavailable):
		return record.Usage{}, errors.New("the node is elsewhere, and the cluster has no metrics API: install metrics-server")
	case err != nil:
		return record.Usage{}, fmt.Errorf("ask the metrics API: %w", err)
	case len(found.Items) == 0:
		return record.Usage{}, errors.New("the metrics API does not know the pods yet")
	}
	return found.usage(interval)
}

// usage is that of an interval, from the mean of the latest window.
func (m podMetrics) usage(interval time.Duration) (record.Usage, error) {
	var all record.Usage
	for _, p := range m.Items {
		for _, c := range p.Containers {
			cpus, err1 := quantity(c.Usage.CPU)
			memory, err2 := quantity(c.Usage.Memory)
			if err := errors.Join(err1, err2); err != nil {
				return record.Usage{}, fmt.Errorf("read the metrics: %w", err)
			}
			all = all.Add(record.Usage{CPU: time.Duration(cpus * float64(interval)), Resident: int64(memory)})
		}
	}
	return all, nil
}

// quantity reads a number of the API: "250m", "1234567n", "64Mi", "2".
func quantity(text string) (float64, error) {
	number := strings.TrimRight(text, "numkKMGTPEi")
	value, ok := new(big.Float).SetString(number)
	scale, known := map[string]float64{
		"": 1, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
		"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50,
	}[text[len(number):]]
	if !ok || !known {
		return 0, fmt.Errorf("%q is no quantity", text)
	}
	product, _ := value.Mul(value, big.NewFloat(scale)).Float64()
	return product, nil
}
