package main

import (
	"testing"

	"servebench/cmd/servebench/option"
	"servebench/reports"
)

// A run writes nothing for continuous integration unless told to, a gate everything.
func TestFormatsOfAGate(t *testing.T) {
	for want, formats := range map[string]*option.SomeOf[reports.Format]{
		"html,png,text,json": newFormats(true, false),
		"junit,markdown,openmetrics,benchfmt,benchmark-action":                    newFormats(false, true),
		"html,png,text,json,junit,markdown,openmetrics,benchfmt,benchmark-action": newFormats(true, true),
	} {
		if formats.String() != want {
			t.Errorf("%s, want %s", formats, want)
		}
		if err := formats.Set("junit"); err != nil || formats.String() != "junit" {
			t.Errorf("told to write junit: %s, %v", formats, err)
		}
	}
}
