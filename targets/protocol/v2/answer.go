package v2

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/tensors"
)

// answerDecoder reads one infer response.
type answerDecoder struct {
	reader
	classes     []string // labels index them; none: the answers are tensors
	output      string   // the only one to read; "": any
	id          string
	label       column
	probability column   // one for each class, of two classes that of class 1 alone
	others      []tensor // outputs that are named neither label nor probability
	tensors     []generators.Tensor
}

// column is the values of one output tensor.
type column struct {
	found  bool
	values []float64
}

// Decode reads the id, the label and the probabilities, of which one may be missing: the
// label then follows from the probabilities, or the answers hold none. Where no output
// has their names, those that other servers give are known, see guessOutputs. Unknown
// outputs beside them and fields are passed over.
func (c *client) Decode(resp protocol.Response) (protocol.Reply, error) {
	if resp.Header.Get(binaryHeader) != "" {
		return protocol.Reply{}, fmt.Errorf("decode: header %s: the answer holds binary tensors, want JSON", binaryHeader)
	}
	d := answerDecoder{
		reader:  reader{Reader: jsonbody.Reader{Scanner: jsonbody.Scanner{Src: resp.Body}, List: "outputs"}},
		classes: c.schema.Classes,
		output:  c.output,
	}
	d.readDocument()
	var answers []generators.Answer
	if len(d.classes) == 0 {
		answers = d.tensorAnswers()
	} else {
		d.guessOutputs()
		d.checkLengths()
	}
	if err := d.Problem(); err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	if answers == nil {
		answers = d.answers()
	}
	return protocol.Reply{ID: d.id, Answers: answers}, nil
}

func (d *answerDecoder) readDocument() {
	if d.Expect('{', -1, "body") {
		for key := range d.Object {
			switch string(key) {
			case "id":
				d.readID()
			case "outputs":
				d.readOutputs()
			default:
				d.Skip()
			}
		}
	}
	d.ExpectEnd()
}

// readID reads the id, which a server may leave out or, having got none, send as
// null.
func (d *answerDecoder) readID() {
	if d.Peek() == 'n' {
		d.Skip()
	} else if d.Expect('"', -1, "id") {
		d.id = string(d.Text())
	}
}

func (d *answerDecoder) readOutputs() {
	if !d.Expect('[', -1, "outputs") {
		return
	}
	for i := range d.Array {
		if !d.Expect('{', i, "") {
			continue
		}
		t := &d.tensor
		d.readTensor(t, i)
		switch name := string(t.name); {
		case d.output != "" && name != d.output:
		case len(d.classes) == 0:
			d.keepTensor(t)
		case name == tensors.Label.Name():
			d.readLabels(t)
		case name == tensors.Probability.Name(), name == tensors.Probabilities.Name():
			d.readProbabilities(t)
		default:
			d.others = append(d.others, *t)
		}
	}
}

func (d *answerDecoder) checkLengths() {
	if rows := len(d.probability.values) / d.width(); len(d.Faults) == 0 && d.label.found && d.probability.found && len(d.label.values) != rows {
		d.Fault("outputs: %d labels but probabilities of %d rows", len(d.label.values), rows)
	}
}

// width is how many probabilities of a row are kept.
func (d *answerDecoder) width() int {
	if d.binary() {
		return 1
	}
	return len(d.classes)
}

func (d *answerDecoder) classCount() int64 { return int64(len(d.classes)) }

func (d *answerDecoder) binary() bool { return len(d.classes) == 2 }

func (d *answerDecoder) answers() []generators.Answer {
	width := d.width()
	answers := make([]generators.Answer, max(len(d.label.values), len(d.probability.values)/width))
	probabilities := make([]float32, 0, len(d.probability.values)*max(width, 2))
	for i := range answers {
		if d.probability.found {
			start := len(probabilities)
			for _, p := range d.probability.values[i*width : (i+1)*width] {
				if d.binary() {
					probabilities = append(probabilities, float32(1-p))
				}
				probabilities = append(probabilities, float32(p))
			}
			answers[i] = generators.Probable(probabilities[start:len(probabilities):len(probabilities)])
		}
		if d.label.found {
			answers[i].Kind, answers[i].Label = generators.Class, int(d.label.values[i])
		}
	}
	return answers
}

