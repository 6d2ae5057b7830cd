package decode

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// source is the text of the types below, as their package would embed it.
const source = `package decode

type plan struct {
	// What it is called.
	Name string
}
`

type plan struct {
	Name  string        `key:"name,required" format:"word" want:"a name"`
	Every time.Duration `key:"every" default:"10s"`
	Most  *float64      `key:"most" default:"none" format:"fraction"`
	Steps []stage       `key:"steps" absent:"no steps" least:"1" label:"list of mappings" want:"a list of steps"`
}

type stage struct {
	Name  string `key:"name,required" format:"word" want:"a name"`
	Times int    `key:"times" default:"1" min:"1" max:"9"`
}

func planFormat() *Format {
	docs := ParseDocs(fstest.MapFS{"plan.go": {Data: []byte(source)}, "broken.go": {Data: []byte("pack age")}})
	return NewFormat(plan{}, Options{Docs: docs})
}

func TestDecode(t *testing.T) {
	s := Open("f", []byte("name: a\nsteps: [{name: b}, {name: c, times: 3}]\n"), Setting{Key: "steps.b.times", Value: "2"}, Setting{Key: "most", Value: "1%"})
	s.Apply(0)
	s.Apply(1)
	var got plan
	planFormat().Decode(s, &got)
	if faults := s.Faults(); faults != nil {
		t.Fatal(faults)
	}
	most := 0.01
	want := plan{Name: "a", Every: 10 * time.Second, Most: &most, Steps: []stage{{"b", 2}, {"c", 3}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text, err := Marshal(planFormat().Encode(got))
	if want := "name: a\nevery: 10s\nmost: 1%\nsteps:\n  - name: b\n    times: 2\n  - name: c\n    times: 3\n"; err != nil || string(text) != want {
		t.Errorf("written as (%v)\n%s", err, text)
	}
}

// TestEveryFault finds all of them in one go, each where it stands.
func TestEveryFault(t *testing.T) {
	s := Open("f", []byte("nam: a\nevery: 10\nsteps: [{times: 10}, 7]\n"), Setting{Key: "most", Value: "101%"}, Setting{Key: "steps.x.times", Value: "1"})
	s.Apply(0)
	s.Apply(1)
	planFormat().Decode(s, &plan{})
	want := `f:1:1: nam: unknown key (did you mean "name"?); want one of name, every, most, steps
f:1:1: name: missing; want a name
f:2:8: every: 10 has no unit; want for example 10s
f:3:9: steps[0].name: missing; want a name
f:3:17: steps[0].times: 10 is above 9; want a whole number from 1 to 9
f:3:22: steps[1]: 7 is not a mapping; want keys with their values
--set most=101%: most: 101% is above 1; want a fraction such as 0.01 or 1%
--set steps.x.times=1: steps: has no item "x"; want an index, such as steps[0]`
	if diff := cmp.Diff(want, s.Faults().Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDocs takes what keys mean from the comments.
func TestDocs(t *testing.T) {
	if got, want := planFormat().Reference(), "name  (text; required)\n    What it is called.\n"; !strings.HasPrefix(got, want) {
		t.Errorf("%s\nwant it to begin\n%s", got, want)
	}
}

func TestDifferencesOfMappings(t *testing.T) {
	f := planFormat()
	got := Differences(f.Encode(plan{Name: "a", Steps: []stage{{"b", 2}}}), f.Encode(plan{Name: "a", Every: time.Second, Steps: []stage{{"b", 3}, {"c", 1}}}))
	want := []Difference{
		{"every", "0s", "1s"}, {"steps.b.times", "2", "3"}, {"steps.c", "none", "[{name c} {times 1}]"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
