package decode

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/invopop/jsonschema"
)

// Scalar is a kind of single values.
type Scalar struct {
	Label string // in the reference: "duration"
	Want  string // in a fault: "a duration with its unit, such as 10s"
	// Read returns the value, as the field's type or one that converts to it, or says
	// what is wrong with it.
	Read func(n *Node) (any, *Flaw)
	// Write returns the value as the YAML encoder takes it; nil: as it is, and texts as
	// Text does.
	Write func(v any) any
	// Schema describes what Read takes, as far as a schema can.
	Schema jsonschema.Schema
	// HandedOn says that the values are handed on as they are, for Source.Texts.
	HandedOn bool
}

// Choice is one of the names that a value may be.
type Choice struct {
	Name string
	Doc  string // one sentence; "" where the name says it all
}

// Text are values as they are written, so that a number needs no quotes. check says
// what is wrong with one; nil: nothing ever is.
func Text(want string, check func(n *Node) *Flaw) Scalar {
	return Scalar{
		Label: "text", Want: want, HandedOn: true,
		Schema: jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}},
		Read: func(n *Node) (any, *Flaw) {
			if !Visible(n.Text, "\n\t") {
				return "", &Flaw{Problem: n.String() + " holds control characters"}
			}
			if check != nil {
				return n.Text, check(n)
			}
			return n.Text, nil
		},
	}
}

// Words are texts that say something; want says what.
func Words(want string) Scalar {
	return Text(want, func(n *Node) *Flaw {
		if n.Text == "" {
			return &Flaw{Problem: "the text is empty"}
		}
		return nil
	})
}

// Prose are texts as a reader of YAML sees them: what looks like a number or a truth
// needs quotes. check says what is wrong with one, and pattern what it matches.
func Prose(label, want, pattern string, check func(n *Node) *Flaw) Scalar {
	s := Text(want, check)
	s.Label = label
	s.Schema = jsonschema.Schema{Type: "string", Pattern: pattern}
	read := s.Read
	s.Read = func(n *Node) (any, *Flaw) {
		if n.style == number || n.style == boolean {
			return "", &Flaw{n.Text + " is not text", fmt.Sprintf("it in quotes: %q", n.Text)}
		}
		return read(n)
	}
	return s
}

// Matching are such texts that match a pattern; problem is what is said of others.
func Matching(label, want, pattern, problem string) Scalar {
	matches := regexp.MustCompile(pattern).MatchString
	return Prose(label, want, pattern, func(n *Node) *Flaw {
		if !matches(n.Text) {
			return &Flaw{Problem: n.String() + problem}
		}
		return nil
	})
}

// Visible reports whether a text can be shown and handed to a process: it holds no
// control characters but those allowed.
func Visible(text, allowed string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		return unicode.IsControl(c) && !strings.ContainsRune(allowed, c)
	})
}

// OneName is one name out of a list; noun says what they name. One that is a number may be
// in quotes or not.
func OneName(noun string, names []string) Scalar {
	schema := jsonschema.Schema{Type: "string"}
	for _, name := range names {
		schema.Enum = append(schema.Enum, name)
	}
	for _, name := range names {
		if IsNumber(name) {
			schema.Type, schema.Enum = "", append(schema.Enum, json.Number(name))
		}
	}
	return Scalar{
		Label: OneOf(names), Want: OneOf(names), Schema: schema,
		Read: func(n *Node) (any, *Flaw) {
			if slices.Contains(names, n.Text) {
				return n.Text, nil
			}
			return "", &Flaw{Problem: fmt.Sprintf("unknown %s %q%s", noun, n.Text, Suggest(n.Text, names))}
		},
	}
}

// Truth is true or false.
func Truth() Scalar {
	const label = "true or false"
	return Scalar{
		Label: label, Want: label, Schema: jsonschema.Schema{Type: "boolean"},
		Read: func(n *Node) (any, *Flaw) {
			if text := strings.ToLower(n.Text); (n.style == boolean || n.style == verbatim) && (text == "true" || text == "false") {
				return text == "true", nil
			}
			return false, &Flaw{Problem: n.String() + " is neither true nor false"}
		},
	}
}

// Whole are whole numbers from least to most.
func Whole(least, most uint64) Scalar {
	span := fmt.Sprintf("whole number from %d to %d", least, most)
	return Scalar{
		Label: span, Want: "a " + span,
		Read: func(n *Node) (any, *Flaw) {
			if _, f := n.Number(); f != nil {
				return 0, f
			}
			v, err := strconv.ParseUint(n.Text, 10, 64)
			switch {
			case strings.ContainsAny(n.Text, ".eE"):
				return 0, &Flaw{Problem: n.Text + " is not a whole number"}
			case strings.HasPrefix(n.Text, "-"), err == nil && v < least:
				return 0, &Flaw{Problem: fmt.Sprintf("%s is below %d", n.Text, least)}
			case err != nil || v > most:
				return 0, &Flaw{Problem: fmt.Sprintf("%s is above %d", n.Text, most)}
			}
			return v, nil
		},
		Schema: jsonschema.Schema{Type: "integer", Minimum: json.Number(strconv.FormatUint(least, 10)), Maximum: json.Number(strconv.FormatUint(most, 10))},
	}
}

// Number are decimal numbers from least to most, or the whole ones among them.
func Number(least, most float64, whole bool) Scalar {
	span, typ := fmt.Sprintf("number from %s to %s", FormatNumber(least), FormatNumber(most)), "number"
	if whole {
		span, typ = "whole "+span, "integer"
	}
	return Scalar{
		Label: span, Want: "a " + span,
		Read: func(n *Node) (any, *Flaw) {
			v, f := n.Number()
			switch {
			case f != nil:
				return 0, f
			case v < least:
				return 0, &Flaw{Problem: fmt.Sprintf("%s is below %s", n.Text, FormatNumber(least))}
			case v > most:
				return 0, &Flaw{Problem: fmt.Sprintf("%s is above %s", n.Text, FormatNumber(most))}
			case whole && v != math.Trunc(v):
				return 0, &Flaw{Problem: n.Text + " is not a whole number"}
			}
			return v, nil
		},
		Schema: jsonschema.Schema{Type: typ, Minimum: jsonNumber(least), Maximum: jsonNumber(most)},
	}
}

// jsonNumber returns a bound for a schema, "" (none) for an infinite one.
func jsonNumber(v float64) json.Number {
	if math.IsInf(v, 0) {
		return ""
	}
	return json.Number(FormatNumber(v))
}

// decimal is a decimal number. YAML's other notations (0x1F, 017, 1_000, .inf) are none
// here, since they are more often a slip than meant.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// IsNumber reports whether a text is such a number.
func IsNumber(text string) bool { return decimal.MatchString(text) }

// Number reads a decimal number that stands without quotes.
func (n *Node) Number() (float64, *Flaw) {
	switch isNumber := IsNumber(n.Text); {
	case isNumber && n.style == quoted:
		return 0, &Flaw{Problem: n.String() + " is text, not a number"}
	case !isNumber:
		return 0, &Flaw{Problem: n.String() + " is not a number"}
	}
	v, err := strconv.ParseFloat(n.Text, 64)
	if err != nil {
		return 0, &Flaw{Problem: n.String() + " is too large a number"}
	}
	return v, nil
}

// Unitless reports whether the node is a number where one with a unit belongs.
func (n *Node) Unitless() bool { return n.style != quoted && IsNumber(n.Text) }

// FormatNumber writes a number so that reading it gives the same one back.
func FormatNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
