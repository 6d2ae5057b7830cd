package scenarios

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"

	"servebench/generators"
	"servebench/scenarios/arrivals"
	"servebench/targets"
	"servebench/targets/protocol"
)

// data are mappings with the keys common to all generators and, beside them,
// the parameters of the one that is named.
func data(cat Catalogue) kind[Data] {
	common := dataRows(cat)
	return kind[Data]{
		label: "mapping",
		want:  "the key generator, and what it needs",
		read: func(d *decoder, n *node, path string) (Data, bool) {
			v := Data{Params: map[string]float64{}}
			generator := generatorOf(cat, n)
			if generator == nil { // then nobody knows which keys it takes
				decode(d, n, path, common, &v, func(string) bool { return true })
				return v, true
			}
			decode(d, n, path, append(slices.Clip(common), paramRows(*generator)...), &v, nil)
			return v, true
		},
		write: func(v Data) any {
			if v.Generator == "" {
				return nil
			}
			all := encode(common, &v)
			for _, name := range slices.Sorted(maps.Keys(v.Params)) {
				all = append(all, yaml.MapItem{Key: name, Value: writeNumber(v.Params[name])})
			}
			return all
		},
		schema: func() *jsonschema.Schema { return dataSchema(cat) },
		keys: func(path string) []documented {
			all := document(common, path)
			for _, g := range cat.Generators {
				all = append(all, document(paramRows(g), path)...)
			}
			return all
		},
	}
}

func dataRows(cat Catalogue) []row[Data] {
	return []row[Data]{
		must("generator", choice("generator", namesOf(cat.Generators, aGenerator)), func(d *Data) *string { return &d.Generator },
			"The generator of the examples; a model of the reference server needs its own."+docsOf(cat.Generators, aGenerator)),
		may("batch", wholes[int](1, 10_000), "1", func(d *Data) *int { return &d.Batch },
			"How many examples one request holds."),
		may("corpus", wholes[int](1, 1_000_000), "10000", func(d *Data) *int { return &d.Corpus },
			"How many different requests are made before the load starts, and then sent in random order."),
	}
}

// generatorOf returns the generator that a data mapping names, nil when it
// names none that is known.
func generatorOf(cat Catalogue, n *node) *generators.Kind {
	p := n.pair("generator")
	if p == nil {
		return nil
	}
	i := slices.IndexFunc(cat.Generators, func(g generators.Kind) bool { return g.Name == p.value.text })
	if i < 0 {
		return nil
	}
	return &cat.Generators[i]
}

func paramRows(g generators.Kind) []row[Data] {
	var rows []row[Data]
	for _, p := range g.Params {
		r := newRow(p.Name, numbers(p.Min, p.Max, p.Integer),
			func(d *Data, v float64) { d.Params[p.Name] = v },
			func(d *Data) float64 { return d.Params[p.Name] })
		r.doc = "Generator " + g.Name + ": " + ended(p.Doc)
		r.fallback = formatNumber(p.Default)
		rows = append(rows, r)
	}
	return rows
}

// namesOf lists the names of a part of the catalogue.
func namesOf[K any](kinds []K, describe func(K) (name, doc string)) []string {
	var names []string
	for _, k := range kinds {
		name, _ := describe(k)
		names = append(names, name)
	}
	return names
}

// docsOf says what the names of a part of the catalogue mean.
func docsOf[K any](kinds []K, describe func(K) (name, doc string)) string {
	var text strings.Builder
	for _, k := range kinds {
		name, doc := describe(k)
		text.WriteString(" " + name + ": " + ended(doc))
	}
	return text.String()
}

func aTarget(k targets.Kind) (name, doc string)           { return k.Name, k.Doc }
func aGenerator(k generators.Kind) (name, doc string)     { return k.Name, k.Doc }
func aProtocol(k protocol.Kind) (name, doc string)        { return k.Name, k.Doc }
func anArrivalProcess(k arrivals.Kind) (name, doc string) { return k.Name, k.Doc }

func firstOf(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// ended ends a text with a full stop.
func ended(doc string) string {
	return strings.TrimSuffix(doc, ".") + "."
}

// sentence also begins it with a capital letter.
func sentence(doc string) string {
	first, size := utf8.DecodeRuneInString(doc)
	return ended(string(unicode.ToUpper(first)) + doc[size:])
}
