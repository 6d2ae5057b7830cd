package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/record"
	"servebench/scenarios/decode"
	"servebench/scenarios/secret"
)

// A sweep makes several variants of a target, one at each point of a grid: lambda@memory=512
// is the scenario's lambda with lambda.memory: 512. What a variant plays is a scenario of its
// own, which the values are put in where a setting would put them: each is read, and checked,
// as if it stood there.

// Sweep are the values that keys take in turn, by keys such as limits.cpus.
type Sweep map[string][]string

// Key takes any key: which can be swept, a catalogue says.
func (Sweep) Key(written string) (string, *decode.Flaw) { return written, nil }

// Point is a target as a run deploys it.
type Point struct {
	Target string           // its name in the run: lambda@memory=512
	Of     string           // the scenario's target that it is made of: lambda
	Values []record.Setting // that it is made with; none of a target that is not swept
	// Scenario is what it plays: the scenario's own, or with a sweep one that names this
	// target alone, under the name above.
	Scenario *Scenario
}

// Deployed are the targets that a run deploys: those of the scenario, or what its sweep makes
// of them.
func (s *Scenario) Deployed() []Point {
	if s.Points != nil {
		return s.Points
	}
	var all []Point
	for _, name := range s.Targets {
		all = append(all, Point{Target: name, Of: name, Scenario: s})
	}
	return all
}

// MoveTo makes a folder the one that servers run in.
func (s *Scenario) MoveTo(dir string) {
	for _, p := range s.Deployed() {
		p.Scenario.Dir = dir
	}
	s.Dir = dir
}

// WholeCPUs is the number of CPUs that the largest server is pinned to.
func (s *Scenario) WholeCPUs() (most int) {
	for _, p := range s.Deployed() {
		most = max(most, p.Scenario.Limits.WholeCPUs())
	}
	return most
}

const (
	// mostPoints is how many variants a sweep makes at most: each has a trial in every round.
	mostPoints = 24
	// mostLetters bounds the part of a variant's name that says its values.
	mostLetters = 64

	sweepKey    = "sweep"
	cpusKey     = "limits.cpus"
	memoryKey   = "limits.memory"
	batchKey    = "data.batch"
	retrainKey  = record.RetrainKey
	variableKey = "workload.env."
	sweptWanted = cpusKey + ", " + memoryKey + ", " + batchKey + ", " + retrainKey + ", " + variableKey + "NAME, or an option of a target, such as lambda.memory"
)

// swept reads one value of a sweep. It is a part of names and of reports, so that nothing secret
// may be in it.
func swept(decode.Tag) decode.Scalar {
	s := decode.Words("a value of the key")
	s.HandedOn = false
	read := s.Read
	s.Read = func(n *decode.Node) (any, *decode.Flaw) {
		if len(n.Variables) > 0 {
			return "", &decode.Flaw{Problem: "${" + n.Variables[0] + "} comes from the environment, and the values of a sweep are shown in reports", Want: "the value"}
		}
		return read(n)
	}
	s.Write = func(v any) any { return decode.WriteValue(v.(string)) }
	return s
}

// axis is one key of a sweep.
type axis struct {
	key    string
	values []*decode.Node
}

// field is where it stands in the scenario.
func (a axis) field() string { return decode.Member(sweepKey, a.key) }

// short is what it is called in names.
func (a axis) short() string { return a.key[strings.LastIndexByte(a.key, '.')+1:] }

// option splits the key into the name of a target and that of its option; "" where it is of none.
func (a axis) option() (target, option string) {
	i := strings.LastIndexByte(a.key, '.')
	if i < 0 || a.key == retrainKey || a.key == cpusKey || a.key == memoryKey || a.key == batchKey || strings.HasPrefix(a.key, variableKey) {
		return "", ""
	}
	return a.key[:i], a.key[i+1:]
}

