package scenarios

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/invopop/jsonschema"
)

// readText reads text of any length that can be shown.
func readText(n *node) (string, *flaw) {
	switch {
	case n.style == number || n.style == boolean:
		return "", &flaw{n.text + " is not text", fmt.Sprintf("it in quotes: %q", n.text)}
	case !visible(n.text, "\n\t"):
		return "", &flaw{problem: n.String() + " holds control characters"}
	}
	return n.text, nil
}

func textSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

// texts are prose; the space around it, which a block of text ends with, is not
// part of it.
func texts() kind[string] {
	read := func(n *node) (string, *flaw) {
		text, f := readText(n)
		return strings.TrimSpace(text), f
	}
	return inText(scalar("text", "text", read, writeText, textSchema))
}

// anyTexts are values handed on as they are written, so that a number needs no
// quotes.
func anyTexts() kind[string] {
	return inText(scalar("text", "text", readAnyText, writeText, anyTextSchema))
}

// words are such values that say something; what says what.
func words(what string) kind[string] {
	read := func(n *node) (string, *flaw) {
		if n.text == "" {
			return "", &flaw{problem: "the text is empty"}
		}
		return readAnyText(n)
	}
	return inText(scalar("text", what, read, writeText, anyTextSchema))
}

func readAnyText(n *node) (string, *flaw) {
	if !visible(n.text, "\n\t") {
		return "", &flaw{problem: n.String() + " holds control characters"}
	}
	return n.text, nil
}

func anyTextSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
}

// names are what files, folders and settings are called after.
func names() kind[string] {
	const pattern = `^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`
	matches := regexp.MustCompile(pattern).MatchString
	read := func(n *node) (string, *flaw) {
		text, f := readText(n)
		if f == nil && !matches(n.text) {
			f = &flaw{problem: n.String() + " is not a name"}
		}
		return text, f
	}
	return scalar("name", "a name of letters, digits, - and _, at most 64 of them", read, writeText, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: pattern}
	})
}

// choice is one name out of a list.
func choice(noun string, from []string) kind[string] {
	want := oneOf(from)
	read := func(n *node) (string, *flaw) {
		if slices.Contains(from, n.text) {
			return n.text, nil
		}
		return "", &flaw{problem: fmt.Sprintf("unknown %s %q%s", noun, n.text, Suggest(n.text, from))}
	}
	return scalar(want, want, read, writeText, func() *jsonschema.Schema {
		s := &jsonschema.Schema{Type: "string"}
		for _, name := range from {
			s.Enum = append(s.Enum, name)
		}
		return s
	})
}

// oneOf lists names in a message.
func oneOf(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + strings.Join(names, ", ")
}

// variables are KEY=VALUE pairs.
func variables() kind[string] {
	read := func(n *node) (string, *flaw) {
		text, f := readText(n)
		if f != nil {
			return "", f
		}
		if name, _, ok := strings.Cut(text, "="); !ok || name == "" || strings.ContainsAny(name, " \t\n") {
			return "", &flaw{problem: n.String() + " sets no variable"}
		}
		return text, nil
	}
	return inText(scalar("KEY=VALUE", "KEY=VALUE", read, writeText, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: `^[^=\s]+=`}
	}))
}

// paths are the paths of URLs, with a query or without.
func paths() kind[string] {
	read := func(n *node) (string, *flaw) {
		text, f := readText(n)
		if f != nil {
			return "", f
		}
		return text, pathFlaw(n, text)
	}
	return inText(scalar("path", "a path such as /health", read, writeText, func() *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: `^/[^\s#\x00-\x1F\x7F]*$`}
	}))
}

// pathFlaw says why a text is no path that can be asked for as it is written.
func pathFlaw(n *node, text string) *flaw {
	switch _, err := url.ParseRequestURI(text); {
	case strings.Contains(text, "://") && !strings.HasPrefix(text, "/"):
		return &flaw{n.String() + " is a whole URL", "the path alone, such as /health; the server's URL is endpoint.url"}
	case strings.Contains(text, "#"):
		return &flaw{n.String() + " has a fragment, which no client sends", "the path up to the #, or %23 in the place of the #"}
	case strings.ContainsFunc(text, unicode.IsSpace):
		return &flaw{n.String() + " has white space in it", "%20 in the place of a space"}
	case err != nil || !strings.HasPrefix(text, "/"):
		return &flaw{problem: n.String() + " is not the path of a URL"}
	}
	return nil
}

// visible reports whether a text can be shown and handed to a process: it holds
// no control characters but those allowed.
func visible(text, allowed string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool {
		return unicode.IsControl(c) && !strings.ContainsRune(allowed, c)
	})
}
