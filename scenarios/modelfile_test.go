package scenarios

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestModelFile(t *testing.T) {
	dir := t.TempDir()
	const text = `name: mine
targets: [physical]
workload: {server: reference, model_file: models/churn.v2.ubj}
load:
  - {name: steady, rate: 100, duration: 10s}
  - {name: other, model: noop, rate: 100, duration: 10s}
`
	s, err := Parse(filepath.Join(dir, "s.yaml"), []byte(text), testCatalogue())
	if err != nil {
		t.Fatal(err)
	}
	w := s.Workload
	if w.ModelFile != filepath.Join(dir, "models", "churn.v2.ubj") || w.Model != "churn.v2" || s.Load[0].Model != "churn.v2" || s.Data.Corpus != defaultCorpus {
		t.Errorf("workload %+v, phase %+v, data %+v", w, s.Load[0], s.Data)
	}
	resolved, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(filepath.Join(dir, "again.yaml"), resolved, testCatalogue())
	if err != nil {
		t.Fatalf("%v in\n%s", err, resolved)
	}
	if diff := difference(s, again); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	_, err = Parse("s.yaml", []byte(strings.Replace(text, "model: noop", "model: nop", 1)), testCatalogue())
	if err == nil || !strings.Contains(err.Error(), "want one of churn.v2, ") {
		t.Errorf("error %v does not name the file's model among those there are", err)
	}
}
