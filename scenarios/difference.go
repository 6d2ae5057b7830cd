package scenarios

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
)

// Difference is one value that two scenarios do not share.
type Difference struct {
	Key string // "load.steady.rate", as in a Setting
	// One and Other are the values as they would be written; "none" for none.
	One, Other string
	// OfServer says that it is about the server and where it runs: about workload,
	// targets, their options or limits, and not about the load.
	OfServer bool
}

// Differences lists what two scenarios differ in, in the order of the table of keys.
func Differences(one, other *Scenario) []Difference {
	var all []Difference
	for _, r := range scenarioRows(Catalogue{}) {
		found := differences(r.name, one.hide(r.name, r.encode(one), ""), other.hide(r.name, r.encode(other), ""))
		for i := range found {
			found[i].OfServer = slices.Contains([]string{"targets", "workload", "limits"}, r.name)
		}
		all = append(all, found...)
	}
	for _, target := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(one.Targets, other.Targets)))) {
		a, b := one.hiddenOptions(target), other.hiddenOptions(target)
		if fmt.Sprint(a) != fmt.Sprint(b) { // in the order of the keys
			all = append(all, Difference{Key: target, One: fmt.Sprint(a), Other: fmt.Sprint(b), OfServer: true})
		}
	}
	return all
}

// differences compares what stands at a key.
func differences(key string, one, other any) []Difference {
	a, isA := keyed(one)
	b, isB := keyed(other)
	if !isA || !isB {
		if x, y := shown(one), shown(other); x != y {
			return []Difference{{Key: key, One: x, Other: y}}
		}
		return nil
	}
	var all []Difference
	for _, item := range a {
		name := fmt.Sprint(item.Key)
		all = append(all, differences(member(key, name), item.Value, valueOf(b, name))...)
	}
	for _, item := range b {
		if name := fmt.Sprint(item.Key); valueOf(a, name) == nil {
			all = append(all, differences(member(key, name), nil, item.Value)...)
		}
	}
	return all
}

// keyed returns the items of a mapping, or those of a list of mappings under their
// names; false of anything else.
func keyed(v any) (yaml.MapSlice, bool) {
	if items, ok := v.(yaml.MapSlice); ok {
		return items, true
	}
	list, ok := v.([]any)
	var named yaml.MapSlice
	for _, thing := range list {
		items, isMapping := thing.(yaml.MapSlice)
		name := valueOf(items, "name")
		if !isMapping || name == nil {
			return nil, false
		}
		named = append(named, yaml.MapItem{Key: name, Value: items})
	}
	return named, ok
}

// valueOf is the value of a key, nil where there is none.
func valueOf(items yaml.MapSlice, key string) any {
	i := slices.IndexFunc(items, func(item yaml.MapItem) bool { return fmt.Sprint(item.Key) == key })
	if i < 0 {
		return nil
	}
	return items[i].Value
}

// shown is a value in a message.
func shown(v any) string {
	if v == nil {
		return none
	}
	return fmt.Sprint(v)
}