// Names under which servers answer labels and probabilities, in lower case with
// "_" for "-": MLServer's and KServe's scikit-learn and XGBoost runtimes, ONNX
// models that skl2onnx wrote, TorchServe.
var (
	labelNames       = []string{"labels", "class", "classes", "predict", "prediction", "predictions", "predicted_label", "predicted_class", "output_label"}
	probabilityNames = []string{"probabilities", "predict_proba", "proba", "prob", "probs", "predicted_probability", "output_probability"}
)

// guessOutputs looks for a label or a probability that no output is named for among those
// of other names: by the names that servers give them, or, of an output that is
// alone, by its datatype and shape. What may mean two things is a fault; of an
// output that the scenario names, nothing does.
func (d *answerDecoder) guessOutputs() {
	if d.Err != nil || len(d.Faults) > 0 {
		return
	}
	label, probability := d.label.found, d.probability.found
	for i := range d.others {
		switch t := &d.others[i]; {
		case isNamed(t, probabilityNames):
			if !probability {
				d.readProbabilities(t)
			}
		case isNamed(t, labelNames), !label && !probability && len(d.others) == 1 && d.hasOneMeaning(t):
			if !label {
				d.readEither(t)
			}
		}
	}
	switch {
	case d.label.found || d.probability.found || len(d.Faults) > 0:
	case d.output != "":
		d.Fault("outputs: %q is missing", d.output)
	default:
		d.Fault("outputs: want %q or %q, got %s", tensors.Label.Name(), tensors.Offered(len(d.classes))[1].Name(), d.foundOutputs())
	}
}

func isNamed(t *tensor, names []string) bool {
	name := strings.ReplaceAll(strings.ToLower(string(t.name)), "-", "_")
	for _, n := range names {
		if name == n {
			return true
		}
	}
	return false
}

// numberedOutput is what servers call an output that the model gives no name:
// output-0 (KServe), output__0 (Triton's FIL backend), OUTPUT0.
var numberedOutput = regexp.MustCompile(`^(?i)output[-_]*[0-9]*$`)

// hasOneMeaning reports whether an output that is alone says what it holds by its name or
// its datatype: floating values of an unknown name may be anything.
func (d *answerDecoder) hasOneMeaning(t *tensor) bool {
	typ, _ := numericType(t.datatype)
	return d.output != "" || !typ.IsFloat() || t.dims == 2 && t.shape[1] == d.classCount() || numberedOutput.Match(t.name)
}

func (d *answerDecoder) foundOutputs() string {
	if len(d.others) == 0 {
		return "neither"
	}
	var list []string
	for i := range d.others {
		t := &d.others[i]
		list = append(list, fmt.Sprintf("%q (%s %s)", jsonbody.Shorten(t.name), jsonbody.Shorten(t.datatype), t.shapeText()))
	}
	return strings.Join(list, ", ")
}

// readEither reads an output whose name does not say what it holds: [rows, classes] of a
// floating datatype are probabilities, one value per row is a label. In an output that the
// scenario names, it is the probability of class 1 where there are two.
func (d *answerDecoder) readEither(t *tensor) {
	typ, _ := numericType(t.datatype)
	if typ.IsFloat() && (t.dims == 2 && t.shape[1] == d.classCount() || d.output != "" && d.binary()) {
		d.readProbabilities(t)
		return
	}
	d.readLabels(t)
}

