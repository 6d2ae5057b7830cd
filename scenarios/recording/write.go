package recording

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// templateField is the name of a header field that a template may have.
var templateField = regexp.MustCompile(`^[A-Z][A-Za-z0-9_-]*$`)

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

// columnOf is what a header field is called in the file of requests: header_content_type.
func columnOf(field string, taken []string) string {
	name := "header_" + strings.Trim(notWord.ReplaceAllString(strings.ToLower(field), "_"), "_")
	for n := 2; slices.Contains(taken, name); n++ {
		name = fmt.Sprintf("%s_%d", strings.TrimRight(name, "_0123456789"), n)
	}
	return name
}

// line writes a request as one line of JSON.
func (p *plan) line(r *Request) []byte {
	if r.Inputs != nil {
		return p.tensorLine(r)
	}
	b := appendString([]byte(`{"method":`), r.Method)
	b = appendString(append(b, `,"path":`...), r.Target)
	for i, name := range p.varying {
		b = append(b, ',')
		b = append(appendString(b, p.columns[i]), ':')
		b = appendString(b, r.header(name))
	}
	b = []byte(p.inFile.Replace(p.literal.Replace(string(b))))
	head := len(b)
	if p.bodies > 0 {
		b = appendBytes(append(b, `,"body":`...), r.Body)
	}
	if r.Status > 0 {
		b = strconv.AppendInt(append(b, `,"status":`...), int64(r.Status), 10)
	}
	if p.compare {
		b = p.appendAnswer(append(b, `,"expect":`...), r.Answer)
	}
	return append(append(b[:head], p.literal.Replace(string(b[head:]))...), '}', '\n')
}

// appendAnswer appends an answer that is compared, null where none was recorded.
func (p *plan) appendAnswer(b, answer []byte) []byte {
	switch {
	case answer == nil:
		return append(b, "null"...)
	case p.jsonAnswer:
		compact, err := jsontext.AppendFormat(nil, bytes.TrimSpace(answer), asWritten...)
		if err == nil {
			return append(b, compact...)
		}
	}
	return appendBytes(b, bytes.TrimRight(answer, "\r\n")) // as answers are read
}

func (p *plan) tensorLine(r *Request) []byte {
	b := []byte{'{'}
	for _, t := range r.Inputs {
		b = append(appendString(b, t.Name), ':')
		b = append(append(b, p.shaped(t)...), ',')
	}
	if len(p.outputs) > 0 {
		b = append(appendString(b, p.expectColumn()), ':')
		b = append(p.appendOutputs(b, r.Outputs), ',')
	}
	b[len(b)-1] = '}'
	return append(b, '\n')
}

// appendOutputs appends the tensors of a right answer: the only one that there is as it
// is, others by their names.
func (p *plan) appendOutputs(b []byte, outputs []Tensor) []byte {
	switch {
	case len(outputs) == 0:
		return append(b, "null"...)
	case len(p.outputs) == 1:
		return append(b, outputs[0].nested()...)
	}
	b = append(b, '{')
	for i, t := range outputs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(appendString(b, t.Name), ':'), t.nested()...)
	}
	return append(b, '}')
}

// shaped is the data of an input, nested where the shape is not the same in all requests.
func (p *plan) shaped(t Tensor) jsontext.Value {
	i := slices.IndexFunc(p.inputs, func(in inputTensor) bool { return in.name == t.Name })
	if !slices.Contains(p.inputs[i].shape, -1) {
		return t.Data
	}
	return t.nested()
}

// nested is the data as lists within lists.
func (t Tensor) nested() jsontext.Value {
	if t.kind == 'r' || len(t.Shape) < 2 {
		return t.Data
	}
	var parts []jsontext.Value
	_ = json.Unmarshal(t.Data, &parts, asWritten...) // of a list that this package wrote
	for _, size := range slices.Backward(t.Shape) {
		var lists []jsontext.Value
		for elements := range slices.Chunk(parts, int(size)) {
			list := []byte{'['}
			for _, element := range elements {
				list = append(append(list, element...), ',')
			}
			list[len(list)-1] = ']'
			lists = append(lists, list)
		}
		parts = lists
	}
	return parts[0]
}

