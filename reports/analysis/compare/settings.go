package compare

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"servebench/reports/record"

	"github.com/goccy/go-yaml"
)

// settings compares the keys of the resolved scenarios that no other field of the
// record tells. Those of an A/B test are its variants', each under its own name.
func settings(base, fresh *record.Run) []Difference {
	var all []Difference
	old := texts(base)
	for where, text := range texts(fresh) {
		if former, both := old[where]; both && former != text {
			all = append(all, keys(where, settingsOf(former), settingsOf(text))...)
		}
	}
	slices.SortFunc(all, func(a, b Difference) int {
		return strings.Compare(a.Where+"\x00"+a.What, b.Where+"\x00"+b.What)
	})
	all = append(all, variables(base.Scenario, fresh.Scenario)...)
	return append(all, goodput(base, fresh)...)
}

// texts are the resolved scenarios of a run: one for all targets, or one for each
// variant of an A/B test.
func texts(run *record.Run) map[string]string {
	if run.AB == nil {
		return map[string]string{"": run.Scenario.Text}
	}
	return map[string]string{
		run.AB.Baseline.Target:  run.AB.Baseline.Text,
		run.AB.Candidate.Target: run.AB.Candidate.Text,
	}
}

// keys compares the settings of one scenario.
func keys(where string, base, fresh map[string]string) []Difference {
	var all []Difference
	both := maps.Clone(base)
	maps.Copy(both, fresh)
	for key := range both {
		kind, what := kindOf(key, both), key
		if kind != "" && onlySecrets(base[key], fresh[key]) {
			kind = Remark
			if !sameKey(base[key], fresh[key]) {
				what += hashedTwice
			}
		}
		if kind != "" && base[key] != fresh[key] {
			all = append(all, differ(kind, where, what, base[key], fresh[key])...)
		}
	}
	return all
}

// hashedTwice ends the name of a secret of which two hashes are known that were made with
// two keys, so that the values may be the same.
const hashedTwice = " (hashed with two keys)"

// secretMarks are what stands for a secret in a resolved scenario: a hash of it, led by
// one of the key that it was made with, which is another on every machine.
var secretMarks = regexp.MustCompile(`\$\{secret:([^.}]*)[^}]*\}`)

// onlySecrets reports whether two values differ in secrets alone, of which hashes are
// known.
func onlySecrets(base, fresh string) bool {
	return secretMarks.MatchString(base) && secretMarks.ReplaceAllString(base, "") == secretMarks.ReplaceAllString(fresh, "")
}

// sameKey reports whether the secrets in two values were hashed with the same key.
func sameKey(base, fresh string) bool {
	b, n := secretMarks.FindStringSubmatch(base), secretMarks.FindStringSubmatch(fresh)
	return b != nil && n != nil && b[1] == n[1]
}

// samePaths reports whether two values differ in paths alone, which are the same from the
// folders of their scenarios: in two checkouts, all paths differ and none is another file.
func samePaths(baseDir, base, freshDir, fresh string) bool {
	parts := func(value string) []string {
		return strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(" []", c) })
	}
	return slices.EqualFunc(parts(base), parts(fresh), func(b, n string) bool {
		return b == n || samePath(baseDir, b, freshDir, n)
	})
}

func samePath(baseDir, base, freshDir, fresh string) bool {
	if !filepath.IsAbs(base) || !filepath.IsAbs(fresh) || baseDir == "" || freshDir == "" {
		return false
	}
	b, errBase := filepath.Rel(baseDir, base)
	n, errFresh := filepath.Rel(freshDir, fresh)
	return errBase == nil && errFresh == nil && b == n
}

// variables compares the values of the environment's variables that the scenarios take,
// of which hashes are known. Those of other keys tell nothing.
func variables(base, fresh record.Scenario) []Difference {
	var all []Difference
	for _, name := range slices.Sorted(maps.Keys(base.Variables)) {
		b, n := base.Variables[name], fresh.Variables[name]
		keyOfBase, _, _ := strings.Cut(b, ".")
		if strings.HasPrefix(n, keyOfBase+".") {
			all = append(all, differ(Remark, "", "variable "+name+", a hash of its value", b, n)...)
		}
	}
	return all
}

// kindOf says what a difference in a key of the scenario is; "" of a key that does
// not matter or that is compared elsewhere.
func kindOf(key string, all map[string]string) string {
	for _, k := range []struct{ prefix, kind string }{
		{"limits", Limits},
		{"protocol", Protocol},
		{"template", Protocol},
		{"timeout", Client},
		{"attackers", Client},
		{"abort_on", Load},
		{"data.order", Load},
		{"data.label", Protocol},
		{"data.expect", Protocol},
		{"data.classes", Protocol},
		{"data.tolerance", Protocol},
		{"load", Load},
		{"workload.model", Model},
		{"workload.model_file", ""}, // by its SHA-256
		{"workload.ready", ""},
		{"workload.start_timeout", ""},
		{"workload", Remark}, // the server, which may be what is to be compared
		{"endpoint", Remark},
		{"scaling", Remark}, // an autoscaler's settings, too
		{"name", Remark},
		{unreadable, Remark},
	} {
		if below(key, k.prefix) {
			return k.kind
		}
	}
	// The options of a target stand under its name, which is one of the list.
	for target := range strings.FieldsSeq(strings.Trim(all["targets"], "[]")) {
		if below(key, target) {
			return Target
		}
	}
	return ""
}

// unreadable is the key that stands for a whole scenario that cannot be read.
const unreadable = "scenario"

// below says that a key is the one given or inside it.
func below(key, parent string) bool {
	rest, ok := strings.CutPrefix(key, parent)
	return ok && (rest == "" || rest[0] == '.')
}

