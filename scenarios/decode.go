package scenarios

import (
	"path/filepath"
	"slices"
	"strings"

	"servebench/scenarios/secret"
)

// Parse reads a scenario from the text of a file, changed by settings. file is
// what faults call the text. Its error is a Faults that holds everything wrong
// with the scenario; only where the text is not YAML the first fault hides the
// others.
func Parse(file string, text []byte, cat Catalogue, set ...Setting) (*Scenario, error) {
	d := newDecoder(file, set, cat)
	root := (&reader{report: &d.report}).read(text)
	if root == nil {
		return nil, d.faults()
	}
	for i := range set {
		d.apply(root, i+1)
	}
	d.fill(root, "", "")
	s := &Scenario{Options: map[string]map[string]string{}, Dir: d.dir, Secrets: d.secrets}
	decode(d, root, "", scenarioRows(cat), s, nil)
	s.resolve(cat)
	s.Written = d.written
	s.Source = &Source{d.report, d.at}
	d.validate(s, cat)
	if faults := d.faults(); faults != nil {
		return nil, faults
	}
	return s, nil
}

// decoder reads nodes into a scenario.
type decoder struct {
	report
	at    map[string]origin // where each field stands; a missing one, where it would
	given map[string]bool   // the fields that stand in the file or a setting
	// dir is the folder that paths in the file begin at, and working the one that those
	// of settings begin at; both are absolute.
	dir, working string

	environment func(name string) (string, bool)
	values      map[string]string // of its variables, by name
	written     map[string]string // as of a Scenario
	secrets     *secret.Keeper    // likewise
	all         *secret.Keeper    // knows the values of all variables, for faults
}

func newDecoder(file string, set []Setting, cat Catalogue) *decoder {
	d := &decoder{
		report: report{file: file, settings: set}, at: map[string]origin{}, given: map[string]bool{},
		environment: cat.Environment, values: map[string]string{},
		secrets: &secret.Keeper{Key: cat.SecretKey}, all: &secret.Keeper{Key: cat.SecretKey},
	}
	d.redact = d.all.Redact
	for _, s := range set {
		d.all.Scan(s.Key+"="+s.Value, false)
		d.secrets.Scan(s.Key+"="+s.Value, false)
	}
	d.working, _ = filepath.Abs(".") // which fails where the folder is gone
	if d.dir = filepath.Dir(file); !filepath.IsAbs(d.dir) {
		d.dir = filepath.Join(d.working, d.dir)
	}
	return d
}

// decode reads a mapping by its rows of the table. Keys that are neither there
// nor tolerated are faults.
func decode[T any](d *decoder, n *node, path string, rows []row[T], into *T, tolerated func(key string) bool) {
	if n.shape != mappingShape {
		if n.shape != brokenShape {
			d.add(n.at, path, mismatch(n, "a mapping"), "keys with their values")
		}
		return
	}
	for _, p := range n.pairs {
		if !hasRow(rows, p.key) && (tolerated == nil || !tolerated(p.key)) {
			keys := rowNames(rows)
			d.add(p.at, member(path, p.key), "unknown key"+suggestKey(path, p.key, keys), oneOf(keys))
		}
	}
	for _, r := range rows {
		decodeRow(d, n, path, r, into)
	}
}

// suggestKey names the key that was probably meant. The first token of a stream is what
// users of language models look for, under the names that they know it by.
func suggestKey(path, key string, keys []string) string {
	if path == "slo" && slices.Contains([]string{"ttft", "time_to_first_token", "first_token"}, strings.ToLower(key)) {
		return ": servebench does not read streams, and does not know an answer's first token; first_byte limits the time to the first byte of its body"
	}
	return Suggest(key, keys)
}

func decodeRow[T any](d *decoder, n *node, path string, r row[T], into *T) {
	field := member(path, r.name)
	var value *node
	switch p := n.pair(r.name); {
	case p != nil:
		value = p.value
		d.given[field] = true
		if value.style == null { // there may be nothing to point at
			value.at = p.at
		}
	case r.fallback != "":
		value = fallbackNode(r.fallback, n.at)
	case r.required:
		d.at[field] = n.at
		d.add(n.at, field, "missing", r.want)
		return
	default:
		d.at[field] = n.at
		return
	}
	d.at[field] = value.at
	r.decode(d, value, field, into)
}

// defaultArrivals is the arrival process of a phase that names none and has a rate.
const defaultArrivals = "poisson"

// emptyText is the fallback that stands for a text of no length.
const emptyText = `""`

// fallbackNode is a default as if it had been written at the place of the
// mapping that lacks it.
func fallbackNode(text string, at origin) *node {
	switch text {
	case "[]":
		return &node{at: at, shape: listShape}
	case "{}":
		return &node{at: at, shape: mappingShape}
	case emptyText:
		return &node{at: at, style: quoted}
	}
	return &node{at: at, style: verbatim, text: text}
}

// resolve fills in what depends on other keys.
func (s *Scenario) resolve(cat Catalogue) {
	switch p := protocolKind(cat, s.Protocol); {
	case s.Workload.Ready != "":
	case p.Written && s.Workload.Server == ReferenceServer:
		s.Workload.Ready = cat.Protocols[0].Ready
	case p.Written && s.Template != nil:
		s.Workload.Ready = s.Template.Path
	default:
		s.Workload.Ready = p.Ready
	}
	if s.HTTP.Client == "" {
		s.HTTP.Client = s.HTTP.defaultClient()
	}
	for i := range s.Load {
		p := &s.Load[i]
		if p.Model == "" {
			p.Model = s.Workload.Model
		}
		if p.Arrivals == "" && p.Concurrency == 0 {
			p.Arrivals = defaultArrivals
		}
		p.resolveGaps()
		p.resolveMix(s.Data.Batch)
	}
	if len(s.Load) == 0 {
		s.Load = nil
	}
	if r := s.Regression; r != nil && r.Metrics == nil {
		r.Metrics = defaultMetrics()
	}
	wanted := map[string]map[string]string{}
	for _, target := range s.Targets {
		wanted[target] = s.Options[target]
	}
	s.Options = wanted
}
