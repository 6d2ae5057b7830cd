package scenarios

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"servebench/generators"
	"servebench/generators/drift"
	"servebench/reports/record"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
	"servebench/targets"
	"servebench/targets/protocol"
)

// Catalogue is what a scenario may name.
type Catalogue struct {
	Targets    []targets.Kind
	Generators []generators.Kind
	Protocols  []protocol.Kind // the first one is the default
	Models     []Model         // of the reference server
	// Injected reads a fault that the reference server injects on request, such as
	// "wrong=1%": its name, and what is wrong with it and what would be right. nil: any is
	// taken.
	Injected func(text string) (name, problem, want string)
	// Environment looks up the variables that a scenario takes values from; nil: it has
	// none.
	Environment func(name string) (value string, there bool)
	// SecretKey returns the key of the hashes that secrets are recorded as; nil: one that
	// nobody keeps.
	SecretKey func() []byte
}

// Model is a model of the reference server.
type Model struct {
	Name string
	Doc  string // one sentence
	// Untrained says that it was not made from data.
	Untrained bool
	// Options is a struct with the tags of package decode, whose keys a scenario may set
	// under the model's name in workload; nil: there are none. OptionsDoc says what they are
	// for, and OptionsSource holds the Go file that documents them. The struct may have a
	// method Mistakes, which reports what is wrong across its keys.
	Options       any
	OptionsDoc    string
	OptionsSource fs.FS
}

// Named finds an entry of one of the catalogue's lists by its name.
func Named[K any](kinds []K, name string, nameOf func(K) string) (K, bool) {
	i := slices.IndexFunc(kinds, func(k K) bool { return nameOf(k) == name })
	if i < 0 {
		var none K
		return none, false
	}
	return kinds[i], true
}

// sources are the files that say in comments what the keys mean.
//
//go:embed scenario.go load.go request.go auth.go retrain.go
var sources embed.FS

// FormatReference returns the reference of the format as plain text: every key
// with its kind of value, its default and its meaning.
func FormatReference(cat Catalogue) string { return cat.documented().Reference() }

// documented is the format with what its keys mean.
func (cat Catalogue) documented() *decode.Format {
	folders := []fs.FS{sources, record.KeySource, arrivals.KeySource}
	for _, m := range cat.Models {
		if m.OptionsSource != nil {
			folders = append(folders, m.OptionsSource)
		}
	}
	return cat.format(decode.ParseDocs(folders...))
}

func (cat Catalogue) format(docs decode.Docs) *decode.Format {
	return decode.NewFormat(Scenario{}, cat.options(docs))
}

// options are what the tags of the scenario's fields name.
func (cat Catalogue) options(docs decode.Docs) decode.Options {
	o := decode.Options{
		Docs:  docs,
		Notes: map[string]string{},
		Hint:  hintAtFirstToken,
		Choices: map[string][]decode.Choice{
			"target":          choices(cat.Targets, func(k targets.Kind) decode.Choice { return decode.Choice{Name: k.Name, Doc: k.Doc} }),
			"generator":       choices(cat.Generators, func(k generators.Kind) decode.Choice { return decode.Choice{Name: k.Name, Doc: k.Doc} }),
			"protocol":        choices(cat.Protocols, func(k protocol.Kind) decode.Choice { return decode.Choice{Name: k.Name, Doc: k.Doc} }),
			"arrival process": choices(arrivals.Kinds(), func(k arrivals.Kind) decode.Choice { return decode.Choice{Name: k.Name, Doc: k.Doc} }),
			"model":           choices(cat.Models, func(m Model) decode.Choice { return decode.Choice{Name: m.Name, Doc: m.Doc} }),
			"fault":           choices(targets.FaultKinds(), func(k targets.FaultKind) decode.Choice { return decode.Choice{Name: k.Name, Doc: k.Doc} }),
			"detector":        choices(drift.Kinds(), func(k drift.Kind) decode.Choice { return decode.Choice{Name: k.Name, Doc: k.Doc} }),
			"metric":          choices(record.Metrics(), func(name string) decode.Choice { return decode.Choice{Name: name} }),
		},
		Scalars: map[string]func(decode.Tag) decode.Scalar{
			"name": name, "prose": prose, "path": path, "variable": variable, "header": headerValue,
			"injected": cat.injected, "mean": mean, "failure": failure, "dollars": usd, "file": file, "argument": argument, "image": image, "rate": rate, "size": size, "status": status,
			"token": token, "scope": scope, "user": user, "password": password,
			"method": method, "swept": swept, "target": requestTarget, "column": column, "tensor": tensor, "window": window, "reference": reference, "policy": policy,
		},
	}
	for _, param := range arrivalsParams() {
		o.Notes["load[]."+param] = takenBy(param)
	}
	var models []decode.Field
	for _, m := range cat.Models {
		if m.Options != nil {
			models = append(models, decode.EntryOf(m.Name, m.OptionsDoc, m.Options, o))
		}
	}
	o.Inline = map[string]decode.Inline{
		"parameters": cat.parameters,
		"targets":    cat.optionsOfTargets,
		"models":     func(*decode.Node) ([]decode.Field, bool) { return models, false },
	}
	return o
}

