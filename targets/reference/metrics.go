package reference

import (
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"servebench/targets/protocol"
	"servebench/targets/reference/batcher"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what the server counts, exposed at /metrics. Label values are
// resolved when the server is made, so that a request looks up none.
type metrics struct {
	registry *prometheus.Registry
	inFlight atomic.Int64
	panics   prometheus.Counter
	changes  prometheus.Counter
	shadows  *prometheus.CounterVec // by what became of a request
	rows     *prometheus.CounterVec // that shadows predicted, by whether they agreed
	requests statusCounter

	inferences *prometheus.CounterVec
	durations  *prometheus.HistogramVec
	batches    *prometheus.HistogramVec
	models     *modelCollector
}

func newMetrics(version string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		models:   &modelCollector{},
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "refserver_panics_total", Help: "Handlers that panicked and were answered with 500.",
		}),
		changes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "refserver_model_changes_total", Help: "Models loaded or unloaded since the server was ready.",
		}),
		shadows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "refserver_shadow_requests_total", Help: "Answered requests that a shadow was to predict as well: compared, dropped since too many waited, or failed.",
		}, []string{"model", "version", "result"}),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "refserver_shadow_rows_total", Help: "Rows of the compared requests, by whether the shadow said another class or value.",
		}, []string{"model", "version", "result"}),
		inferences: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "refserver_inference_requests_total", Help: "Inference requests answered, by model and HTTP status.",
		}, []string{"model", "version", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "refserver_inference_duration_seconds", Help: "Time from the start of reading an inference request's body to the end of writing its answer.",
			Buckets: durationBuckets(),
		}, []string{"model", "version"}),
		batches: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "refserver_inference_batch_rows", Help: "Rows of an inference request that was answered with 200.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		}, []string{"model", "version"}),
	}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "refserver_http_requests_total", Help: "HTTP requests answered, by status.",
	}, []string{"code"})
	m.requests = newStatusCounter(requests)
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.panics, m.changes, m.shadows, m.rows, requests, m.inferences, m.durations, m.batches, m.models,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "refserver_http_requests_in_flight", Help: "HTTP requests being answered now.",
		}, func() float64 { return float64(m.inFlight.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "refserver_build_info", Help: "1, with what the program was built from.",
			ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
		}, func() float64 { return 1 }),
	)
	return m
}

// durationBuckets spans, in seconds, a no-op to a request far beyond any SLO.
func durationBuckets() []float64 {
	return []float64{10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 250e-3, 1, 2.5, 10}
}

func (m *metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	})
}

func (m *metrics) countAnswer(status int) {
	if status == 0 {
		status = http.StatusOK // net/http's, when a handler says nothing
	}
	m.requests.inc(status)
}

// observer returns what counts the inferences of a model's version, whichever protocol they
// came by and however often it is loaded.
func (m *metrics) observer(model protocol.Model) protocol.Observer {
	labels := versionLabels(model.Name, model.Version)
	return &modelMetrics{
		totals:   m.models.add(model.Name, model.Version),
		requests: newStatusCounter(m.inferences.MustCurryWith(labels)),
		duration: m.durations.With(labels),
		batch:    m.batches.With(labels),
	}
}

func versionLabels(model, version string) prometheus.Labels {
	return prometheus.Labels{"model": model, "version": version}
}

// shadow returns what counts what a version says as a shadow.
func (m *metrics) shadow(model protocol.Model) shadowCounts {
	requests, rows := m.shadows.MustCurryWith(versionLabels(model.Name, model.Version)), m.rows.MustCurryWith(versionLabels(model.Name, model.Version))
	return shadowCounts{
		compared: requests.WithLabelValues("compared"), dropped: requests.WithLabelValues("dropped"), failed: requests.WithLabelValues("failed"),
		same: rows.WithLabelValues("same"), different: rows.WithLabelValues("different"),
	}
}

// keepRetired is how many versions of a model that are served no more keep their metrics: a
// server that is given a new one each minute would have ever more of them.
const keepRetired = 16

// retire forgets the versions of a model that have been out of service longest, and returns them.
func (m *metrics) retire(model string, served []protocol.Traffic) (dropped []string) {
	dropped = m.models.retire(model, served)
	for _, version := range dropped {
		labels := versionLabels(model, version)
		m.inferences.DeletePartialMatch(labels)
		m.durations.Delete(labels)
		m.batches.Delete(labels)
		m.shadows.DeletePartialMatch(labels)
		m.rows.DeletePartialMatch(labels)
	}
	return dropped
}