// readLabels takes whole numbers of any datatype, booleans (true is class 1), and
// text that is a class's name or number.
func (d *answerDecoder) readLabels(t *tensor) {
	most := float64(len(d.classes) - 1)
	typ, known := numericType(t.datatype)
	switch {
	case string(t.datatype) == "BYTES":
		typ = elementType{generators.BYTES, d.classes}
	case !known:
		d.Fault("outputs[%d].datatype: a label is a whole number, a boolean or a class's name as BYTES, got %q", t.index, jsonbody.Shorten(t.datatype))
		return
	}
	if !d.readColumn(&d.label, t, typ, 1) {
		return
	}
	for i, v := range d.label.values {
		switch {
		case typ.IsFloat() && v != math.Trunc(v):
			d.Fault("outputs[%d].data[%d]: output %q holds %.4g, which is no label; a probability of class 1 is read from an output named %q or %q, or as [rows,2], those of class 0 and 1",
				t.index, i, jsonbody.Shorten(t.name), v, tensors.Probability.Name(), "predict_proba")
			return
		case !(0 <= v && v <= most):
			d.Fault("outputs[%d].data[%d]: %g is not a label in 0…%g", t.index, i, v, most)
		}
	}
}

// sumTolerance is by how much the probabilities of a row may miss 1, which FP16
// arithmetic and rounding to a few digits do.
const sumTolerance = 0.01

// readProbabilities takes the probability of each class per row, or of two classes
// that of class 1 alone.
func (d *answerDecoder) readProbabilities(t *tensor) {
	typ, _ := numericType(t.datatype)
	if !typ.IsFloat() {
		d.Fault("outputs[%d].datatype: a probability is FP32 or FP64, got %q", t.index, jsonbody.Shorten(t.datatype))
		return
	}
	width := d.width()
	if d.binary() && t.dims == 2 && t.shape[1] == 2 {
		width = 2
	}
	if !d.readColumn(&d.probability, t, typ, width) {
		return
	}
	values := d.probability.values
	for i, v := range values {
		if !(0 <= v && v <= 1) {
			d.Fault("outputs[%d].data[%d]: %g is not a probability in 0…1", t.index, i, v)
		}
	}
	if width == 1 || len(d.Faults) > 0 {
		return
	}
	rows := len(values) / width
	for i := range rows {
		row := values[i*width : (i+1)*width]
		if sum := sumOf(row); math.Abs(sum-1) > sumTolerance {
			d.Fault("outputs[%d].data: row %d of %q is %s, which does not add up to 1: want the probabilities of %s", t.index, i, jsonbody.Shorten(t.name), listed(row), d.classText())
			return
		}
		if d.binary() {
			values[i] = row[1]
		}
	}
	d.probability.values = values[:rows*d.width()]
}

func sumOf(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}

// listed shows the first values of a row.
func listed(row []float64) string {
	const most = 4
	var parts []string
	for _, v := range row[:min(len(row), most)] {
		parts = append(parts, fmt.Sprintf("%.4g", v))
	}
	if len(row) > most {
		parts = append(parts, "…")
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (d *answerDecoder) classText() string {
	if d.binary() {
		return "class 0 and 1"
	}
	return fmt.Sprintf("the %d classes", len(d.classes))
}

// readColumn fills the column with the tensor's values, width in a row. A shape without
// dimensions is that of one value.
func (d *answerDecoder) readColumn(c *column, t *tensor, typ elementType, width int) bool {
	if t.shaped && t.dims == 0 {
		t.dims, t.shape[0] = 1, 1
	}
	before := len(d.Faults)
	switch {
	case c.found:
		d.Fault("outputs[%d].name: %q is a second output of its kind", t.index, jsonbody.Shorten(t.name))
	case !t.shaped:
		d.Fault("outputs[%d].shape: missing", t.index)
	case t.dims > 2 || t.dims == 1 && width != 1 || t.dims == 2 && t.shape[1] != int64(width) || t.shape[0] < 1:
		want := "one label per row, [rows] or [rows,1]"
		if typ.IsFloat() {
			want = "one value per row, [rows] or [rows,1], or the probabilities of class 0 and 1, [rows,2]"
			if !d.binary() {
				want = fmt.Sprintf("one label per row, [rows] or [rows,1], or the probabilities of the %d classes, [rows,%d]", len(d.classes), len(d.classes))
			}
		}
		d.Fault("outputs[%d].shape: want %s; %q is %s", t.index, want, jsonbody.Shorten(t.name), t.shapeText())
	default:
		c.found = true
		c.values = readData(&d.reader, t, typ, int(t.shape[0]), width, c.values)
	}
	return len(d.Faults) == before
}