// injected is a fault that the reference server injects.
func (cat Catalogue) injected(decode.Tag) decode.Scalar {
	return decode.Text("a fault, such as wrong=1%", func(n *decode.Node) *decode.Flaw {
		if cat.Injected == nil {
			return nil
		}
		if _, problem, want := cat.Injected(n.Text); problem != "" {
			return &decode.Flaw{Problem: problem, Want: want}
		}
		return nil
	})
}

func choices[K any](kinds []K, of func(K) decode.Choice) []decode.Choice {
	all := make([]decode.Choice, len(kinds))
	for i, k := range kinds {
		all[i] = of(k)
	}
	return all
}

// hintAtFirstToken tells users of language models what they look for under its names.
func hintAtFirstToken(path, key string) string {
	if path == "slo" && slices.Contains([]string{"ttft", "time_to_first_token", "first_token"}, strings.ToLower(key)) {
		return ": servebench does not read streams, and does not know an answer's first token; first_byte limits the time to the first byte of its body"
	}
	return ""
}

// parameters are those of the generator that a data mapping names, as keys beside the
// others; all are let through where nobody knows it, unless a file is named in its place.
func (cat Catalogue) parameters(data *decode.Node) (fields []decode.Field, open bool) {
	if data != nil && data.Get("generator") == nil && data.Get("file") != nil {
		return nil, false
	}
	open = data != nil
	for _, g := range cat.Generators {
		if data != nil && (data.Get("generator") == nil || data.Get("generator").Text != g.Name) {
			continue
		}
		open = false
		for _, p := range g.Params {
			fields = append(fields, decode.Entry(p.Name, "Generator "+g.Name+": "+strings.TrimSuffix(p.Doc, ".")+".",
				decode.FormatNumber(p.Default), 0.0, decode.Number(p.Min, p.Max, p.Integer)))
		}
	}
	return fields, open
}

// optionsOfTargets are the keys named after targets.
func (cat Catalogue) optionsOfTargets(*decode.Node) (fields []decode.Field, open bool) {
	for _, t := range cat.Targets {
		var options []decode.Field
		for _, o := range t.Options {
			options = append(options, targetOption(o))
		}
		if options != nil {
			fields = append(fields, decode.Entries(t.Name, "Options of the target "+t.Name+".", options))
		}
	}
	return fields, false
}

func targetOption(o targets.Option) decode.Field {
	kind := decode.Text("text", nil)
	switch {
	case len(o.Values) > 0 && slices.Contains(o.Values, o.Default):
		kind = decode.OneName(o.Name, o.Values)
	case len(o.Values) > 0:
		kind = decode.OneName(o.Name, append(slices.Clip(o.Values), o.Default))
	case o.Path:
		kind = file(decode.Tag{Want: "the path of a file"})
		read := kind.Read
		kind.Read = func(n *decode.Node) (any, *decode.Flaw) {
			if n.Text == "" { // for no value
				return "", nil
			}
			return read(n)
		}
	}
	fallback := o.Default
	if fallback == "" {
		fallback = `""`
	}
	first, size := utf8.DecodeRuneInString(o.Doc)
	doc := string(unicode.ToUpper(first)) + strings.TrimSuffix(o.Doc[size:], ".") + "."
	return decode.Entry(o.Name, doc, fallback, "", kind)
}
