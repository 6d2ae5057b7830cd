package corpus

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/reports/record"
)

// labels are all that a file holds, to find out answers that can equal none of them. It
// is safe for concurrent use.
type labels struct {
	comparison
	column datafile.Column

	mu    sync.Mutex
	known map[string]bool // whether an answer equals any, by its text
}

// mostKnown bounds the answers that are remembered. Where there are more, they are values
// that can hardly be unlike all labels.
const mostKnown = 1000

func newLabels(c comparison, records *datafile.Examples) *labels {
	column, ok := records.Label()
	if !ok {
		return nil
	}
	return &labels{comparison: c, column: column, known: map[string]bool{}}
}

// unlike reports whether an answer that does not equal its label equals none of the file.
func (l *labels) unlike(label, got generators.Answer) bool {
	if l == nil {
		return false
	}
	if l.classes != nil {
		class, ok := l.labelIn(got)
		if got.Kind == generators.Class {
			class, ok = got.Label, true
		}
		return !ok || class >= len(l.classes)
	}
	if l.column.Distinct == nil { // too many, or lists
		of, kind := kindOf(label), kindOf(got)
		return of != kind && (of == record.KindNumber || of == record.KindText) && kind != record.KindOther
	}
	value, isText := jsonOf(got)
	key := got.Value.Text
	if got.Kind == generators.Tensors {
		text, err := json.Marshal(value)
		if err != nil { // of numbers that JSON does not have
			return false
		}
		key = string(text)
	}
	key = strconv.FormatBool(isText) + key
	l.mu.Lock()
	defer l.mu.Unlock()
	like, known := l.known[key]
	if !known {
		if len(l.known) == mostKnown || len(key) > maxKey {
			return false
		}
		like = l.equalsAny(got, label.Value.JSON)
		l.known[key] = like
	}
	return !like
}

// maxKey bounds the answers that are compared with every label, in bytes.
const maxKey = 1 << 10

func (l *labels) equalsAny(got generators.Answer, isJSON bool) bool {
	return slices.ContainsFunc(l.column.Distinct, func(text string) bool {
		return l.agrees(generators.Answer{Kind: generators.Text, Value: generators.Value{Text: text, JSON: isJSON}}, got)
	})
}

// pair shows an answer and the label that it was compared with.
func (c comparison) pair(label, got generators.Answer) record.Unlike {
	p := record.Unlike{Answer: brief(c.describe(got)), AnswerKind: kindOf(got)}
	if label.Kind != generators.Class {
		p.Label, p.LabelKind = brief(c.describe(label)), kindOf(label)
		return p
	}
	p.Label, p.LabelKind = brief(strconv.Quote(strconv.Itoa(label.Label))), record.KindClass
	if label.Label < len(c.classes) {
		p.Label = brief(strconv.Quote(c.classes[label.Label]))
	}
	return p
}

// maxBrief bounds how much is shown of an answer and a label that may be a person's.
const maxBrief = 40

func brief(text string) string {
	if runes := []rune(text); len(runes) > maxBrief {
		return string(runes[:maxBrief]) + "…"
	}
	return text
}

func kindOf(a generators.Answer) string {
	if a.Kind == generators.Class {
		return record.KindClass
	}
	value, _ := jsonOf(a)
	value = single(value)
	if _, ok := number(value); ok {
		return record.KindNumber
	}
	switch value.(type) {
	case string:
		return record.KindText
	case []any:
		return record.KindList
	}
	return record.KindOther
}
