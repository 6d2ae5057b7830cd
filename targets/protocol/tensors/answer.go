package tensors

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"
)

// Answers reads what the outputs of a response say to each example of a batch. Without
// classes, the answers are the outputs' rows; with them, a label and the probabilities, of
// which one may be missing. Where no output is called as in this package, those that
// other servers give are known; an output that Config.Output names is taken whatever it is
// called.
func Answers(outputs []generators.Tensor, cfg protocol.Config) ([]generators.Answer, error) {
	for i, t := range outputs {
		if err := t.Check(); err != nil {
			return nil, fmt.Errorf("outputs[%d]: %w", i, err)
		}
	}
	if cfg.Output != "" {
		outputs = slices.DeleteFunc(slices.Clone(outputs), func(t generators.Tensor) bool { return t.Name != cfg.Output })
	}
	if len(cfg.Schema.Classes) == 0 {
		if len(outputs) == 0 && cfg.Output != "" {
			return nil, fmt.Errorf("outputs: %.40q is missing", cfg.Output)
		}
		return rowsOf(outputs)
	}
	a := answers{classes: cfg.Schema.Classes, width: len(cfg.Schema.Classes), chosen: cfg.Output}
	if err := a.read(outputs); err != nil {
		return nil, err
	}
	return a.list(), nil
}

// maxRows is more examples than any request has: the first dimension of an empty tensor
// costs its sender nothing.
const maxRows = 1 << 20

// rowsOf gives each example its row of every output.
func rowsOf(outputs []generators.Tensor) ([]generators.Answer, error) {
	if len(outputs) == 0 {
		return nil, errors.New("outputs: there are none")
	}
	n := int64(1)
	if shape := outputs[0].Shape; len(shape) > 0 {
		n = shape[0]
	} else {
		outputs = slices.Clone(outputs)
		outputs[0].Shape = []int64{1} // that of one value
	}
	if n > maxRows {
		return nil, fmt.Errorf("outputs[0]: the shape %s has more than %d rows", outputs[0].ShapeText(), maxRows)
	}
	all := make([]generators.Answer, n)
	for i, t := range outputs {
		rows, err := t.Rows(len(all))
		if err != nil {
			return nil, fmt.Errorf("outputs[%d]: %w", i, err)
		}
		for j, row := range rows {
			all[j].Kind = generators.Tensors
			all[j].Tensors = append(all[j].Tensors, row)
		}
	}
	return all, nil
}

// answers are the labels and the probabilities of a response; nil: there are none.
type answers struct {
	classes       []string // labels index them
	width         int      // probabilities in a row
	chosen        string   // the only output that is looked at; "": any
	labels        []int
	probabilities []float32
}

// Names under which servers answer labels and probabilities, in lower case with
// "_" for "-": MLServer's and KServe's scikit-learn and XGBoost runtimes, ONNX
// models that skl2onnx wrote, TorchServe.
var (
	labelNames       = []string{"labels", "class", "classes", "predict", "prediction", "predictions", "predicted_label", "predicted_class", "output_label"}
	probabilityNames = []string{"probabilities", "predict_proba", "proba", "prob", "probs", "predicted_probability", "output_probability"}
)

// numberedOutput is what servers call an output that the model gives no name:
// output-0 (KServe), output__0 (Triton's FIL backend), OUTPUT0.
var numberedOutput = regexp.MustCompile(`^(?i)output[-_]*[0-9]*$`)

// read takes the outputs that are named as here, then those that have another name, and
// of one that is alone, its datatype and shape. What may mean two things is an error.
func (a *answers) read(outputs []generators.Tensor) error {
	var others []generators.Tensor
	for _, t := range outputs {
		var err error
		switch t.Name {
		case Label.Name():
			err = a.readLabels(t)
		case Probability.Name(), Probabilities.Name():
			err = a.readProbabilities(t)
		default:
			others = append(others, t)
		}
		if err != nil {
			return err
		}
	}
	hadLabels, hadProbabilities := a.labels != nil, a.probabilities != nil
	alone := len(others) == 1 && !hadLabels && !hadProbabilities
	for _, t := range others {
		name := strings.ReplaceAll(strings.ToLower(t.Name), "-", "_")
		var err error
		switch {
		case slices.Contains(probabilityNames, name):
			if !hadProbabilities {
				err = a.readProbabilities(t)
			}
		case slices.Contains(labelNames, name), alone && a.hasOneMeaning(t):
			if !hadLabels {
				err = a.readEither(t)
			}
		}
		if err != nil {
			return err
		}
	}
	return a.check(outputs)
}

func (a *answers) check(outputs []generators.Tensor) error {
	switch {
	case a.labels == nil && a.probabilities == nil && a.chosen != "":
		return fmt.Errorf("outputs: %.40q is missing", a.chosen)
	case a.labels == nil && a.probabilities == nil:
		return fmt.Errorf("outputs: want %q or %q, got %s", Label.Name(), Offered(a.width)[1].Name(), described(outputs))
	case a.labels != nil && a.probabilities != nil && len(a.labels) != len(a.probabilities)/a.width:
		return fmt.Errorf("outputs: %d labels but probabilities of %d rows", len(a.labels), len(a.probabilities)/a.width)
	}
	return nil
}

func described(outputs []generators.Tensor) string {
	var list []string
	for _, t := range outputs {
		list = append(list, fmt.Sprintf("%.40q (%s %s)", t.Name, t.Datatype, t.ShapeText()))
	}
	if list == nil {
		return "neither"
	}
	return strings.Join(list, ", ")
}