// put puts a value of the axis in its place.
func (a axis) put(root, value *decode.Node) {
	if name, variable := strings.CutPrefix(a.key, variableKey); variable {
		root.Assign(name, value, "workload", "env")
		return
	}
	if a.key == retrainKey {
		if own := root.Get(retrainKey); own == nil || own.Get("on") == nil { // it is a policy alone
			root.Put(value, retrainKey)
			return
		}
		root.Put(value, retrainKey, "on")
		return
	}
	i := strings.LastIndexByte(a.key, '.')
	root.Put(value, a.key[:i], a.key[i+1:])
}

// of is the value that a scenario has, in one spelling.
func (a axis) of(s *Scenario, value *decode.Node) string {
	switch a.key {
	case cpusKey:
		return decode.FormatNumber(s.Limits.CPUs)
	case memoryKey:
		return s.Limits.Memory.String()
	case batchKey:
		return strconv.Itoa(s.Data.Batch)
	case retrainKey:
		if s.Retrain != nil {
			return s.Retrain.On
		}
	}
	return value.Text
}

// multiplies reports whether a target is made several of by the axis. Nothing that a server
// is started with changes one that runs already, and a limit none that is sized otherwise.
func (a axis) multiplies(target string, cat Catalogue, given func(field string) bool) bool {
	if a.key == batchKey || a.key == retrainKey {
		return true
	}
	name, option := a.option()
	if kind := targetKind(cat, target); name == "" {
		return !kind.Running && (kind.SizedBy == "" || a.key != cpusKey && a.key != memoryKey)
	}
	base, _, variant := strings.Cut(target, variantMark)
	return name == target || variant && name == base && !given(decode.Member(target, option))
}

// expand makes the points of the scenario's sweep, from the source before it was decoded. The
// faults of all points are those of the source.
func (c check) expand(before *decode.Source) {
	if len(c.s.Sweep) == 0 || !c.Sound(sweepKey, "targets") {
		return
	}
	axes := c.axes(before.Root.Get(sweepKey))
	own := map[string][]axis{}
	for _, target := range c.s.Targets {
		own[target] = slices.DeleteFunc(slices.Clone(axes), func(a axis) bool { return !a.multiplies(target, c.cat, c.Given) })
	}
	if !c.fewEnough(own) {
		return
	}
	var all []Point
	swept := false
	for _, target := range c.s.Targets {
		points := c.points(target, own[target], before)
		c.distinctPoints(own[target], points)
		all, swept = append(all, points...), swept || len(own[target]) > 0
	}
	if swept {
		c.s.Points = all
	}
}

// axes are the keys of the sweep that can be swept, sorted.
func (c check) axes(sweep *decode.Node) (all []axis) {
	for key, list := range sweep.Pairs() {
		a := axis{key, list.Items()}
		problem, want := c.unsweepable(a)
		if c.refuse(a.field(), problem != "", problem, want); problem == "" {
			all = append(all, a)
		}
	}
	slices.SortFunc(all, func(a, b axis) int { return strings.Compare(a.key, b.key) })
	return all
}

// unsweepable says why a key cannot be swept, and which can; "" where it can.
func (c check) unsweepable(a axis) (problem, want string) {
	name, variable := strings.CutPrefix(a.key, variableKey)
	target, option := a.option()
	kind, known := c.cat.Target(target)
	ofServer := variable || a.key == cpusKey || a.key == memoryKey
	var options []string
	for _, o := range kind.Options {
		options = append(options, o.Name)
	}
	switch {
	case variable && !variableName.MatchString(name):
		return fmt.Sprintf("%q is no name of a variable", name), variableKey + "NAME, such as " + variableKey + "WORKERS"
	case secret.Named(a.short()):
		return a.short() + " sounds like a secret, and the values of a sweep are shown in reports", "another key"
	case ofServer && c.allRun():
		return "the server of every target runs already, and is not started here", "a target that starts its server"
	case ofServer && c.Sound("targets") && !slices.ContainsFunc(c.s.Targets, func(t string) bool { return a.multiplies(t, c.cat, c.Given) }):
		by := decode.Member(c.s.Targets[0], targetKind(c.cat, c.s.Targets[0]).SizedBy)
		return "the memory and the CPUs of the target follow from " + by, by
	case option != "" && known && options != nil && !slices.Contains(options, option):
		return fmt.Sprintf("%s has no option %q%s", target, option, decode.Suggest(option, options)), decode.OneOf(options)
	case !ofServer && a.key != batchKey && a.key != retrainKey && !slices.Contains(options, option):
		return "it cannot be swept", sweptWanted
	}
	return "", ""
}

