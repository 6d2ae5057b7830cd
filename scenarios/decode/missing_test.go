package decode

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFileFault says of a file that is not there what is in its place.
func TestFileFault(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"data/rows.csv", "data/rows.jsonl", "data/more.csv", "models/.hidden", ".git/config"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"data/row.csv":      `there is no file D/data/row.csv (did you mean "rows.csv"?); want one of more.csv, rows.csv in that folder, or another path`,
		"data/rows.cvs":     `there is no file D/data/rows.cvs (did you mean "rows.csv" or "rows.jsonl"?); want a file with records`,
		"data/rows":         `there is no file D/data/rows (did you mean "rows.csv" or "rows.jsonl"?); want a file with records`,
		"data/none.jsonl":   `there is no file D/data/none.jsonl; want rows.jsonl in that folder, or another path`,
		"dta/rows.csv":      `there is no file D/dta/rows.csv, nor the folder D/dta (did you mean "data"?); want one of data, models in D, or another path`,
		"dta/a/b/rows.csv":  `there is no file D/dta/a/b/rows.csv, nor the folder D/dta (did you mean "data"?); want one of data, models in D, or another path`,
		"data/one/rows.csv": `there is no file D/data/one/rows.csv, nor the folder D/data/one; want a file with records`,
	} {
		_, err := os.Stat(filepath.Join(dir, path))
		got := (*Source)(nil).FileFault("data.file", filepath.Join(dir, path), err, "a file with records").Error()
		if got = strings.ReplaceAll(got, dir, "D"); got != "data.file: "+want {
			t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
		}
	}
}
