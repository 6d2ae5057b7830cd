package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"servebench/reports/record"

	"github.com/goccy/go-yaml"
)

// settings compares the keys of the resolved scenarios that no other field of the
// record tells. Those of a duet are its arms', each under its own name.
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
	return append(all, goodput(base, fresh)...)
}

// texts are the resolved scenarios of a run: one for all targets, or one for each
// arm of a duet.
func texts(run *record.Run) map[string]string {
	if run.Duet == nil {
		return map[string]string{"": run.Scenario.Text}
	}
	return map[string]string{
		run.Duet.Baseline.Target:  run.Duet.Baseline.Text,
		run.Duet.Candidate.Target: run.Duet.Candidate.Text,
	}
}

// keys compares the settings of one scenario.
func keys(where string, base, fresh map[string]string) []Difference {
	var all []Difference
	both := maps.Clone(base)
	maps.Copy(both, fresh)
	for key := range both {
		kind := kindOf(key, both)
		if kind != "" && base[key] != fresh[key] {
			all = append(all, differ(kind, where, key, base[key], fresh[key])...)
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
		{"load", Load},
		{"workload.model", Model},
		{"workload.ready", ""},
		{"workload.start_timeout", ""},
		{"workload", Remark}, // the server, which may be what is to be compared
		{"endpoint", Remark},
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
			return Place
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
	return slices.Contains([]string{"name", "model", "law", "rate", "duration", "measure", "callers", "think", "mix"}, key)
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