// longestText bounds a scenario's text in bytes: the parser's time grows with the
// square of it.
const longestText = 64 << 10

// settingsOf are the settings of a resolved scenario by their keys, with dots, as
// --set takes them: "limits.cpus". Those of a phase, but for what the record has of
// it, stand under its name. A text that is no YAML, or too much of it, has one that
// says so.
func settingsOf(text string) map[string]string {
	var tree map[string]any
	if len(text) > longestText || yaml.Unmarshal([]byte(text), &tree) != nil {
		return map[string]string{unreadable: "not readable"}
	}
	phases, _ := tree["load"].([]any)
	delete(tree, "load")
	all := map[string]string{}
	flatten(all, "", tree)
	for _, p := range phases {
		if phase, ok := p.(map[string]any); ok {
			name := fmt.Sprint(phase["name"])
			maps.DeleteFunc(phase, func(key string, _ any) bool { return recorded(key) })
			flatten(all, "load."+name, phase)
		}
	}
	return all
}

// recorded says that a key of a phase is in record.Phase, in other words.
func recorded(key string) bool {
	return slices.Contains([]string{"name", "model", "arrivals", "rate", "duration", "measure", "concurrency", "think", "mix"}, key)
}

func flatten(all map[string]string, prefix string, tree map[string]any) {
	for key, value := range tree {
		if prefix != "" {
			key = prefix + "." + key
		}
		if inner, ok := value.(map[string]any); ok {
			flatten(all, key, inner)
			continue
		}
		all[key] = fmt.Sprint(value)
	}
}

// shownSum is how many characters of a checksum tell two apart for a reader.
const shownSum = 12

// payloads compares what is sent, and the seed that it follows from. Bytes that
// differ because of the seed alone are a difference of the seed.
func payloads(base, fresh *record.Run) []Difference {
	b, n := base.Scenario, fresh.Scenario
	kind := Payloads
	if b.Seed != n.Seed && b.Corpus == n.Corpus && b.Batch == n.Batch && maps.Equal(dataOf(base), dataOf(fresh)) {
		kind = Seed
	}
	all := differ(Seed, "", "seed", b.Seed, n.Seed)
	if b.Payloads != n.Payloads {
		all = append(all, Difference{Kind: kind, What: "requests, SHA-256", Base: sum(b.Payloads), New: sum(n.Payloads)})
	}
	all = append(all, differ(Payloads, "", "distinct requests", int64(b.Corpus), int64(n.Corpus))...)
	return append(all, differ(Payloads, "", "examples per request", b.Batch, n.Batch)...)
}

// modelFiles compares the models that are served from files.
func modelFiles(base, fresh *record.Run) []Difference {
	hash := func(run *record.Run) string {
		if run.Scenario.ModelFile == nil {
			return ""
		}
		return sum(run.Scenario.ModelFile.SHA256)
	}
	return differ(Model, "", "model file, SHA-256", hash(base), hash(fresh))
}

// dataOf are the settings that the requests are made from, beside the seed.
func dataOf(run *record.Run) map[string]string {
	all := settingsOf(run.Scenario.Text)
	maps.DeleteFunc(all, func(key, _ string) bool { return !below(key, "data") })
	return all
}

// sum shortens a checksum, or several one after the other, of which the last may be
// the one that differs.
func sum(s string) string {
	if len(s) <= 2*shownSum {
		return s
	}
	return s[:shownSum] + "…" + s[len(s)-shownSum:]
}

// loads compares the phases that both runs have, and the warm-ups: a server that
// was warmed up is another than one that was not. A measured phase that only one
// has is Missing.
func loads(base, fresh *record.Run) []Difference {
	var all []Difference
	for _, b := range base.Scenario.Phases {
		n, found := phaseNamed(fresh, b.Name)
		switch {
		case found:
			all = append(all, phase(b, n)...)
		case !b.Measured:
			all = append(all, Difference{Kind: Load, Where: b.Name, What: "warm-up", Base: b})
		}
	}
	for _, n := range fresh.Scenario.Phases {
		if _, found := phaseNamed(base, n.Name); !found && !n.Measured {
			all = append(all, Difference{Kind: Load, Where: n.Name, What: "warm-up", New: n})
		}
	}
	return all
}

func phaseNamed(run *record.Run, name string) (record.Phase, bool) {
	i := slices.IndexFunc(run.Scenario.Phases, func(p record.Phase) bool { return p.Name == name })
	if i < 0 {
		return record.Phase{}, false
	}
	return run.Scenario.Phases[i], true
}

// phase compares a phase of one name.
func phase(base, fresh record.Phase) []Difference {
	all := differ(Model, base.Name, "model", base.Model, fresh.Model)
	if !reflect.DeepEqual(evenLoad(base), evenLoad(fresh)) {
		all = append(all, Difference{Kind: Load, Where: base.Name, What: "load", Base: base, New: fresh})
	}
	return slices.Concat(all,
		differ(Load, base.Name, "measured", base.Measured, fresh.Measured),
		differ(Load, base.Name, "steps", base.Steps, fresh.Steps),
		differ(Load, base.Name, "mix", base.Mix, fresh.Mix))
}

// evenLoad is a phase without what is compared by itself.
func evenLoad(p record.Phase) record.Phase {
	if len(p.Steps) > 0 {
		p.Rate = 0
	}
	p.Model, p.Measured, p.Steps, p.Mix = "", false, nil, nil
	return p
}

// goodput tells that the deadlines differ within which an answer is a good one. It
// forbids nothing: goodput alone is left out of the Figures.
func goodput(base, fresh *record.Run) []Difference {
	return differ(Remark, "", "deadline of goodput, which is left out", base.Scenario.SLO.Deadline(), fresh.Scenario.SLO.Deadline())
}