// hasOneMeaning reports whether an output that is alone says what it holds by its name,
// its datatype or its shape: floating values of an unknown name may be anything, unless
// the scenario names the output.
func (a *answers) hasOneMeaning(t generators.Tensor) bool {
	return a.chosen != "" || !t.Datatype.IsFloat() || a.holdsClasses(t) || numberedOutput.MatchString(t.Name)
}

// holdsClasses reports whether a tensor is [rows, classes].
func (a *answers) holdsClasses(t generators.Tensor) bool {
	return len(t.Shape) == 2 && t.Shape[1] == int64(a.width)
}

// readEither reads an output whose name does not say what it holds: [rows, classes] of a
// floating datatype are probabilities, one value per row is a label. In an output that the
// scenario names, it is the probability of class 1 where there are two.
func (a *answers) readEither(t generators.Tensor) error {
	if t.Datatype.IsFloat() && (a.holdsClasses(t) || a.chosen != "" && a.width == 2) {
		return a.readProbabilities(t)
	}
	return a.readLabels(t)
}

// readLabels takes whole numbers of any datatype, booleans (true is class 1), and
// text that is a class's name or number.
func (a *answers) readLabels(t generators.Tensor) error {
	if a.labels != nil {
		return fmt.Errorf("outputs: %.40q is a second output of labels", t.Name)
	}
	if rows, width := shapeOf(t); width != 1 || rows < 1 {
		return fmt.Errorf("output %.40q: want one label per row, [rows] or [rows,1], got %s", t.Name, t.ShapeText())
	}
	labels := make([]int, 0, t.Len())
	if t.Datatype == generators.BYTES {
		for i, text := range t.Elements() {
			label, err := a.classNamed(string(text))
			if err == nil {
				err = a.checkLabel(float64(label))
			}
			if err != nil {
				return fmt.Errorf("output %.40q[%d]: %w", t.Name, i, err)
			}
			labels = append(labels, label)
		}
	} else {
		for i := range t.Len() {
			v := t.Number(i)
			if err := a.checkLabel(v); err != nil {
				return fmt.Errorf("output %.40q[%d]: %w", t.Name, i, err)
			}
			labels = append(labels, int(v))
		}
	}
	a.labels = labels
	return nil
}

func (a *answers) checkLabel(v float64) error {
	switch most := len(a.classes) - 1; {
	case v != math.Trunc(v):
		return fmt.Errorf("%.4g is not a label; a probability of class 1 is read from an output named %q or %q, or as [rows,2]", v, Probability.Name(), "predict_proba")
	case !(0 <= v && v <= float64(most)):
		return fmt.Errorf("%g is not a label in 0…%d", v, most)
	}
	return nil
}

// classNamed is the class of a name or a number.
func (a *answers) classNamed(text string) (int, error) {
	if i := slices.Index(a.classes, text); i >= 0 {
		return i, nil
	}
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return int(n), nil
	}
	return 0, fmt.Errorf("%.40q is not a label, want one of %q or its number, 0…%d", text, a.classes, len(a.classes)-1)
}

// sumTolerance is by how much the probabilities of a row may miss 1, which FP16
// arithmetic and rounding to a few digits do.
const sumTolerance = 0.01

// readProbabilities takes the probability of each class per row, or of two classes
// that of class 1 alone.
func (a *answers) readProbabilities(t generators.Tensor) error {
	rows, width := shapeOf(t)
	switch {
	case a.probabilities != nil:
		return fmt.Errorf("outputs: %.40q is a second output of probabilities", t.Name)
	case !t.Datatype.IsFloat():
		return fmt.Errorf("output %.40q: a probability is FP32 or FP64, got %s", t.Name, t.Datatype)
	case rows < 1 || width != a.width && !(width == 1 && a.width == 2):
		return fmt.Errorf("output %.40q: want the probabilities of %d classes, [rows,%d], or of two classes that of class 1, [rows] or [rows,1], got %s",
			t.Name, a.width, a.width, t.ShapeText())
	}
	values := make([]float32, 0, rows*a.width)
	for row := range rows {
		sum := 0.0
		for i := row * width; i < (row+1)*width; i++ {
			v := t.Number(i)
			if !(0 <= v && v <= 1) {
				return fmt.Errorf("output %.40q[%d]: %g is not a probability in 0…1", t.Name, i, v)
			}
			if width == 1 {
				values = append(values, float32(1-v))
				sum = 1 - v
			}
			values = append(values, float32(v))
			sum += v
		}
		if math.Abs(sum-1) > sumTolerance {
			return fmt.Errorf("output %.40q: row %d adds up to %.4g, want 1: the probabilities of %d classes", t.Name, row, sum, a.width)
		}
	}
	a.probabilities = values
	return nil
}

// shapeOf is a tensor's shape as rows and values in a row; a width of 0 is none of these.
func shapeOf(t generators.Tensor) (rows, width int) {
	switch len(t.Shape) {
	case 0:
		return 1, 1
	case 1:
		return int(t.Shape[0]), 1
	case 2:
		return int(t.Shape[0]), int(t.Shape[1])
	}
	return 0, 0
}

func (a *answers) list() []generators.Answer {
	all := make([]generators.Answer, max(len(a.labels), len(a.probabilities)/a.width))
	for i := range all {
		all[i].Kind = generators.Class
		if a.probabilities != nil {
			all[i].Probabilities = a.probabilities[i*a.width : (i+1)*a.width : (i+1)*a.width]
		}
		if a.labels != nil {
			all[i].Label = a.labels[i]
		} else {
			all[i].Label = generators.MostLikely(all[i].Probabilities)
		}
	}
	return all
}
