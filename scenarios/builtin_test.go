package scenarios

import (
	"testing"
)

func TestBuiltins(t *testing.T) {
	for _, b := range Builtins() {
		t.Run(b.Name, func(t *testing.T) {
			s, err := Parse(b.Name, b.Text, testCatalogue())
			if err != nil {
				t.Fatal(err)
			}
			if s.Name != b.Name || s.Description != b.Doc {
				t.Errorf("the file says %q, %q; the list says %q, %q", s.Name, s.Description, b.Name, b.Doc)
			}
			text, err := s.YAML()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, b.Name+".golden.yaml", text)
			again, err := Parse(b.Name, text, testCatalogue())
			if err != nil {
				t.Fatal(err)
			}
			if diff := difference(s, again); diff != "" {
				t.Errorf("the resolved text is another scenario (-file +resolved):\n%s", diff)
			}
		})
	}
}
