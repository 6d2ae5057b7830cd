package protocol

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"servebench/generators"
)

// Model is one model as the server side of a protocol sees it.
type Model struct {
	Name    string
	Doc     string // one sentence
	Version string
	// Schema names the features and classes. Without Features the model takes
	// rows of any width; without Classes it is a regression.
	Schema generators.Schema
	// Predict fills scores, which has room for Scores of them, for one row of
	// features: with the probabilities of the classes, each in [0, 1], or with the value
	// of a regression. It keeps nothing of the slices and is safe for concurrent use.
	Predict func(features, scores []float32)
	// PredictBatch is Predict for any number of rows, as many as scores has room for;
	// nil where a model gains nothing by taking them together.
	PredictBatch func(features, scores []float32)
}

// Scores is how many numbers the model answers to one row: the probability of each of
// its classes, or one value.
func (m Model) Scores() int { return max(len(m.Schema.Classes), 1) }

// Score fills scores with what the model says to rows of features, unchecked.
func (m Model) Score(features, scores []float32, rows int) {
	if m.PredictBatch != nil {
		m.PredictBatch(features, scores)
		return
	}
	width, n := len(features)/rows, m.Scores()
	for i := range rows {
		m.Predict(features[i*width:(i+1)*width:(i+1)*width], scores[i*n:(i+1)*n:(i+1)*n])
	}
}

// PredictRows appends to dst what the model says to rows of features, Scores numbers for
// each. Its error is that of CheckScores.
func (m Model) PredictRows(dst, features []float32, rows int) ([]float32, error) {
	start, n := len(dst), rows*m.Scores()
	dst = slices.Grow(dst, n)[:start+n]
	m.Score(features, dst[start:], rows)
	return dst, m.CheckScores(dst[start:])
}

// CheckScores says that the model answered what is not a probability, or not a finite
// number: a *Refusal with status 500.
func (m Model) CheckScores(scores []float32) error {
	n := m.Scores()
	for i, s := range scores {
		switch {
		case len(m.Schema.Classes) > 0 && !(0 <= s && s <= 1): // NaN included
			return &Refusal{http.StatusInternalServerError, fmt.Sprintf("model %q answered %g for class %d of row %d, which is not a probability", m.Name, s, i%n, i/n)}
		case s-s != 0:
			return &Refusal{http.StatusInternalServerError, fmt.Sprintf("model %q answered %g for row %d, which is not a finite number", m.Name, s, i/n)}
		}
	}
	return nil
}

// Answer is what the model says to one row.
func (m Model) Answer(features []float32) generators.Answer {
	scores := make([]float32, m.Scores())
	m.Predict(features, scores)
	if len(m.Schema.Classes) == 0 {
		return generators.Answer{Kind: generators.Tensors, Tensors: []generators.Tensor{generators.Float32s("", nil, scores)}}
	}
	return generators.Probable(scores)
}

// Binary makes the Predict of a model of two classes from what returns the probability
// of class 1.
func Binary(probability func(features []float32) float32) func(features, scores []float32) {
	return func(features, scores []float32) {
		p := probability(features)
		scores[0], scores[1] = 1-p, p
	}
}

// Service is what the server side of a protocol serves, and within which
// limits. Each protocol's child package makes an http.Handler from it.
type Service struct {
	Name    string // of the server program
	Version string // of the server program
	Models  *Registry
	// Repository changes the models from outside; nil: that is refused.
	Repository Repository
	// MaxBody is how many bytes of a body can be read; 0: all.
	MaxBody int64
	// Ready reports whether new work is welcome; nil: always.
	Ready func() bool
}

// Served is a version of a model with what its requests are held to.
type Served struct {
	Model
	MaxBatch int      // the most rows of one request; 0: no limit
	Observer Observer // nil: nobody is told
	// NewID makes the RequestIDHeader of the answer to a request that has no id; nil: it has none.
	NewID func() string
	// Queue is PredictRows for a request that may have to wait, and says in the inference how
	// long it did and how long it was computed; nil: none waits. Its errors are *Refusals.
	Queue func(ctx context.Context, dst, features []float32, rows int, done *Inference) ([]float32, error)
}

// Infer appends to dst what the model says to a request, and says in done how long it waited
// and was computed.
func (m *Served) Infer(ctx context.Context, dst, features []float32, rows int, done *Inference) ([]float32, error) {
	if m.Queue != nil {
		return m.Queue(ctx, dst, features, rows, done)
	}
	start := time.Now()
	dst, err := m.PredictRows(dst, features, rows)
	done.Compute = time.Since(start)
	return dst, err
}

// Fault says what is wrong with the size of a batch; "" when nothing is.
func (m *Served) Fault(rows, width int64) string {
	want := int64(len(m.Schema.Features))
	switch {
	case want > 0 && width != want:
		return fmt.Sprintf("%d features in a row, the model wants %d", width, want)
	case rows < 1 || width < 1:
		return fmt.Sprintf("want at least 1 row and 1 feature, got [%d,%d]", rows, width)
	case m.MaxBatch > 0 && rows > int64(m.MaxBatch):
		return fmt.Sprintf("a batch of %d rows is over the limit of %d", rows, m.MaxBatch)
	}
	return ""
}

// Refusal is the error of a request that gets no answer, with its HTTP status.
type Refusal struct {
	Status int
	Text   string
}

// Micros is the time of so many microseconds, at most an hour.
func Micros(n int64) time.Duration {
	return time.Duration(min(n, time.Hour.Microseconds())) * time.Microsecond
}

// StatusClientClosed is the status of a request whose client was gone before it was answered: nginx's
// 499.
const StatusClientClosed = 499

func (r *Refusal) Error() string { return r.Text }

// Observer is told of every inference request of one model once it is
// answered, refused ones included. Observe is safe for concurrent use, and
// quick: it runs before the next request of the connection is read.
type Observer interface {
	Observe(Inference)
}

// Inference is what became of one inference request.
type Inference struct {
	Status int // of HTTP
	Rows   int // predicted; 0 when the request was refused
	// The parts of the handling, in order: reading and decoding the request, waiting for
	// its turn, predicting, encoding and writing the answer. A part that was not reached
	// is 0.
	Decode, Queue, Compute, Encode time.Duration
	// ID is what the answer calls the request: the id of its body, or, where it has none or one
	// of more than MaxRequestID bytes, that of RequestIDHeader; empty: nothing. It is there
	// while Observe runs.
	ID []byte
	// Features and Scores are what was asked and answered, row by row. They are there while
	// Observe runs, and nil when the request was refused.
	Features, Scores []float32
}
