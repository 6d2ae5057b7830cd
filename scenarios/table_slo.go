package scenarios

import "time"

const sloDoc = "The limits that the results are judged by. Without any, a run is reported but not judged."

func sloRows() []row[SLO] {
	quantile := func(name, share string, field func(*SLO) *time.Duration) row[SLO] {
		return may(name, orNone(durations()), none, field,
			"The response time that "+share+" of the requests may take at most, from the moment each was due.")
	}
	fraction := func(name, doc string, field func(*SLO) **float64) row[SLO] {
		return may(name, orNil(fractions()), none, field, doc)
	}
	times := func(name, what, doc string, field func(*SLO) *Quantiles) row[SLO] {
		limits := leftOut(mappings("limits such as {p50: 10ms, p99: 50ms}", quantileRows(what)), func(q Quantiles) bool { return q == Quantiles{} })
		return may(name, limits, none, field, doc)
	}
	return []row[SLO]{
		quantile("p50", "50%", func(s *SLO) *time.Duration { return &s.P50 }),
		quantile("p90", "90%", func(s *SLO) *time.Duration { return &s.P90 }),
		quantile("p99", "99%", func(s *SLO) *time.Duration { return &s.P99 }),
		quantile("p999", "99.9%", func(s *SLO) *time.Duration { return &s.P999 }),
		times("service", "service time", "Limits of the service time, from the moment a request was sent to the end of its answer.",
			func(s *SLO) *Quantiles { return &s.Service }),
		times("first_byte", "time to first byte", "Limits of the time to first byte, from the moment a request was due to the first byte of its answer's body. In a stream that need not be its first token: it can be a comment or a role. It is recorded only where it is limited here.",
			func(s *SLO) *Quantiles { return &s.FirstByte }),
		fraction("errors", "The fraction of requests that may fail at most.",
			func(s *SLO) **float64 { return &s.Errors }),
		may("goodput", orNone(rates()), none, func(s *SLO) *Rate { return &s.Goodput },
			"The answers per second that there must be at least in every measured phase: right ones, within the limit of the highest of the quantiles p50 to p999 that has one. It takes three rounds to judge."),
		fraction("agreement", "The fraction of answers that must equal what the model says offline; known for the reference server only.",
			func(s *SLO) **float64 { return &s.Agreement }),
		fraction("accuracy", "The fraction of answers that must equal the label of the example.",
			func(s *SLO) **float64 { return &s.Accuracy }),
		may("cold_start", orNone(durations()), none, func(s *SLO) *time.Duration { return &s.ColdStart },
			"How long any start of the server may take at most up to its first right answer, those of cold_starts included."),
	}
}

func quantileRows(what string) []row[Quantiles] {
	quantile := func(name, share string, field func(*Quantiles) *time.Duration) row[Quantiles] {
		return may(name, orNone(durations()), none, field, "The "+what+" of "+share+" of the requests at most.")
	}
	return []row[Quantiles]{
		quantile("p50", "50%", func(q *Quantiles) *time.Duration { return &q.P50 }),
		quantile("p90", "90%", func(q *Quantiles) *time.Duration { return &q.P90 }),
		quantile("p99", "99%", func(q *Quantiles) *time.Duration { return &q.P99 }),
		quantile("p999", "99.9%", func(q *Quantiles) *time.Duration { return &q.P999 }),
	}
}
