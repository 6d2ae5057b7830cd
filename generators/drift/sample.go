package drift

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"servebench/generators"
)

// Most is how many rows a Sample keeps.
const Most = 5000

// Names of the columns that hold what a model answers.
const (
	Prediction = "prediction" // the class, or the number
	Score      = "score"      // the probability of class 1 of two, of the most likely one of more
)

// Column is one column of a row: a feature, or part of the answer.
type Column struct {
	Name string
	// Categories names the values of a categorical column, which are the indexes into it; nil
	// of a column of numbers.
	Categories []string
}

// columns are those of a schema's features, and of the answers. Tensors and text are not
// watched.
func columns(s generators.Schema) []Column {
	var all []Column
	for _, f := range s.Features {
		all = append(all, Column{f.Name, f.Categories})
	}
	all = append(all, Column{Prediction, s.Classes})
	if s.Classes != nil {
		all = append(all, Column{Name: Score})
	}
	return all
}

// Sample holds rows: at most Most of all that were added, each with the same chance of being
// kept. It is for one goroutine.
type Sample struct {
	columns  []Column
	features int
	classes  bool
	values   []float64 // row by row; NaN: missing
	added    int
	rng      *rand.Rand
}

// NewSample returns a sample of examples of the schema and of the answers to them.
func NewSample(s generators.Schema) *Sample {
	return &Sample{columns: columns(s), features: len(s.Features), classes: s.Classes != nil, rng: rand.New(rand.NewPCG(0, 0))}
}

// Add adds an example's features, one per Schema.Features, and the answer to it, of which it
// keeps neither. A feature that is NaN, or that is not there, is missing, and so are answers
// that are neither a class nor one number. Leave out requests that failed, whose answers are
// not known: missing values are compared as values are. The rows to keep are drawn as by
// Algorithm R: J. S. Vitter, "Random sampling with a reservoir", ACM Transactions on
// Mathematical Software 11 (1985).
func (s *Sample) Add(features []float32, answer generators.Answer) {
	s.added++
	at, width := s.Len(), len(s.columns)
	if at < Most {
		s.values = slices.Grow(s.values, width)[:(at+1)*width]
	} else if at = s.rng.IntN(s.added); at >= Most {
		return
	}
	row := s.values[at*width : (at+1)*width]
	for i := range s.features {
		row[i] = math.NaN()
		if i < len(features) {
			row[i] = finite(float64(features[i]))
		}
	}
	prediction, score := read(answer, s.classes)
	row[s.features] = finite(prediction)
	if s.classes {
		row[s.features+1] = finite(score)
	}
}

// Len is how many rows are kept.
func (s *Sample) Len() int { return len(s.values) / len(s.columns) }

// Added is how many rows were added.
func (s *Sample) Added() int { return s.added }

// Reset makes the sample empty.
func (s *Sample) Reset() { s.values, s.added = s.values[:0], 0 }

// read is what an answer says, NaN where it says nothing of the kind.
func read(a generators.Answer, classes bool) (prediction, score float64) {
	prediction, score = math.NaN(), math.NaN()
	switch {
	case a.Kind == generators.Class:
		prediction = float64(a.Label)
		switch p := a.Probabilities; {
		case len(p) == 2:
			score = float64(p[1])
		case len(p) > 0 && a.Label >= 0 && a.Label < len(p):
			score = float64(p[a.Label])
		}
	case classes:
	case a.Kind == generators.Tensors && len(a.Tensors) == 1 && a.Tensors[0].Len() == 1 && a.Tensors[0].Datatype != generators.BYTES:
		prediction = a.Tensors[0].Number(0)
	case a.Kind == generators.Text:
		if v, err := strconv.ParseFloat(a.Value.Text, 64); err == nil {
			prediction = v
		}
	}
	return prediction, score
}

// finite rounds a number to float32, as profiles are written, and makes infinities, which
// JSON does not have, the ends of its range.
func finite(v float64) float64 {
	return float64(float32(max(-math.MaxFloat32, min(v, math.MaxFloat32))))
}

// column are the values of a column that are not missing, sorted.
func (s *Sample) column(i int) []float64 {
	present := make([]float64, 0, s.Len())
	for ; i < len(s.values); i += len(s.columns) {
		if v := s.values[i]; !math.IsNaN(v) {
			present = append(present, v)
		}
	}
	slices.Sort(present)
	return present
}
