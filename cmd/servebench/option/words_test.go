package option

import (
	"errors"
	"strings"
	"testing"
)

// A name that is not in the list says which are, and which was probably meant.
func TestSomeOf(t *testing.T) {
	formats := func() *SomeOf[string] {
		return &SomeOf[string]{All: []string{"html", "png", "text", "json", "junit"}, NameOf: strings.Clone, Chosen: []string{"html"}}
	}
	f := formats()
	if err := f.Set("png,htm"); err == nil || err.Error() != `"htm" is unknown (did you mean "html"?); want some of html, png, text, json, junit` {
		t.Error(err)
	}
	f = formats()
	if err := errors.Join(f.Set("json,text"), f.Set("junit")); err != nil || f.String() != "json,text,junit" {
		t.Errorf("%s, %v", f, err)
	}
}