// expectColumn is the field that right answers stand in, beside those of the inputs.
func (p *plan) expectColumn() string {
	name := "expect"
	for p.tensors[name] != nil {
		name += "_"
	}
	return name
}

func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, strings.ToValidUTF8(s, "\ufffd")) // which fails on other text alone
	return b
}

// appendBytes appends text, or what stands for other bytes.
func appendBytes(b, content []byte) []byte {
	if utf8.Valid(content) {
		return appendString(b, string(content))
	}
	return appendBase64(b, content)
}

func appendBase64(b, content []byte) []byte {
	b = append(b, `{"b64":"`...)
	return append(base64.StdEncoding.AppendEncode(b, content), `"}`...)
}

// window is how many bytes of requests are held to bring them into the order of their
// times: access logs are written when requests end.
const window = 12 << 20

// sorter writes requests in the order of their times.
type sorter struct {
	requests *bufio.Writer
	times    *timesWriter // nil: without
	held     []arrival
	bytes    int
	last     time.Time // of what is written
	number   int
	late     int // beyond the window: they are written at the time of the one before
}

type arrival struct {
	at   time.Time
	line []byte
}

func (a arrival) size() int { return cap(a.line) + 64 }

func (s *sorter) add(at time.Time, line []byte) error {
	a := arrival{at, line}
	s.number++
	s.held = append(s.held, a)
	if s.bytes += a.size(); s.bytes > window {
		return s.write(window / 2)
	}
	return nil
}

// write writes the first of the requests that are held, down to so many bytes of them.
// Those of one time stay as they were recorded.
func (s *sorter) write(rest int) error {
	slices.SortStableFunc(s.held, func(a, b arrival) int { return a.at.Compare(b.at) })
	written := 0
	for ; written < len(s.held) && s.bytes > rest; written++ {
		a := s.held[written]
		s.bytes -= a.size()
		if a.at.Before(s.last) {
			s.late++
			a.at = s.last
		}
		s.last = a.at
		if s.times != nil {
			if err := s.times.add(a.at); err != nil {
				return err
			}
		}
		if _, err := s.requests.Write(a.line); err != nil {
			return err
		}
	}
	s.held = slices.Delete(s.held, 0, written)
	return nil
}

func (s *sorter) finish() error {
	if err := s.write(0); err != nil {
		return err
	}
	if s.times != nil {
		if err := s.times.finish(); err != nil {
			return err
		}
	}
	return s.requests.Flush()
}

// timesWriter writes a trace for package arrivals: seconds from the first time or, where
// only whole seconds were recorded, how many requests there were in each.
type timesWriter struct {
	to     *bufio.Writer
	first  time.Time
	whole  bool
	second int64 // that is counted
	count  int
}

func newTimesWriter(to io.Writer, first time.Time, whole bool) (*timesWriter, error) {
	w := &timesWriter{to: bufio.NewWriter(to), first: first, whole: whole}
	what := "The times of arrival in seconds from "
	if whole {
		what = "How many requests arrived in each second from "
	}
	_, err := fmt.Fprintf(w.to, "# %s%s\n", what, first.Format(time.RFC3339Nano))
	return w, err
}

func (w *timesWriter) add(at time.Time) error {
	since := at.Sub(w.first)
	if !w.whole {
		_, err := fmt.Fprintf(w.to, "%.9f\n", since.Seconds())
		return err
	}
	for second := int64(since / time.Second); w.second < second; w.second++ {
		if err := w.writeCount(); err != nil {
			return err
		}
	}
	w.count++
	return nil
}

func (w *timesWriter) writeCount() error {
	_, err := fmt.Fprintln(w.to, w.count)
	w.count = 0
	return err
}

func (w *timesWriter) finish() error {
	if w.whole {
		if err := w.writeCount(); err != nil {
			return err
		}
	}
	return w.to.Flush()
}
