package monitor

import (
	"bufio"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"servebench/generators"
	"servebench/reports/record"
	"servebench/scenarios/corpus"

	"github.com/go-json-experiment/json/jsontext"
)

// File is a file of the log.
type File struct {
	io.WriteCloser
	Name string
}

const (
	// fileSize is how long a file of the log grows before the next is begun, and mostFiles how many
	// of them are kept, the latest.
	fileSize  = 64 << 20
	mostFiles = 16
)

// log writes predictions and outcomes as JSON lines. It is for one goroutine. After the first error
// nothing more is written.
type log struct {
	cfg      Config
	names    []string // of the files that are left
	dropped  int
	made     int
	file     io.Closer
	buffer   *bufio.Writer
	most     int64 // bytes of a file
	size     int64 // of the file so far
	line     []byte
	written  int64 // predictions
	features []field
	// hidden fields are left out.
	hidesPrediction, hidesOutcome bool
	err                           error
}

// field is a feature as a line names it.
type field struct {
	hidden     bool
	name       []byte   // in quotes, with a colon
	categories [][]byte // in quotes; nil of a number
}

func newLog(cfg Config) *log {
	l := &log{
		cfg: cfg, most: fileSize,
		hidesPrediction: slices.Contains(cfg.Sensitive, record.FieldPrediction),
		hidesOutcome:    slices.Contains(cfg.Sensitive, record.FieldOutcome),
	}
	for _, f := range cfg.Schema.Features {
		l.features = append(l.features, newField(f, slices.Contains(cfg.Sensitive, f.Name)))
	}
	return l
}

func newField(f generators.Feature, hidden bool) field {
	out := field{hidden: hidden, name: append(quote(nil, f.Name), ':')}
	for _, c := range f.Categories {
		out.categories = append(out.categories, quote(nil, c))
	}
	return out
}

// quote appends a text as JSON. What is no UTF-8 is replaced.
func quote(to []byte, text string) []byte {
	to, _ = jsontext.AppendQuote(to, text) // which says no more than that something was replaced
	return to
}

// prediction logs what was answered to an example, and returns its number, by which its outcome is
// found:
//
//	{"id":17,"at_s":3.214567,"request":"servebench-12","features":{"salary":50000},"prediction":"approve"}
func (l *log) prediction(at time.Duration, request string, features []float32, p corpus.Prediction) (id int64) {
	id = l.written
	l.written++
	l.begin(id, at)
	if request != "" {
		l.line = quote(append(l.line, `,"request":`...), request)
	}
	if features != nil {
		l.addFeatures(features)
	}
	if !l.hidesPrediction {
		l.line = append(l.line, `,"prediction":`...)
		l.addText(p.Text)
	}
	l.end()
	return id
}

// outcome logs what became known of a prediction:
//
//	{"id":17,"at_s":8.214567,"outcome":"deny","correct":false}
func (l *log) outcome(o outcome) {
	l.begin(o.prediction, o.at)
	if !l.hidesOutcome {
		l.line = append(l.line, `,"outcome":`...)
		l.addText(o.outcome)
		l.line = strconv.AppendBool(append(l.line, `,"correct":`...), o.correct)
	}
	l.end()
}

func (l *log) begin(id int64, at time.Duration) {
	l.line = strconv.AppendInt(append(l.line[:0], `{"id":`...), id, 10)
	l.line = strconv.AppendFloat(append(l.line, `,"at_s":`...), at.Seconds(), 'f', 6, 64)
}

func (l *log) addFeatures(values []float32) {
	l.line = append(l.line, `,"features":{`...)
	first := true
	for i, v := range values {
		if i >= len(l.features) || l.features[i].hidden {
			continue
		}
		if !first {
			l.line = append(l.line, ',')
		}
		first = false
		l.line = append(l.line, l.features[i].name...)
		categories := l.features[i].categories
		switch n := float64(v); {
		case math.IsNaN(n) || math.IsInf(n, 0): // missing, or what JSON cannot write
			l.line = append(l.line, "null"...)
		case n >= 0 && n < float64(len(categories)):
			l.line = append(l.line, categories[int(n)]...)
		default:
			l.line = strconv.AppendFloat(l.line, n, 'g', -1, 32)
		}
	}
	l.line = append(l.line, '}')
}

func (l *log) addText(text string) {
	if l.cfg.Redact != nil {
		text = l.cfg.Redact(text)
	}
	l.line = quote(l.line, text)
}

func (l *log) end() {
	l.line = append(l.line, '}', '\n')
	if l.err != nil {
		return
	}
	if l.file == nil || l.size+int64(len(l.line)) > l.most {
		if l.err = l.rotate(); l.err != nil {
			return
		}
	}
	l.size += int64(len(l.line))
	_, l.err = l.buffer.Write(l.line)
}

// rotate begins the next file, and removes the first where there are too many.
func (l *log) rotate() error {
	if err := l.closeFile(); err != nil {
		return err
	}
	l.made++
	file, err := l.cfg.Create(l.made)
	if err != nil {
		return err
	}
	l.file, l.size = file, 0
	if l.names = append(l.names, file.Name); l.buffer == nil {
		l.buffer = bufio.NewWriterSize(file, 64<<10)
	} else {
		l.buffer.Reset(file)
	}
	if len(l.names) <= mostFiles {
		return nil
	}
	err = l.cfg.Remove(l.names[0])
	l.names = l.names[1:]
	l.dropped++
	return err
}

func (l *log) flush() {
	if l.err == nil && l.buffer != nil {
		l.err = l.buffer.Flush()
	}
}

func (l *log) closeFile() error {
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.buffer.Flush(), l.file.Close())
	l.file = nil
	return err
}

func (l *log) close() {
	if err := l.closeFile(); l.err == nil {
		l.err = err
	}
}

// failure says why the log is incomplete; "": it is not.
func (l *log) failure() string {
	if l.err == nil {
		return ""
	}
	return l.err.Error()
}
