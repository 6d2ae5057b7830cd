// Package predictions writes down what a model predicted, and the outcomes that become known
// later, as JSON lines in files of a bounded size. The load generator does it for the server that
// it asks, and the reference server for itself.
package predictions

import (
	"bufio"
	"errors"
	"io"
	"slices"
)

// The fields of a line, beside those of the features, that can be Config.Sensitive.
const (
	Prediction = "prediction"
	Outcome    = "outcome" // and whether the prediction was correct
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

// Config is what a log works with.
type Config struct {
	// Create makes the next file, by its number from 1; Remove removes one by its name.
	Create func(part int) (File, error)
	Remove func(name string) error
	// Names are files that are there already, the oldest first; they count as the log's.
	Names []string
	// Sensitive names features, Prediction and Outcome, which are left out.
	Sensitive []string
	// Redact takes the secrets out of a text; nil: there are none.
	Redact func(string) string
}

// Log writes predictions and outcomes. It is for one goroutine. After the first error nothing more
// is written. What is not flushed is lost when the program is killed: up to 64 KiB.
type Log struct {
	cfg     Config
	names   []string // of the files that are left
	dropped int
	made    int
	file    io.Closer
	buffer  *bufio.Writer
	most    int64 // bytes of a file
	size    int64 // of the file so far
	line    []byte
	// hidden fields are left out.
	hidesPrediction, hidesOutcome bool
	err                           error
}

// New returns a log, which makes its first file with the first line.
func New(cfg Config) *Log {
	return &Log{
		cfg: cfg, names: slices.Clone(cfg.Names), most: fileSize,
		hidesPrediction: slices.Contains(cfg.Sensitive, Prediction),
		hidesOutcome:    slices.Contains(cfg.Sensitive, Outcome),
	}
}

// Prediction logs what was predicted for a row of features, nil where there is none. The head is
// the beginning of the line, members of an object with what the outcome is found by:
//
//	{"id":17,"at_s":3.214567,"features":{"salary":50000},"prediction":"approve"}
func (l *Log) Prediction(head []byte, c Columns, features []float32, prediction string) {
	l.begin(head)
	if features != nil {
		l.line = c.appendTo(l.line, features)
	}
	if !l.hidesPrediction {
		l.line = append(l.line, `,"prediction":`...)
		l.addText(prediction)
	}
	l.end()
}

// Outcome logs what became known of a prediction, and whether that was correct; nil where it is
// neither, as the value of a regression:
//
//	{"id":17,"at_s":8.214567,"outcome":"deny","correct":false}
func (l *Log) Outcome(head []byte, outcome string, correct *bool) {
	l.begin(head)
	if !l.hidesOutcome {
		l.line = append(l.line, `,"outcome":`...)
		l.addText(outcome)
		switch {
		case correct == nil:
		case *correct:
			l.line = append(l.line, `,"correct":true`...)
		default:
			l.line = append(l.line, `,"correct":false`...)
		}
	}
	l.end()
}

func (l *Log) begin(head []byte) { l.line = append(append(l.line[:0], '{'), head...) }

func (l *Log) addText(text string) {
	if l.cfg.Redact != nil {
		text = l.cfg.Redact(text)
	}
	l.line = AppendText(l.line, text)
}

func (l *Log) end() {
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
func (l *Log) rotate() error {
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
	for len(l.names) > mostFiles {
		if err := l.cfg.Remove(l.names[0]); err != nil {
			return err
		}
		l.names = l.names[1:]
		l.dropped++
	}
	return nil
}

// Flush hands what is written to the operating system.
func (l *Log) Flush() {
	if l.err == nil && l.buffer != nil {
		l.err = l.buffer.Flush()
	}
}

func (l *Log) closeFile() error {
	if l.file == nil {
		return nil
	}
	err := errors.Join(l.buffer.Flush(), l.file.Close())
	l.file = nil
	return err
}

// Close flushes and closes the file.
func (l *Log) Close() {
	if err := l.closeFile(); l.err == nil {
		l.err = err
	}
}

// Names are those of the files that are left, the oldest first.
func (l *Log) Names() []string { return slices.Clone(l.names) }

// Dropped is how many files were removed.
func (l *Log) Dropped() int { return l.dropped }

// Failure says why the log is incomplete; "": it is not.
func (l *Log) Failure() string {
	if l.err == nil {
		return ""
	}
	return l.err.Error()
}
