package profiles

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/generators"
	"servebench/generators/drift"
)

// TestOpen reads the rows of a file, whose categories are names or numbers, and says what
// is wrong with one that cannot be compared.
func TestOpen(t *testing.T) {
	schema := generators.Schema{Features: []generators.Feature{{Name: "x"}, {Name: "colour", Categories: []string{"red", "blue"}}}}
	rows := func(row string) string { return "colour,other,x\n" + strings.Repeat(row+"\n", drift.LeastRows) }
	for _, c := range []struct{ name, text, err, want string }{
		{"names.csv", rows("blue,a,2.5"), "", ""},
		{"numbers.csv", rows("1,a,2.5"), "", ""},
		{"few.csv", "colour,x\nred,1\n", "reference data: 1 rows, want at least 500", ""},
		{"lacks.csv", "x\n1\n", "the file has no column colour", "a file that has the features as columns: x, colour"},
		{"green.csv", rows("green,a,1"), `record 1: column colour: "green" is no category; want one of red, blue`, ""},
		{"text.csv", rows("red,a,b"), `record 1: column x: "b" is not a number`, ""},
		{"profile.json", "{}", `format "", want`, "a profile of these features and their predictions"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		profile, want, err := Open(path, schema, nil)
		if c.err == "" {
			if err != nil || len(profile.Columns) != 2 || fmt.Sprint(profile.Columns[1].Counts) != "[0 500 0]" || profile.Columns[0].Values[0] != 2.5 {
				t.Errorf("%s: %+v, %v", c.name, profile, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.err) || want != c.want {
			t.Errorf("%s: %v; want %q, want %q and %q", c.name, err, want, c.err, c.want)
		}
	}
}
