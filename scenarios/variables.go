package scenarios

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"servebench/scenarios/secret"
)

// The forms of a dollar sign that mean something in a scenario: $$ for itself,
// ${NAME} for a variable of the environment, and what stands for a secret in the
// resolved text of a run.
var dollars = regexp.MustCompile(`\$\$|\$\{[^}]*\}?`)

// variableName is what a variable may be called.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Outside of quotes the braces of ${NAME} would end a mapping in braces. The reader of
// YAML gets other characters in their places, which no text has: the columns stay.
const (
	opening = "\ufdd0"
	closing = "\ufdd1"
)

var (
	braced   = regexp.MustCompile(`\$\{([^{}\s"',]*)\}`)
	unbraced = regexp.MustCompile(`\$` + opening + `([^` + closing + `]*)` + closing)
)

// unbrace hides the braces of variables from the reader of YAML, and rebrace brings
// them back.
func unbrace(text []byte) string {
	return braced.ReplaceAllString(string(text), "$$"+opening+"$1"+closing)
}
func rebrace(text string) string { return unbraced.ReplaceAllString(text, "$${$1}") }

// fill puts the values of variables into a node and all below it, and finds out what
// in them is secret. before is the text of the item before it in a list.
func (d *decoder) fill(n *node, path, before string) {
	switch n.shape {
	case mappingShape:
		for _, p := range n.pairs {
			d.fill(p.value, member(path, p.key), "")
		}
	case listShape:
		for i, thing := range n.things {
			last := ""
			if i > 0 {
				last = n.things[i-1].text
			}
			d.fill(thing, element(path, i), last)
		}
	case scalarShape:
		d.fillScalar(n, path, before)
		d.learn(n, path, before)
	}
}

// fillScalar puts the values of variables into a single value.
func (d *decoder) fillScalar(n *node, path, before string) {
	written, sound := n.text, true
	fault := func(problem, want string) string {
		d.add(n.at, path, problem, want)
		sound = false
		return ""
	}
	n.text = dollars.ReplaceAllStringFunc(written, func(form string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(form, "${"), "}")
		switch {
		case form == "$$":
			return "$"
		case strings.HasPrefix(form, secret.MarkStart):
			variable := secret.Variable(nameAt(path, written, before))
			return fault("its value was secret, and only a hash of it was kept",
				fmt.Sprintf("the value, best from a variable of the environment: ${%s}", variable))
		case !variableName.MatchString(name):
			return fault(fmt.Sprintf("%q holds no name of a variable", form), "${NAME} for a variable of the environment, or $"+form+" for the text itself")
		}
		value, there := d.lookUp(name)
		if !there {
			return fault("the environment has no variable "+name, fmt.Sprintf("it set, or $%s for the text itself", form))
		}
		d.values[name] = value
		d.all.AddVariable(name, value)
		if secret.Named(name) {
			d.secrets.AddVariable(name, value)
		}
		n.variables = append(n.variables, name)
		return value
	})
	switch {
	case !sound:
		n.shape = brokenShape
	case written != n.text:
		n.written, n.style = written, verbatim // with quotes or without, it may be any kind of value
	}
}

func (d *decoder) lookUp(name string) (string, bool) {
	if d.environment == nil {
		return "", false
	}
	return d.environment(name)
}

// learn remembers what in a single value is secret.
func (d *decoder) learn(n *node, path, before string) {
	text := n.text
	if n.written != "" {
		text = n.written
	}
	for _, s := range secretsAt(path, text, before) {
		part := text[s.From:s.To]
		value := part
		if n.written != "" {
			value = d.filled(part)
		}
		for _, k := range []*secret.Keeper{d.all, d.secrets} {
			if n.written != "" && secret.OnlyVariables(part) {
				k.AddWritten(s.Name, value, part)
			} else {
				k.Add(s.Name, value)
			}
		}
	}
}

// filled is a part of a text with the values of its variables, which are known.
func (d *decoder) filled(written string) string {
	return dollars.ReplaceAllStringFunc(written, func(form string) string {
		if form == "$$" {
			return "$"
		}
		return d.values[strings.Trim(form, "${}")]
	})
}

// inText makes a kind of texts that servebench hands on as they are. The values of
// variables in them are secret; those in a number, a time or a name are not, since
// figures rest on them.
func inText[V any](k kind[V]) kind[V] {
	read := k.read
	k.read = func(d *decoder, n *node, path string) (V, bool) {
		for _, name := range n.variables {
			d.secrets.AddVariable(name, d.values[name])
		}
		return read(d, n, path)
	}
	return k
}

