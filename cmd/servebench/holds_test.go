package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// holds reads JSON from a file and wants a relation between sums of its values
// to hold: holds FILE targets.0.scheduled = targets.0.sent. A term is a path or
// a number or a word; + adds paths up. The relations are =, != and >.
func holds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: holds FILE TERM [+ TERM...] =|!=|> TERM [+ TERM...]")
	}
	var doc any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &doc); err != nil {
		ts.Fatalf("%s is not JSON: %v", args[0], err)
	}
	for i, word := range args[1:] {
		if word != "=" && word != "!=" && word != ">" {
			continue
		}
		left, right := sum(ts, doc, args[1:i+1]), sum(ts, doc, args[i+2:])
		if !related(left, word, right) {
			ts.Fatalf("%s: %s is %v %s %v", args[0], strings.Join(args[1:], " "), left, word, right)
		}
		return
	}
	ts.Fatalf("no relation in %v, want =, != or >", args[1:])
}

func related(left any, relation string, right any) bool {
	switch relation {
	case "=":
		return left == right
	case "!=":
		return left != right
	}
	l, okLeft := left.(float64)
	r, okRight := right.(float64)
	return okLeft && okRight && l > r
}

// sum adds terms up; a single term may be anything that JSON has.
func sum(ts *testscript.TestScript, doc any, terms []string) any {
	if len(terms) == 1 {
		return value(ts, doc, terms[0])
	}
	total := 0.0
	for i, t := range terms {
		if i%2 == 1 {
			continue // the "+"
		}
		number, ok := value(ts, doc, t).(float64)
		if !ok {
			ts.Fatalf("%s is not a number", t)
		}
		total += number
	}
	return total
}

// value is a number, a path into the document (which begins with a key of it),
// or else the word itself.
func value(ts *testscript.TestScript, doc any, text string) any {
	if number, err := strconv.ParseFloat(text, 64); err == nil {
		return number
	}
	if text == "null" {
		return nil
	}
	keys := strings.Split(text, ".")
	if !begins(doc, keys[0]) {
		return text
	}
	for _, key := range keys {
		switch d := doc.(type) {
		case map[string]any:
			member, ok := d[key]
			if !ok {
				ts.Fatalf("%s: no key %q", text, key)
			}
			doc = member
		case []any:
			if key == "len" {
				doc = float64(len(d))
				continue
			}
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(d) {
				ts.Fatalf("%s: no element %q", text, key)
			}
			doc = d[i]
		default:
			ts.Fatalf("%s: %q of %s", text, key, fmt.Sprint(doc))
		}
	}
	return doc
}

// begins reports whether a path may begin with the key.
func begins(doc any, key string) bool {
	if top, ok := doc.(map[string]any); ok {
		_, known := top[key]
		return known
	}
	_, err := strconv.Atoi(key)
	return err == nil || key == "len"
}
