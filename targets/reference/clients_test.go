package reference

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets/protocol"
	"servebench/targets/targettest/python"
)

// TestClients runs the Python clients that users of other servers have against the
// reference server: each is a script that is told the server's URL.
func TestClients(t *testing.T) {
	python.Environment(t, "serving")
	sum := half()
	sum.Name, sum.Version, sum.Predict = "sum", "1", protocol.Binary(func(x []float32) float32 { return x[0] + x[1] })
	server := httptest.NewServer(newServer(t, Config{Models: models(sum)}).Handler())
	defer server.Close()
	scripts, err := filepath.Glob(filepath.Join("testdata", "clients", "*.py"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".py"), func(t *testing.T) {
			python.Run(t, script, server.URL)
		})
	}
}
