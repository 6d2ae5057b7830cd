package reference

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"servebench/targets/protocol"
)

// modelTotals are one model's running totals.
type modelTotals struct {
	model                     protocol.Model
	succeeded, failed, rows   atomic.Int64
	decode, compute, answered atomic.Int64 // nanoseconds, of the succeeded
}

func (t *modelTotals) add(i protocol.Inference) {
	if i.Status != http.StatusOK {
		t.failed.Add(1)
		return
	}
	t.succeeded.Add(1)
	t.rows.Add(int64(i.Rows))
	t.decode.Add(int64(i.Decode))
	t.compute.Add(int64(i.Compute))
	t.answered.Add(int64(i.Encode))
}

// modelCollector exposes the totals under the names that dashboards for NVIDIA
// Triton know (its documentation, "Metrics"). Durations are cumulative
// microseconds of successful requests. This server has no queue and does not
// batch requests together: it executes each at once.
type modelCollector struct{ totals []*modelTotals }

func (c *modelCollector) add(model protocol.Model) *modelTotals {
	t := &modelTotals{model: model}
	c.totals = append(c.totals, t)
	return t
}

// tritonMetric is one of the names.
type tritonMetric struct {
	name, help string
	kind       prometheus.ValueType
	value      func(*modelTotals) float64
}

func tritonMetrics() []tritonMetric {
	micros := func(ns int64) float64 { return float64(ns) / float64(time.Microsecond) }
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	return []tritonMetric{
		{"nv_inference_request_success", "Number of successful inference requests.", counter,
			func(t *modelTotals) float64 { return float64(t.succeeded.Load()) }},
		{"nv_inference_request_failure", "Number of failed inference requests.", counter,
			func(t *modelTotals) float64 { return float64(t.failed.Load()) }},
		{"nv_inference_count", "Number of inferences performed, one per row.", counter,
			func(t *modelTotals) float64 { return float64(t.rows.Load()) }},
		{"nv_inference_exec_count", "Number of model executions performed, one per request.", counter,
			func(t *modelTotals) float64 { return float64(t.succeeded.Load()) }},
		{"nv_inference_pending_request_count", "Requests waiting for execution: none, there is no queue.", gauge,
			func(*modelTotals) float64 { return 0 }},
		{"nv_inference_request_duration_us", "Cumulative duration of inference requests.", counter,
			func(t *modelTotals) float64 {
				return micros(t.decode.Load() + t.compute.Load() + t.answered.Load())
			}},
		{"nv_inference_queue_duration_us", "Cumulative queueing duration: none, there is no queue.", counter,
			func(*modelTotals) float64 { return 0 }},
		{"nv_inference_compute_input_duration_us", "Cumulative duration of reading and decoding requests.", counter,
			func(t *modelTotals) float64 { return micros(t.decode.Load()) }},
		{"nv_inference_compute_infer_duration_us", "Cumulative duration of predicting.", counter,
			func(t *modelTotals) float64 { return micros(t.compute.Load()) }},
		{"nv_inference_compute_output_duration_us", "Cumulative duration of encoding and writing answers.", counter,
			func(t *modelTotals) float64 { return micros(t.answered.Load()) }},
	}
}

func (m tritonMetric) desc() *prometheus.Desc {
	return prometheus.NewDesc(m.name, m.help, []string{"model", "version"}, nil)
}

// Describe implements prometheus.Collector.
func (c *modelCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, m := range tritonMetrics() {
		descs <- m.desc()
	}
}

// Collect implements prometheus.Collector.
func (c *modelCollector) Collect(out chan<- prometheus.Metric) {
	for _, m := range tritonMetrics() {
		desc := m.desc()
		for _, t := range c.totals {
			out <- prometheus.MustNewConstMetric(desc, m.kind, m.value(t), t.model.Name, t.model.Version)
		}
	}
}
