package reference

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets/protocol"
	"servebench/targets/reference/repository"
	"servebench/targets/targettest/python"
)

// TestClients runs the Python clients that users of other servers have against the
// reference server: each is a script that is told the server's URL.
func TestClients(t *testing.T) {
	python.Environment(t, "serving")
	sum := half()
	sum.Name, sum.Version, sum.Predict = "sum", "1", protocol.Binary(func(x []float32) float32 { return x[0] + x[1] })
	read := byte(0)
	changing := repository.Source{Name: "changing", Read: func() (protocol.Model, repository.Digest, error) {
		read++ // loads are one at a time
		m := half()
		m.Name = "changing"
		return m, repository.Digest{read}, nil
	}}
	url := serveLoopback(t, newServer(t, Config{
		Models: models(sum), Repository: &repository.Config{Sources: []repository.Source{changing}}, AllowLoading: true,
	}))
	scripts, err := filepath.Glob(filepath.Join("testdata", "clients", "*.py"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".py"), func(t *testing.T) {
			python.Run(t, script, url)
		})
	}
}

// serveLoopback runs the server on a port of this machine until the test ends, and returns
// its URL.
func serveLoopback(t *testing.T, s *Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}
