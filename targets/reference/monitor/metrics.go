package monitor

import "github.com/prometheus/client_golang/prometheus"

// metric is one of a version, or of the whole.
type metric[T any] struct {
	name, help string
	kind       prometheus.ValueType
	value      func(T) (v float64, known bool)
}

func count[T any](name, help string, value func(T) int64) metric[T] {
	return metric[T]{name, help, prometheus.CounterValue, func(of T) (float64, bool) { return float64(value(of)), true }}
}

func (m metric[T]) desc(labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("refserver_monitor_"+m.name, m.help, labels, nil)
}

func (m metric[T]) collect(out chan<- prometheus.Metric, desc *prometheus.Desc, of T, labels ...string) {
	if value, known := m.value(of); known {
		out <- prometheus.MustNewConstMetric(desc, m.kind, value, labels...)
	}
}

func wholeMetrics() []metric[*Monitor] {
	return []metric[*Monitor]{
		{"pending_rows", "Rows that wait for their outcomes.", prometheus.GaugeValue,
			func(m *Monitor) (float64, bool) { return float64(m.pending.count), true }},
		count("unknown_outcomes_total", "Outcomes of rows that are not known, or no more.", func(m *Monitor) int64 { return m.unknown }),
		count("log_files_dropped_total", "Files of the log that were removed, the oldest.", func(m *Monitor) int64 { return int64(m.files.dropped) }),
		{"log_failed", "1 where nothing is logged any more, after an error.", prometheus.GaugeValue, func(m *Monitor) (float64, bool) {
			if m.files.failure != "" {
				return 1, true
			}
			return 0, true
		}},
	}
}

func versionMetrics() []metric[*version] {
	share := func(of func(accuracy) float64) func(*version) (float64, bool) {
		return func(v *version) (float64, bool) {
			if a := v.rolling(); a != nil {
				return of(*a), true
			}
			return 0, false
		}
	}
	const gauge = prometheus.GaugeValue
	return []metric[*version]{
		count("rows_total", "Rows predicted.", func(v *version) int64 { return v.rows }),
		count("unseen_total", "Rows and outcomes that were neither logged nor compared, since too much waited.", func(v *version) int64 { return v.unseen }),
		count("outcomes_total", "Outcomes that became known.", func(v *version) int64 { return v.outcomes }),
		count("expired_total", "Rows that get no outcome any more: too many were predicted since, or another has their id.", func(v *version) int64 { return v.expired }),
		{"accuracy", "Share of right answers among the latest outcomes.", gauge, share(func(a accuracy) float64 { return a.Value })},
		{"accuracy_low", "Lower end of its 95 % interval.", gauge, share(func(a accuracy) float64 { return a.Low })},
		{"accuracy_high", "Upper end of its 95 % interval.", gauge, share(func(a accuracy) float64 { return a.High })},
		{"accuracy_outcomes", "Outcomes that it is of.", gauge, share(func(a accuracy) float64 { return float64(a.Outcomes) })},
	}
}

func detectorMetrics() []metric[detectorState] {
	return []metric[detectorState]{
		count("alarms_total", "Windows, or outcomes, at which the detector found drift.", func(d detectorState) int64 { return d.Alarms }),
	}
}

func columnMetrics() []metric[column] {
	const gauge = prometheus.GaugeValue
	return []metric[column]{
		{"drift_statistic", "What the detector found in the last window; of the error rate, without a column, at the last outcome.", gauge,
			func(c column) (float64, bool) { return c.Statistic, true }},
		{"drift_threshold", "From where on that is drift.", gauge, func(c column) (float64, bool) { return c.Threshold, true }},
	}
}

// labels of the metrics, from the outermost on.
func labels() []string { return []string{"model", "version", "detector", "column"} }

// Describe implements prometheus.Collector.
func (m *Monitor) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range wholeMetrics() {
		descs <- d.desc()
	}
	for _, d := range versionMetrics() {
		descs <- d.desc(labels()[:2]...)
	}
	for _, d := range detectorMetrics() {
		descs <- d.desc(labels()[:3]...)
	}
	for _, d := range columnMetrics() {
		descs <- d.desc(labels()...)
	}
}

// Collect implements prometheus.Collector.
func (m *Monitor) Collect(out chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range wholeMetrics() {
		x.collect(out, x.desc(), m)
	}
	for _, v := range m.versions {
		v.collect(out)
	}
}

func (v *version) collect(out chan<- prometheus.Metric) {
	values := []string{v.model.Name, v.model.Version}
	for _, x := range versionMetrics() {
		x.collect(out, x.desc(labels()[:2]...), v, values...)
	}
	for _, d := range v.state().Detectors {
		values := append(values[:2:2], d.Name)
		for _, x := range detectorMetrics() {
			x.collect(out, x.desc(labels()[:3]...), d, values...)
		}
		columns := d.Columns
		if columns == nil && d.Threshold > 0 {
			columns = []column{{Statistic: d.Statistic, Threshold: d.Threshold}}
		}
		for _, c := range columns {
			for _, x := range columnMetrics() {
				x.collect(out, x.desc(labels()...), c, append(values[:3:3], c.Column)...)
			}
		}
	}
}
