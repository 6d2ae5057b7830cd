package template

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"servebench/generators"

	"github.com/go-json-experiment/json/jsontext"
)

// pattern is a text of the request with placeholders, compiled once: stretches that
// are the same in every request, and between them columns of the data.
type pattern []part

// part is a stretch of a pattern. One without a write is its text.
type part struct {
	text   string // or the name of the column
	column int    // of the schema, as columns counts them
	write  writer
}

// writer appends a value as it has to be written where its placeholder stands, or says
// why it cannot be written there.
type writer func(dst []byte, v generators.Value) ([]byte, error)

const (
	opening = "{{"
	closing = "}}"
	literal = "{{{{" // stands for {{
)

// flaw is what is wrong with a placeholder.
type flaw struct{ problem, want, unknown string }

// split cuts a text at its placeholders. Their parts have no writer yet, and a column of -1.
func split(text string) (p pattern, flaws []flaw) {
	var fixed strings.Builder
	keep := func() {
		if fixed.Len() > 0 {
			p = append(p, part{text: fixed.String(), column: fixedText})
			fixed.Reset()
		}
	}
	for rest := text; ; {
		before, after, found := strings.Cut(rest, opening)
		fixed.WriteString(before)
		if !found {
			keep()
			return p, flaws
		}
		if strings.HasPrefix(after, opening) {
			fixed.WriteString(opening)
			rest = after[len(opening):]
			continue
		}
		name, behind, closed := strings.Cut(after, closing)
		at := strconv.Itoa(1 + len([]rune(text[:len(text)-len(after)-len(opening)])))
		switch name = strings.TrimSpace(name); {
		case !closed:
			return nil, append(flaws, flaw{problem: "the {{ at character " + at + " is not closed", want: "{{column}}, or {{{{ for the two characters themselves"})
		case name == "":
			flaws = append(flaws, flaw{problem: "the placeholder at character " + at + " names no column", want: "{{column}}, or {{{{ for the two characters themselves"})
		}
		keep()
		p = append(p, part{text: name, column: unresolved})
		rest = behind
	}
}

// What part.column says of a part that stands for no column.
const (
	fixedText  = -1
	unresolved = -2
)

// compile cuts a text at its placeholders and looks up their columns. placed gives each
// part that stands for a column its writer.
func compile(text string, columns []string, place func(p pattern) *flaw) (pattern, []flaw) {
	p, flaws := split(text)
	index := map[string]int{}
	for i, name := range columns {
		index[name] = i
	}
	for i := range p {
		if p[i].column == fixedText {
			continue
		}
		column, ok := index[p[i].text]
		switch {
		case ok:
			p[i].column = column
		case len(columns) == 0:
			flaws = append(flaws, flaw{problem: fmt.Sprintf("{{%s}} stands for a column, and there is no data", p[i].text), want: "the key data with a file or a generator, or {{{{ for two braces"})
		case p[i].text != "":
			flaws = append(flaws, flaw{problem: fmt.Sprintf("the data has no column %q", p[i].text), unknown: p[i].text})
		}
	}
	if f := place(p); f != nil {
		flaws = append(flaws, *f)
	}
	return p, flaws
}

// isFixed reports whether the pattern is the same in every request.
func (p pattern) isFixed() bool {
	for _, part := range p {
		if part.column != fixedText {
			return false
		}
	}
	return true
}

// appendTo appends the pattern with the values of an example.
func (p pattern) appendTo(dst []byte, values []generators.Value) ([]byte, error) {
	for _, part := range p {
		if part.column == fixedText {
			dst = append(dst, part.text...)
			continue
		}
		var err error
		if dst, err = part.write(dst, values[part.column]); err != nil {
			return nil, fmt.Errorf("column %s: %w", part.text, err)
		}
	}
	return dst, nil
}

// placeEach gives every placeholder the same writer.
func placeEach(w writer) func(pattern) *flaw {
	return func(p pattern) *flaw {
		for i := range p {
			if p[i].column != fixedText {
				p[i].write = w
			}
		}
		return nil
	}
}

