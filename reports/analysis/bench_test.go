package analysis_test

import (
	"testing"
	"time"

	"servebench/reports/analysis"
	"servebench/reports/analysis/ab"
	"servebench/reports/record"
	"servebench/reports/record/recordtest"
)

// BenchmarkAnalyse reads and analyses 5 rounds of 10 seconds of 4 targets at
// 400 requests a second.
func BenchmarkAnalyse(b *testing.B) {
	p := recordtest.Compare()
	p.Rounds = 5
	base := p.Targets[0]
	p.Targets = nil
	for _, name := range []string{"physical", "vm", "container", "lambda"} {
		base.Name = name
		base.Service += 100 * time.Microsecond
		p.Targets = append(p.Targets, base)
	}
	dir, err := recordtest.Write(b.TempDir(), p)
	if err != nil {
		b.Fatal(err)
	}
	run, err := record.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := analysis.Analyse(run); err != nil {
			b.Fatal(err)
		}
	}
}

// An interim analysis of an A/B test after 30 rounds, which the rest of it waits for.
func BenchmarkABSoFar(b *testing.B) {
	dir, err := recordtest.Write(b.TempDir(), recordtest.Undecided())
	if err != nil {
		b.Fatal(err)
	}
	run, err := record.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := ab.SoFar(run); err != nil {
			b.Fatal(err)
		}
	}
}