// fewEnough refuses a grid with too many points. own are the axes of each target.
func (c check) fewEnough(own map[string][]axis) bool {
	total, of := 0, []string{}
	for _, target := range c.s.Targets {
		size, factors := 1, []string{}
		for _, a := range own[target] {
			size *= len(a.values)
			factors = append(factors, fmt.Sprint(len(a.values)))
		}
		if len(factors) > 0 {
			total, of = total+size, append(of, strings.Join(factors, " × ")+" of "+target)
		}
	}
	c.refuse(sweepKey, total > mostPoints, fmt.Sprintf("it makes %d variants, %s", total, strings.Join(of, " and ")), fmt.Sprintf("at most %d", mostPoints))
	return total <= mostPoints
}

// points are those of one target: the product of the axes that multiply it. The values of
// the last axis change first.
func (c check) points(target string, axes []axis, before *decode.Source) (all []Point) {
	size := 1
	for _, a := range axes {
		size *= len(a.values)
	}
	for i := range size {
		source, chosen := before.Copy(), make([]*decode.Node, len(axes))
		source.Root.Remove(sweepKey)
		for k := len(axes) - 1; k >= 0; k-- {
			n := len(axes[k].values)
			chosen[k], i = axes[k].values[i%n], i/n
			axes[k].put(source.Root, chosen[k])
		}
		s := c.cat.read(source, c.s.Secrets)
		c.Join(source)
		p := Point{Of: target, Scenario: s}
		for k, a := range axes {
			p.Values = append(p.Values, record.Setting{Key: a.key, Value: a.of(s, chosen[k])})
		}
		p.Target = nameOfPoint(target, p.Values)
		s.Targets, s.Options = []string{p.Target}, map[string]map[string]string{p.Target: s.Options[target]}
		all = append(all, p)
	}
	return all
}

// nameOfPoint names a target with the values that it has: lambda@memory=512.
func nameOfPoint(target string, values []record.Setting) string {
	mark := variantMark
	if strings.Contains(target, variantMark) {
		mark = "+"
	}
	for _, v := range values {
		key := axis{key: v.Key}.short()
		if slices.ContainsFunc(values, func(o record.Setting) bool { return o.Key != v.Key && (axis{key: o.Key}).short() == key }) {
			key = v.Key
		}
		target += mark + key + "=" + unnamable.ReplaceAllString(v.Value, "-")
		mark = "+"
	}
	return target
}

// unnamable is what variants are named without.
var unnamable = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// distinctPoints refuses a value that a key has twice, in one spelling or another, and values
// whose names are the same or too long.
func (c check) distinctPoints(axes []axis, all []Point) {
	stride := len(all)
	for k, a := range axes {
		stride /= len(a.values)
		values, names := map[string]bool{}, map[string]string{}
		for j := range a.values {
			p, field := all[j*stride], decode.Element(a.field(), j)
			v := p.Values[k].Value
			name := unnamable.ReplaceAllString(v, "-")
			if !p.Scenario.Source.Sound(a.key) {
				continue
			}
			c.refuse(field, values[v], fmt.Sprintf("%s is in the list already", v), "each value once")
			c.refuse(field, names[name] != "" && names[name] != v, fmt.Sprintf("%q and %q make the same name, %s", names[name], v, name), "values that differ in letters or digits")
			values[v], names[name] = true, v
		}
	}
	for _, p := range all {
		_, name, _ := strings.Cut(p.Target, variantMark)
		c.refuse(sweepKey, len(name) > mostLetters, fmt.Sprintf("its values make a name of %d letters, %s", len(name), name), fmt.Sprintf("values that make at most %d", mostLetters))
	}
}
