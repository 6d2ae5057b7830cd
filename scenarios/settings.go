package scenarios

import (
	"fmt"
	"strconv"
	"strings"
)

// Setting changes one value of a scenario before it is read, so that it is
// checked as if it stood in the file.
type Setting struct {
	// Key leads to the value: names with dots between them, and the items of a
	// list by their index ("load[1].rate") or their name ("load.steady.rate").
	Key string
	// Value is what would stand in the file; a list or a mapping is written in
	// brackets: "[physical, container]".
	Value string
	// Flag is how the user gave it, for faults: "--rounds 2". "" means --set.
	Flag string
}

// String returns what the user gave.
func (s Setting) String() string {
	if s.Flag != "" {
		return s.Flag
	}
	return "--set " + s.Key + "=" + s.Value
}

// ParseSetting reads key=value. It fails where there is no = or no key; whether
// a scenario has the key and takes the value is for Parse to say.
func ParseSetting(s string) (Setting, error) {
	key, value, ok := strings.Cut(s, "=")
	key = strings.TrimSpace(key)
	if !ok || key == "" {
		if end := strings.IndexAny(s, ": "); end >= 0 { // what follows may be a secret
			s = s[:end] + "…"
		}
		return Setting{}, fmt.Errorf("setting %q: want key=value, such as load.steady.rate=500", s)
	}
	return Setting{Key: key, Value: strings.TrimSpace(value)}, nil
}

// apply makes the change of a setting, given by its number from 1. The faults of one
// that changes nothing are set aside from those of the values.
func (d *decoder) apply(root *node, number int) {
	defer d.setAside(len(d.found))
	setting := d.settings[number-1]
	at := origin{setting: number}
	steps, ok := parsePath(setting.Key)
	if !ok {
		d.add(at, "", fmt.Sprintf("%q leads nowhere", setting.Key), "keys with dots between them, such as load.steady.rate or load[1].rate")
		return
	}
	value := d.settingValue(number, setting.Value)
	if value == nil {
		return
	}
	walk := walker{d: d, at: at}
	if place := walk.to(root, steps); place != nil {
		*place = *value
	}
}

// settingValue reads a setting's value, nil when it is a fault. A value without
// brackets or quotes is taken as it is, whatever it means in YAML.
func (d *decoder) settingValue(number int, value string) *node {
	if value == "" || !strings.ContainsRune("[{\"'", rune(value[0])) {
		return &node{at: origin{setting: number}, style: verbatim, text: value}
	}
	return (&reader{report: &d.report, setting: number}).read([]byte(value))
}

// step is one part of a setting's key.
type step struct {
	name  string // "" for an index
	index int
}

// parsePath splits a setting's key into steps.
func parsePath(key string) ([]step, bool) {
	var steps []step
	for part := range strings.SplitSeq(key, ".") {
		name, rest, _ := strings.Cut(part, "[")
		if name == "" {
			return nil, false
		}
		steps = append(steps, step{name: name})
		if len(name) == len(part) {
			continue
		}
		for index := range strings.SplitSeq(rest, "[") {
			digits, ok := strings.CutSuffix(index, "]")
			i, err := strconv.ParseUint(digits, 10, 31)
			if !ok || err != nil {
				return nil, false
			}
			steps = append(steps, step{index: int(i)})
		}
	}
	return steps, true
}
