package onnx_test

import (
	"fmt"
	"testing"
)

func TestScoresDoNotAllocate(t *testing.T) {
	for _, name := range []string{"mlp", "xgboost-three", "mlp-sklearn"} {
		m := read(t, "testdata/"+name+".onnx")
		row, scores := make([]float32, len(m.Features())), make([]float32, max(len(m.Classes()), 1))
		if n := testing.AllocsPerRun(1000, func() { m.Scores(row, scores) }); n >= 1 { // the pool is emptied now and then
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkScores(b *testing.B) {
	for _, name := range []string{"mlp", "xgboost"} {
		m := read(b, "testdata/"+name+".onnx")
		for _, rows := range []int{1, 8, 32, 64} {
			b.Run(fmt.Sprintf("%s/rows=%d", name, rows), func(b *testing.B) {
				features, scores := make([]float32, rows*len(m.Features())), make([]float32, rows*max(len(m.Classes()), 1))
				for i := range features {
					features[i] = float32(i%7) - 3
				}
				for b.Loop() {
					m.Scores(features, scores)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
			})
		}
	}
}
