package scenarios

import "servebench/reports/record"

// regressionRow is the key that A/B tests are judged by; a scenario without it is written
// without it.
func regressionRow() row[Scenario] {
	rule := leftOut(pointed(mappings("rules such as {metrics: [p50], margin: 3%}", regressionRows())), isNoPointer)
	return may("regression", rule, none, func(s *Scenario) **Regression { return &s.Regression },
		"When a candidate counts as slower than a baseline, for servebench ab, which compares two servers round by round. Other commands ignore it.")
}

func regressionRows() []row[Regression] {
	return []row[Regression]{
		otherwise("metrics", leftOut(list("list of metrics", "a list of metrics, such as [p50, p90]", 1, choice("metric", record.Metrics())), isNil), "[p50, p90]",
			func(r *Regression) *[]string { return &r.Metrics },
			"What is compared, in every measured phase; at most 5 of them, each phase counting for itself. Quantiles are of the response time, and need enough requests in each round: p50 200, p90 300, p99 2000, p99.9 20000."),
		may("margin", fractions(), "3%", func(r *Regression) *float64 { return &r.Margin },
			"The least that the candidate has to be worse by to fail, however sure it is that it is worse."),
		may("tolerance", fractions(), "5%", func(r *Regression) *float64 { return &r.Tolerance },
			"A candidate passes when it is surely not worse by this much."),
		may("rounds", wholes[int](10, 200), "40", func(r *Regression) *int { return &r.Rounds },
			"How many rounds are played at most. An A/B test ends as soon as the answer is known."),
	}
}