// placeInPath has values escaped as segments of a path, and behind the question mark as
// parts of a query. One that the path begins with is a path itself, query included.
func placeInPath(p pattern) *flaw {
	w := writeSegment
	for i := range p {
		switch {
		case p[i].column == fixedText:
			if strings.Contains(p[i].text, "?") {
				w = writeQuery
			}
		case i == 0:
			p[i].write = writePlain
		default:
			p[i].write = w
		}
	}
	return nil
}

// placeInJSON has values written as JSON: within a string literal escaped, elsewhere as
// values. The flaw says why the text is no JSON whatever its placeholders stand for.
func placeInJSON(p pattern) *flaw {
	inside, escaped := false, false
	for i := range p {
		if p[i].column == fixedText {
			inside, escaped = scanLiterals(p[i].text, inside, escaped)
			continue
		}
		p[i].write = writeValue
		if inside {
			p[i].write = writeInLiteral
		}
		if escaped {
			return &flaw{problem: fmt.Sprintf("{{%s}} stands behind a backslash", p[i].text), want: `\\ before it, or no backslash`}
		}
	}
	for _, sample := range []string{"0", `""`} {
		text := p.withSample(sample)
		var into any
		if err := json.Unmarshal(text, &into); err != nil {
			want := "JSON, with placeholders where a value may stand or within quotes, or a header field Content-Type of another format"
			return &flaw{problem: "the body is not JSON: " + err.Error(), want: want}
		}
	}
	return nil
}

// scanLiterals reports whether a stretch of JSON ends within a string literal, and behind
// a backslash in it, when it begins so.
func scanLiterals(text string, inside, escaped bool) (bool, bool) {
	for i := range len(text) {
		switch {
		case escaped:
			escaped = false
		case inside && text[i] == '\\':
			escaped = true
		case text[i] == '"':
			inside = !inside
		}
	}
	return inside, escaped
}

// withSample is the text with a sample for every value of JSON, and nothing within
// string literals.
func (p pattern) withSample(sample string) (text []byte) {
	inside, escaped := false, false
	for _, part := range p {
		switch {
		case part.column == fixedText:
			text = append(text, part.text...)
			inside, escaped = scanLiterals(part.text, inside, escaped)
		case !inside:
			text = append(text, sample...)
		}
	}
	return text
}

func writePlain(dst []byte, v generators.Value) ([]byte, error) {
	return append(dst, v.Plain()...), nil
}

func writeSegment(dst []byte, v generators.Value) ([]byte, error) {
	return append(dst, url.PathEscape(v.Plain())...), nil
}

func writeQuery(dst []byte, v generators.Value) ([]byte, error) {
	return append(dst, url.QueryEscape(v.Plain())...), nil
}

// writeInLiteral appends the value's text as it stands within a JSON string. Bytes that
// are not UTF-8 become U+FFFD.
func writeInLiteral(dst []byte, v generators.Value) ([]byte, error) {
	start := len(dst)
	dst, _ = jsontext.AppendQuote(dst, v.Plain()) // the error tells of bytes that are not UTF-8
	return append(dst[:start], dst[start+1:len(dst)-1]...), nil
}

// writeValue appends a value of JSON: one as it is written, and of a cell's text the
// number or the truth value that it is, null where the cell is empty, or a string.
func writeValue(dst []byte, v generators.Value) ([]byte, error) {
	switch text := v.Text; {
	case v.JSON && text != "":
		return append(dst, text...), nil
	case text == "":
		return append(dst, "null"...), nil
	case text == "true", text == "false", isNumber(text):
		return append(dst, text...), nil
	case text == "True", text == "False": // as Python and its libraries write them
		return append(dst, strings.ToLower(text)...), nil
	}
	dst, _ = jsontext.AppendQuote(dst, v.Text)
	return dst, nil
}

// isNumber reports whether a text is a number of JSON, which has no leading zeros.
func isNumber(text string) bool {
	return (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && json.Valid([]byte(text))
}