// secretsAt are the stretches of a field's text that are secret.
func secretsAt(path, text, before string) []secret.Span {
	name, from := fieldName(path, text, before)
	spans := secret.Find(name, text[from:])
	for i := range spans {
		spans[i].From, spans[i].To = spans[i].From+from, spans[i].To+from
	}
	return spans
}

// fieldName is the name that a field's text stands under, and where in the text its
// value begins: a variable's is before its =, a flag's before the value or in the
// argument before.
func fieldName(path, text, before string) (name string, from int) {
	name = path[strings.LastIndexByte(path, '.')+1:]
	list, _, _ := strings.Cut(path, "[")
	if list != "workload.env" && list != "workload.command" {
		return name, 0
	}
	name = ""
	if assigned, _, assigns := strings.Cut(text, "="); assigns && !strings.ContainsAny(assigned, "/:") {
		name, from = strings.TrimLeft(assigned, "-"), len(assigned)+1
	} else if list == "workload.command" && strings.HasPrefix(before, "-") && !strings.HasPrefix(text, "-") {
		name = strings.TrimLeft(before, "-")
	}
	at := headerField.FindStringSubmatchIndex(text[from:])
	if at == nil || secret.Named(name) {
		return name, from
	}
	return text[from+at[2] : from+at[3]], from + at[1]
}

// headerField is what an argument begins with that is a header field: "X-Api-Key: ".
var headerField = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*):\s+`)

// nameAt is the name that the secret in a field's text stands under.
func nameAt(path, text, before string) string {
	if at := strings.Index(text, secret.MarkStart); at > 0 {
		name := strings.TrimRight(text[:at], "=:")
		if i := strings.LastIndexAny(name, "?&;- \"'"); i >= 0 || name != text[:at] {
			return name[i+1:]
		}
	}
	name, _ := fieldName(path, text, before)
	return name
}

// hide is a part of the scenario as it may be written down: what came from variables as
// the file has it, and marks in the place of secrets. v is what its row or kind writes.
func (s *Scenario) hide(path string, v any, before string) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		hidden := make(yaml.MapSlice, len(v))
		for i, item := range v {
			hidden[i] = item
			hidden[i].Value = s.hide(member(path, fmt.Sprint(item.Key)), item.Value, "")
		}
		return hidden
	case []any:
		hidden := make([]any, len(v))
		for i, thing := range v {
			last := ""
			if i > 0 {
				last, _ = textOf(v[i-1])
			}
			hidden[i] = s.hide(element(path, i), thing, last)
		}
		return hidden
	}
	if written, there := s.Written[path]; there {
		return writeText(s.hideText(path, written, before, true))
	}
	if text, ok := textOf(v); ok {
		if hidden := s.hideText(path, text, before, false); hidden != text {
			return writeText(hidden)
		}
	}
	return v
}

// hiddenOptions are the options of a target as they may be written down.
func (s *Scenario) hiddenOptions(target string) map[string]string {
	all := map[string]string{}
	for name, value := range s.Options[target] {
		all[name], _ = textOf(s.hide(member(target, name), quotedText(value), ""))
	}
	return all
}

// textOf is the text of a value for the YAML encoder; false where it is none.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case quotedText:
		return string(v), true
	}
	return "", false
}

// hideText is a text of a field as it may be written down. One that is as the user wrote
// it holds variables.
func (s *Scenario) hideText(path, text, before string, written bool) string {
	var b strings.Builder
	from := 0
	for _, span := range secretsAt(path, text, before) {
		part := text[span.From:span.To]
		if written && secret.OnlyVariables(part) || span.From < from {
			continue
		}
		mark := s.Secrets.RedactWhole(part)
		if !secret.OnlyVariables(mark) { // of a value that is another's default
			mark = s.Secrets.Mark(span.Name, part)
		}
		b.WriteString(s.plain(text[from:span.From], written) + mark)
		from = span.To
	}
	b.WriteString(s.plain(text[from:], written))
	return b.String()
}

// plain is a part of a text with no secret of its own; others may be in it.
func (s *Scenario) plain(text string, written bool) string {
	if written {
		return s.Secrets.RedactWhole(text)
	}
	escaped := strings.ReplaceAll(text, "$", "$$")
	if hidden := s.Secrets.RedactWhole(escaped); hidden != escaped || strings.Contains(text, "$$") || strings.Contains(text, "${") {
		return hidden
	}
	return text
}

// keep remembers what the file says where variables were filled in.
func (d *decoder) keep(path, written string) {
	if written == "" {
		return
	}
	if d.written == nil {
		d.written = map[string]string{}
	}
	d.written[path] = written
}
