package tensorboard_test

import (
	"os"
	"path/filepath"
	"testing"

	"servebench/reports/formattest"
	"servebench/reports/record/recordtest"
	"servebench/reports/tensorboard"
	"servebench/targets/targettest/python"
)

// TestTensorBoardReadsIt has TensorBoard's own readers and its hparams plugin read the files of
// two runs, one of them INVALID.
func TestTensorBoardReadsIt(t *testing.T) {
	python.Environment(t, "serving")
	runs := t.TempDir()
	for name, p := range map[string]recordtest.Plan{"good": recordtest.Compare(), "bad": recordtest.Judged()["invalid"]} {
		for file, content := range formattest.Render(t, tensorboard.Format(), formattest.Analyse(t, p)) {
			path := filepath.Join(runs, name, filepath.FromSlash(file))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	python.Run(t, filepath.Join("testdata", "read.py"), runs)
}
