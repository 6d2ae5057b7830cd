package batcher

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"servebench/targets/protocol"
)

// perceptron is a multi-layer perceptron of these widths, the last of which is 1, with ReLU between its
// layers: a product of two matrices for each, as of an ONNX model here, of one row or of many.
func perceptron(widths ...int) protocol.Model {
	rng := rand.New(rand.NewPCG(1, 1))
	var layers []blas32.General
	for i := range len(widths) - 1 {
		layer := blas32.General{Rows: widths[i], Cols: widths[i+1], Stride: widths[i+1], Data: make([]float32, widths[i]*widths[i+1])}
		for j := range layer.Data {
			layer.Data[j] = float32(rng.NormFloat64()) / float32(widths[i])
		}
		layers = append(layers, layer)
	}
	score := func(features, scores []float32) {
		rows := len(scores)
		x := blas32.General{Rows: rows, Cols: widths[0], Stride: widths[0], Data: features}
		for i, layer := range layers {
			y := blas32.General{Rows: rows, Cols: layer.Cols, Stride: layer.Cols, Data: make([]float32, rows*layer.Cols)}
			blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, x, layer, 0, y)
			if x = y; i < len(layers)-1 {
				for j, v := range y.Data {
					y.Data[j] = max(v, 0)
				}
			}
		}
		copy(scores, x.Data)
	}
	return protocol.Model{Name: "mlp", Predict: score, PredictBatch: score}
}

// BenchmarkBatching has 64 callers ask an MLP, each again when it has its answer, directly, in a queue, and in batches
// of up to 64 rows, and reports the throughput and the median latency.
func BenchmarkBatching(b *testing.B) {
	for _, widths := range [][]int{{20, 64, 32, 1}, {256, 512, 512, 1}, {512, 2048, 2048, 1}} {
		m := perceptron(widths...)
		alone := m
		alone.PredictBatch = nil
		for _, c := range []struct {
			name   string
			model  protocol.Model
			config Config
		}{{"direct", alone, Config{}}, {"queue", alone, Config{MaxQueue: 1 << 16}}, {"batches", m, Config{MaxSize: 64}}} {
			b.Run(fmt.Sprint(widths)+"/"+c.name, func(b *testing.B) {
				benchmarkCallers(b, New(c.model, c.config, new(Counters)), 64, widths[0])
			})
		}
	}
}

func benchmarkCallers(b *testing.B, q *Queue, callers, width int) {
	latencies := make([][]time.Duration, callers)
	row := make([]float32, width)
	for i := range row {
		row[i] = float32(i%7) - 2.5 // no zeros, which are not multiplied
	}
	var all sync.WaitGroup
	b.ResetTimer()
	for c := range callers {
		all.Go(func() {
			var scores []float32
			for range (b.N + callers - 1) / callers {
				start := time.Now()
				var err error
				if scores, err = q.Predict(context.Background(), scores[:0], row, 1, new(protocol.Inference)); err != nil {
					b.Error(err)
				}
				latencies[c] = append(latencies[c], time.Since(start))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	sorted := slices.Sorted(slices.Values(slices.Concat(latencies...)))
	b.ReportMetric(float64(len(sorted))/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(sorted[len(sorted)/2].Microseconds()), "p50-µs")
}
