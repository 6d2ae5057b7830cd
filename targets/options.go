package targets

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Resolve returns the value of every option: what the configuration sets, else
// the default. It reports an option that does not exist and a value that is
// not allowed, naming what is.
func Resolve(options []Option, set map[string]string) (map[string]string, error) {
	values := make(map[string]string, len(options))
	var names []string
	for _, o := range options {
		names = append(names, o.Name)
		values[o.Name] = o.Default
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		i := slices.Index(names, name)
		if i < 0 {
			return nil, fmt.Errorf("unknown option %q: want %s", name, oneOf(names))
		}
		if allowed := options[i].Values; len(allowed) > 0 && !slices.Contains(allowed, set[name]) {
			return nil, &OptionError{name, fmt.Errorf("%q is not allowed: want %s", set[name], oneOf(allowed))}
		}
		values[name] = set[name]
	}
	return values, nil
}

// OptionError says that the value of an option is wrong, and what would be right.
type OptionError struct {
	Option string // its name
	Err    error  // names the value
}

func (e *OptionError) Error() string { return fmt.Sprintf("option %s: %v", e.Option, e.Err) }
func (e *OptionError) Unwrap() error { return e.Err }

// oneOf names the choices.
func oneOf(choices []string) string {
	switch len(choices) {
	case 0:
		return "no options, the target has none"
	case 1:
		return choices[0]
	}
	return "one of " + strings.Join(choices, ", ")
}
