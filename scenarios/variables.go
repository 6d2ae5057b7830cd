package scenarios

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
)

// The forms of a dollar sign that mean something in a scenario: $$ for itself,
// ${NAME} for a variable of the environment, and what stands for a secret in the
// resolved text of a run.
var dollars = regexp.MustCompile(`\$\$|\$\{[^}]*\}?`)

// variableName is what a variable may be called.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// environment is the list of the server's variables, as NAME=VALUE.
const environment = "workload.env"

// variables puts the values of variables into a source, and finds out what is secret.
type variables struct {
	source  *decode.Source
	lookUp  func(name string) (value string, there bool)
	values  map[string]string // of the variables, by name
	secrets *secret.Keeper    // those of the scenario
	all     *secret.Keeper    // also knows the values of all variables, for faults
}

func newVariables(source *decode.Source, set []decode.Setting, cat Catalogue) *variables {
	v := &variables{
		source: source, lookUp: cat.Environment, values: map[string]string{},
		secrets: &secret.Keeper{Key: cat.SecretKey}, all: &secret.Keeper{Key: cat.SecretKey},
	}
	source.Redact = v.all.Redact
	for _, s := range set {
		v.all.Scan(s.Key+"="+s.Value, false)
		v.secrets.Scan(s.Key+"="+s.Value, false)
	}
	return v
}

// fill puts the values of variables into a node at a path and all below it.
func (v *variables) fill(n *decode.Node, path string) {
	n.Each(path, func(value *decode.Node, path, before string) {
		v.fillText(value, path, before)
		v.learn(value, path, before)
	})
}

func (v *variables) fillText(n *decode.Node, path, before string) {
	sound := true
	refuse := func(problem, want string) string {
		v.source.RefuseNode(n, path, problem, want)
		sound = false
		return ""
	}
	var names []string
	text := dollars.ReplaceAllStringFunc(n.Text, func(form string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(form, "${"), "}")
		switch {
		case form == "$$":
			return "$"
		case strings.HasPrefix(form, secret.MarkStart):
			return refuse("its value was secret, and only a hash of it was kept",
				fmt.Sprintf("the value, best from a variable of the environment: ${%s}", secret.Variable(nameAt(path, n.Text, before))))
		case !variableName.MatchString(name):
			return refuse(fmt.Sprintf("%q holds no name of a variable", form), "${NAME} for a variable of the environment, or $"+form+" for the text itself")
		}
		value, there := "", false
		if v.lookUp != nil {
			value, there = v.lookUp(name)
		}
		if !there {
			return refuse("the environment has no variable "+name, fmt.Sprintf("it set, or $%s for the text itself", form))
		}
		v.values[name] = value
		v.all.AddVariable(name, value)
		if secret.Named(name) {
			v.secrets.AddVariable(name, value)
		}
		names = append(names, name)
		return value
	})
	if sound {
		n.Fill(text, names)
	} else {
		n.Text = text
	}
}

// learn remembers what in a single value is secret.
func (v *variables) learn(n *decode.Node, path, before string) {
	text := cmp.Or(n.Written, n.Text)
	for _, s := range secretsAt(path, text, before) {
		part := text[s.From:s.To]
		for _, k := range []*secret.Keeper{v.all, v.secrets} {
			switch {
			case n.Written == "":
				k.Add(s.Name, part)
			case secret.OnlyVariables(part):
				k.AddWritten(s.Name, v.filled(part), part)
			default:
				k.Add(s.Name, v.filled(part))
			}
		}
	}
}

// filled is a part of a text with the values of its variables, which are known.
func (v *variables) filled(written string) string {
	return dollars.ReplaceAllStringFunc(written, func(form string) string {
		if form == "$$" {
			return "$"
		}
		return v.values[strings.Trim(form, "${}")]
	})
}

// hideTexts makes secret the variables in texts that servebench hands on as they are.
// Those in a number, a time or a name are not, since figures rest on them.
func (v *variables) hideTexts() {
	for _, n := range v.source.Texts {
		for _, name := range n.Variables {
			v.secrets.AddVariable(name, v.values[name])
		}
	}
}

// secretsAt are the stretches of a field's text that are secret.
func secretsAt(path, text, before string) []secret.Span {
	name, from := nameOf(path, text, before)
	spans := secret.Find(name, text[from:])
	for i := range spans {
		spans[i].From, spans[i].To = spans[i].From+from, spans[i].To+from
	}
	return spans
}

// HideImage has a Keeper know what is secret in the environment and the command of an
// image, by the rules for workload.env and workload.command.
func HideImage(k *secret.Keeper, env, command []string) {
	for list, texts := range map[string][]string{environment: env, "workload.command": command} {
		before := ""
		for i, text := range texts {
			for _, s := range secretsAt(decode.Element(list, i), text, before) {
				k.Add(s.Name, text[s.From:s.To])
			}
			before = text
		}
	}
}

// nameOf is the name that a field's text stands under, and where in the text its
// value begins: a variable's is before its =, a flag's before the value or in the
// argument before.
func nameOf(path, text, before string) (name string, from int) {
	name = path[strings.LastIndexByte(path, '.')+1:]
	list, _, _ := strings.Cut(path, "[")
	if list != environment && list != "workload.command" {
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
	name, _ := nameOf(path, text, before)
	return name
}