// modelMetrics counts one model's inferences.
type modelMetrics struct {
	totals   *modelTotals
	requests statusCounter
	duration prometheus.Observer
	batch    prometheus.Observer
}

func (m *modelMetrics) Observe(i protocol.Inference) {
	m.requests.inc(i.Status)
	m.duration.Observe((i.Decode + i.Queue + i.Compute + i.Encode).Seconds())
	m.totals.add(i)
	if i.Status == http.StatusOK {
		m.batch.Observe(float64(i.Rows))
	}
}

// statusCounter counts by HTTP status; the usual ones cost no look-up of
// labels.
type statusCounter struct {
	usual map[int]prometheus.Counter
	all   *prometheus.CounterVec
}

func newStatusCounter(vec *prometheus.CounterVec) statusCounter {
	c := statusCounter{usual: map[int]prometheus.Counter{}, all: vec}
	for _, status := range []int{
		http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusRequestEntityTooLarge, http.StatusInternalServerError, http.StatusTooManyRequests, http.StatusGatewayTimeout,
	} {
		c.usual[status] = vec.WithLabelValues(strconv.Itoa(status))
	}
	return c
}

func (c statusCounter) inc(status int) {
	if counter, ok := c.usual[status]; ok {
		counter.Inc()
		return
	}
	c.all.WithLabelValues(strconv.Itoa(status)).Inc()
}

// modelTotals are the running totals of one version of a model.
type modelTotals struct {
	model, version            string
	succeeded, failed, rows   atomic.Int64
	decode, compute, answered atomic.Int64 // nanoseconds, of the succeeded
	queued                    atomic.Int64 // likewise
	batcher.Counters
}

func (t *modelTotals) add(i protocol.Inference) {
	if i.Status != http.StatusOK {
		t.failed.Add(1)
		return
	}
	t.succeeded.Add(1)
	t.rows.Add(int64(i.Rows))
	t.decode.Add(int64(i.Decode))
	t.queued.Add(int64(i.Queue))
	t.compute.Add(int64(i.Compute))
	t.answered.Add(int64(i.Encode))
}

// modelCollector exposes the totals under the names that dashboards for NVIDIA
// Triton know (its documentation, "Metrics"). Durations are cumulative
// microseconds of successful requests. A request that is executed with others counts
// the whole time of that, as Triton has it.
type modelCollector struct {
	mu     sync.Mutex
	totals []*modelTotals // in the order in which the versions were first served
}

// add returns the totals of a version, which may have some already.
func (c *modelCollector) add(model, version string) *modelTotals {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.totals {
		if t.model == model && t.version == version {
			return t
		}
	}
	t := &modelTotals{model: model, version: version}
	c.totals = append(c.totals, t)
	return t
}

// retire drops all but the last keepRetired versions of a model that are not served, and
// returns those dropped.
func (c *modelCollector) retire(model string, served []protocol.Traffic) (dropped []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	isRetired := func(t *modelTotals) bool {
		return t.model == model && !slices.ContainsFunc(served, func(v protocol.Traffic) bool { return v.Version == t.version })
	}
	surplus := -keepRetired
	for _, t := range c.totals {
		if isRetired(t) {
			surplus++
		}
	}
	c.totals = slices.DeleteFunc(c.totals, func(t *modelTotals) bool {
		if surplus <= 0 || !isRetired(t) {
			return false
		}
		surplus--
		dropped = append(dropped, t.version)
		return true
	})
	return dropped
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
		{"nv_inference_exec_count", "Number of model executions performed, each for one request or for several.", counter,
			func(t *modelTotals) float64 { return float64(t.Executions.Load()) }},
		{"nv_inference_pending_request_count", "Requests waiting for execution.", gauge,
			func(t *modelTotals) float64 { return float64(t.Waiting.Load()) }},
		{"nv_inference_request_duration_us", "Cumulative duration of inference requests.", counter,
			func(t *modelTotals) float64 {
				return micros(t.decode.Load() + t.queued.Load() + t.compute.Load() + t.answered.Load())
			}},
		{"nv_inference_queue_duration_us", "Cumulative duration of waiting for execution.", counter,
			func(t *modelTotals) float64 { return micros(t.queued.Load()) }},
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
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range tritonMetrics() {
		desc := m.desc()
		for _, t := range c.totals {
			out <- prometheus.MustNewConstMetric(desc, m.kind, m.value(t), t.model, t.version)
		}
	}
}
