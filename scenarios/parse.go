package scenarios

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"servebench/reports/record"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
)

// Parse reads a scenario from the text of a file, changed by settings. file is what
// faults call the text. Its error is a decode.Faults that holds everything wrong with the
// scenario; only where the text is not YAML the first fault hides the others.
func Parse(file string, text []byte, cat Catalogue, set ...decode.Setting) (*Scenario, error) {
	source := decode.Open(file, text, set...)
	source.Dotted = sweepKey
	v := newVariables(source, set, cat)
	if source.Root == nil {
		return nil, noRoot(source)
	}
	for i := range set {
		source.Apply(i, environment)
	}
	v.fill(source.Root, "")
	cat = cat.withVariants(source.Root.Get("targets"))
	before := source.Copy()
	s := cat.read(source, v.secrets)
	v.hideTexts()
	if a := s.HTTP.Auth; a != nil && a.Basic != nil { // in Base64 it is another text
		s.Secrets.Add(authorization, a.Header())
	}
	check{Source: source, s: s, cat: cat}.expand(before)
	if faults := source.Faults(); faults != nil {
		return nil, faults
	}
	return s, nil
}

// read reads a source into a scenario, and checks it.
func (cat Catalogue) read(source *decode.Source, secrets *secret.Keeper) *Scenario {
	s := &Scenario{Options: map[string]map[string]string{}, Dir: source.Dir(), Secrets: secrets, Source: source}
	format := cat.format(nil)
	format.Decode(source, s)
	if s.Written = source.Written; len(s.Written) == 0 {
		s.Written = nil
	}
	s.resolve(cat)
	check{source, s, cat, format}.scenario()
	return s
}

// noRoot is what is wrong with a source that holds nothing to read.
func noRoot(source *decode.Source) decode.Faults {
	if source.Sound("") {
		source.Refuse("", "no scenario in it", "at least the keys name, targets, workload, data and load")
	}
	return source.Faults()
}

// limits is what a file of limits holds.
type limits struct {
	SLO record.SLO `key:"slo" default:"{}"`
}

// FormatSLO writes limits as a file that ParseSLO reads.
func FormatSLO(slo record.SLO) ([]byte, error) {
	text, err := decode.Marshal(decode.NewFormat(limits{}, Catalogue{}.options(nil)).Encode(limits{slo}))
	if err != nil {
		return nil, fmt.Errorf("write limits as YAML: %w", err)
	}
	return text, nil
}

// ParseSLO reads the limits from the text of a file, changed by settings of its keys
// ("slo.p99=20ms"). The file is a scenario, of which only the key slo is looked at,
// or holds that key alone. of is the scenario whose runs are to be judged: a limit that
// none of them could decide is a fault; nil where that is not known. The error is a
// decode.Faults, as Parse's.
func ParseSLO(file string, text []byte, cat Catalogue, of *Scenario, set ...decode.Setting) (record.SLO, error) {
	source := decode.Open(file, text, set...)
	v := newVariables(source, set, cat)
	if source.Root == nil {
		return record.SLO{}, noRoot(source)
	}
	for i, s := range set {
		if s.Key != "slo" && !strings.HasPrefix(s.Key, "slo.") {
			source.RefuseSetting(i, "sets no limit", "a key of slo, such as slo.p99=20ms")
			continue
		}
		source.Apply(i)
	}
	if slo := source.Root.Get("slo"); slo != nil {
		v.fill(slo, "slo")
	}
	var read limits
	options := cat.options(nil)
	decode.NewFormat(limits{}, options).Decode(source, &read, decode.Keys(decode.NewFormat(Scenario{}, options).Fields(""))...)
	c := check{Source: source, s: &Scenario{SLO: read.SLO}}
	c.quantiles()
	if of != nil {
		of := *of
		of.SLO = read.SLO
		check{Source: source, s: &of, cat: cat}.decidable()
	}
	if faults := source.Faults(); faults != nil {
		return record.SLO{}, faults
	}
	return read.SLO, nil
}

