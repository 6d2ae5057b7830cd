// Package option is how a user sets what a command does: flags that take words of a list,
// the environment that stands for flags, and the settings of --set.
package option

import (
	"fmt"
	"slices"
	"strings"

	"servebench/scenarios/decode"
)

// OneOf is a flag value that takes one of a few words.
type OneOf struct {
	Value string
	Words []string
}

// NewOneOf takes the words given, the first of which is the default.
func NewOneOf(words ...string) *OneOf { return &OneOf{Value: words[0], Words: words} }

func (o *OneOf) String() string { return o.Value }
func (o *OneOf) Type() string   { return strings.Join(o.Words, "|") }

func (o *OneOf) Set(value string) error {
	if !slices.Contains(o.Words, value) {
		return fmt.Errorf("want one of %s", strings.Join(o.Words, ", "))
	}
	o.Value = value
	return nil
}

// SomeOf is a flag value that takes some of a list, by names with commas between them.
type SomeOf[K any] struct {
	All    []K
	NameOf func(K) string
	Chosen []K // the default until the flag is given
	Given  bool
}

func (s *SomeOf[K]) String() string { return strings.Join(Names(s.Chosen, s.NameOf), ",") }
func (s *SomeOf[K]) Type() string   { return "names" }

func (s *SomeOf[K]) Set(text string) error {
	if !s.Given {
		s.Chosen, s.Given = nil, true
	}
	known := Names(s.All, s.NameOf)
	for name := range strings.SplitSeq(text, ",") {
		i := slices.Index(known, name)
		if i < 0 {
			return fmt.Errorf("%q is unknown%s; want some of %s", name, decode.Suggest(name, known), strings.Join(known, ", "))
		}
		s.Chosen = append(s.Chosen, s.All[i])
	}
	return nil
}

// Known lists what the flag takes, for its help.
func (s *SomeOf[K]) Known() string { return strings.Join(Names(s.All, s.NameOf), ", ") }

// Names are those of a list, in its order.
func Names[K any](all []K, nameOf func(K) string) []string {
	var names []string
	for _, k := range all {
		names = append(names, nameOf(k))
	}
	return names
}
