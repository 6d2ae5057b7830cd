package reference

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"servebench/targets/protocol"
)

// tritonVersion is that of the client that the server is held to.
const tritonVersion = "2.73.0"

// tritonNeeds is what the client imports over HTTP, pinned so that the checks
// stay the same; its own list of requirements has twice as much.
var tritonNeeds = []string{
	"tritonclient==" + tritonVersion, "numpy==2.4.6", "python-rapidjson==1.25", "ml_dtypes==0.5.4",
	"geventhttpclient==2.6.1", "gevent==26.9.0", "greenlet==3.3.2", "zope.event==6.2", "zope.interface==8.7",
	"brotli==1.2.1", "certifi==2026.10.18", "urllib3==2.8.0",
}

// TestTritonClient runs NVIDIA's own Python client against the server.
func TestTritonClient(t *testing.T) {
	python := tritonPython(t)
	sum := protocol.Model{Name: "sum", Version: "1", Predict: func(x []float32) float32 { return x[0] + x[1] }}
	server := httptest.NewServer(newServer(t, Config{Models: models(sum)}).Handler())
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	script := filepath.Join("testdata", "client.py")
	out, err := exec.CommandContext(ctx, python, script, strings.TrimPrefix(server.URL, "http://")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "all checks passed") {
		t.Errorf("%v\n%s", err, out)
	}
}

// tritonPython returns a Python that has the client, in a virtual environment
// beside go.mod which it makes when it is missing. It skips where that cannot
// be done.
func tritonPython(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a Python environment; run without -short")
	}
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 in PATH: apt-get install -y python3-venv runs the checks with tritonclient")
	}
	dir, err := filepath.Abs(filepath.Join("..", "..", ".venv", "triton"))
	if err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(dir, "bin", "python")
	check := "import tritonclient.http, importlib.metadata as m; assert m.version('tritonclient') == '" + tritonVersion + "'"
	if exec.Command(python, "-c", check).Run() == nil {
		return python
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for _, step := range [][]string{
		{system, "-m", "venv", "--clear", dir},
		append([]string{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"}, tritonNeeds...),
	} {
		cmd := exec.CommandContext(ctx, step[0], step[1:]...)
		cmd.WaitDelay = time.Second
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("no tritonclient for Python: %s: %v; it needs python3-venv and a package index\n%s", strings.Join(step, " "), err, out)
		}
	}
	return python
}