// defaultCorpus is the number of requests that are made from a generator's examples.
const defaultCorpus = 10_000

// randomOrder is the order of a file's records where none is named.
const randomOrder = "random"

// defaultArrivals are those of a phase that names none and has a rate.
const defaultArrivals = "poisson"

// resolve fills in what depends on other keys.
func (s *Scenario) resolve(cat Catalogue) {
	p := protocolKind(cat, s.Protocol)
	if s.Workload.Ready == "" {
		s.Workload.Ready = p.Ready
		switch {
		case p.Written && s.Workload.Server == ReferenceServer:
			s.Workload.Ready = cat.Protocols[0].Ready
		case p.Written && s.Template != nil:
			s.Workload.Ready = s.Template.ReadyPath()
		}
	}
	if s.HTTP.Version == "" {
		s.HTTP.Version = HTTP1
		if p.HTTP2 {
			s.HTTP.Version = HTTP2
		}
	}
	if s.HTTP.Client == "" {
		s.HTTP.Client = OwnClient
		if s.HTTP.Version == HTTP2 {
			s.HTTP.Client = StandardClient
		}
	}
	if s.Workload.Model == "" && s.Workload.ModelFile != "" {
		name := filepath.Base(s.Workload.ModelFile)
		s.Workload.Model = strings.TrimSuffix(name, filepath.Ext(name))
	}
	if s.Data.Generator != "" || s.Data.File == "" && s.Workload.ModelFile != "" && !p.Written {
		s.Data.Corpus = cmp.Or(s.Data.Corpus, defaultCorpus)
		s.Data.Batch = cmp.Or(s.Data.Batch, 1)
	}
	if s.Data.File != "" {
		s.Data.Order = cmp.Or(s.Data.Order, randomOrder)
	}
	for i := range s.Load {
		s.Load[i].resolve(s.Workload.Model, s.Data.Batch)
	}
	if len(s.Load) == 0 {
		s.Load = nil
	}
	for i := range s.Faults {
		s.Faults[i].Phase = cmp.Or(s.Faults[i].Phase, s.firstMeasured())
	}
	if r := s.Regression; r != nil && r.Metrics == nil {
		r.Metrics = []string{record.MetricP50, record.MetricP90}
	}
	if r := s.HTTP.Retries; r != nil && r.On == nil {
		r.On = retriedByDefault()
	}
	if s.Scaling != nil {
		resolveScaling(s.Scaling)
	}
	wanted := map[string]map[string]string{}
	for _, target := range s.Targets {
		wanted[target] = s.inherit(target)
	}
	s.Options = wanted
}

// firstMeasured is the name of the first phase that is measured; "": none is.
func (s *Scenario) firstMeasured() string {
	for _, p := range s.Load {
		if p.Measure {
			return p.Name
		}
	}
	return ""
}

// defaultUtilization is the mean utilization that an autoscaler aims at.
const defaultUtilization = 0.6

// resolveScaling fills in what decides the number of replicas, where it is not fixed.
func resolveScaling(s *record.Scaling) {
	s.Max = cmp.Or(s.Max, s.Min)
	if !s.Varies() {
		return
	}
	s.Metric = cmp.Or(s.Metric, record.ScalingCPU)
	if s.OfLimits() {
		s.Target = cmp.Or(s.Target, defaultUtilization)
	}
}

// resolve fills in what a phase leaves to the workload and the data.
func (p *Phase) resolve(model string, batch int) {
	p.Model = cmp.Or(p.Model, model)
	if p.Arrivals == "" && p.Concurrency == 0 {
		p.Arrivals = defaultArrivals
	}
	kind, open := arrivalsOf(*p)
	if open && kind.Takes(arrivals.ParamGaps) && p.Gaps == "" && (p.Recording == nil || p.Recording.Counts > 0) {
		p.Gaps = arrivals.PoissonGaps
	}
	for i := range p.Mix {
		c := &p.Mix[i]
		c.Model, c.Batch = cmp.Or(c.Model, p.Model), cmp.Or(c.Batch, batch)
	}
}
