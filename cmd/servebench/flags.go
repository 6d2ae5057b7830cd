package main

import (
	"fmt"
	"slices"
	"strings"

	"servebench/reports"
	"servebench/scenarios/decode"
	"servebench/targets"
)

// oneOf is a flag value that takes one of a few words.
type oneOf struct {
	value string
	words []string
}

func newOneOf(words ...string) *oneOf { return &oneOf{value: words[0], words: words} }

func (o *oneOf) String() string { return o.value }
func (o *oneOf) Type() string   { return strings.Join(o.words, "|") }

func (o *oneOf) Set(value string) error {
	if !slices.Contains(o.words, value) {
		return fmt.Errorf("want one of %s", strings.Join(o.words, ", "))
	}
	o.value = value
	return nil
}

// someOf is a flag value that takes some of a list, by names with commas between them.
type someOf[K any] struct {
	all    []K
	nameOf func(K) string
	chosen []K // the default until the flag is given
	given  bool
}

func (s *someOf[K]) String() string { return strings.Join(names(s.chosen, s.nameOf), ",") }
func (s *someOf[K]) Type() string   { return "names" }

func (s *someOf[K]) Set(text string) error {
	if !s.given {
		s.chosen, s.given = nil, true
	}
	known := names(s.all, s.nameOf)
	for name := range strings.SplitSeq(text, ",") {
		i := slices.Index(known, name)
		if i < 0 {
			return fmt.Errorf("%q is unknown%s; want some of %s", name, decode.Suggest(name, known), strings.Join(known, ", "))
		}
		s.chosen = append(s.chosen, s.all[i])
	}
	return nil
}

// known lists what the flag takes, for its help.
func (s *someOf[K]) known() string { return strings.Join(names(s.all, s.nameOf), ", ") }

// names are those of a list, in its order.
func names[K any](all []K, nameOf func(K) string) []string {
	var names []string
	for _, k := range all {
		names = append(names, nameOf(k))
	}
	return names
}

func targetName(k targets.Kind) string   { return k.Name }
func formatName(f reports.Format) string { return f.Name }

// targetNames lists the targets, for the help of flags.
func targetNames() string { return strings.Join(names(targetKinds(), targetName), ", ") }

// newFormats is the flag of the reports to write: unless told otherwise those for people,
// or for continuous integration, or both.
func newFormats(people, ci bool) *someOf[reports.Format] {
	all := reportFormats()
	chosen := slices.DeleteFunc(slices.Clone(all), func(f reports.Format) bool { return f.CI && !ci || !f.CI && !people })
	return &someOf[reports.Format]{all: all, nameOf: formatName, chosen: chosen}
}
