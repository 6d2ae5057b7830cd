package container_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/container"
	"servebench/targets/targettest"
)

// Without an engine nobody but us ends the container: it has to end when we
// are killed. The test runs itself once more as who is killed.
func TestOrphanedContainerEnds(t *testing.T) {
	needRunc(t)
	const server, folder = "TEST_ORPHAN_SERVER", "TEST_ORPHAN_FOLDER"
	if path := os.Getenv(server); path != "" {
		target, err := container.Kind().Open(targets.Config{Options: map[string]string{"engine": "runc"}, Dir: os.Getenv(folder)})
		if err != nil {
			t.Fatal(err)
		}
		d, err := target.Deploy(t.Context(), targets.Workload{Command: []string{path}, Ready: "/ready"})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("deployed %s\n", d.Endpoint.URL)
		<-d.Done()
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	parent := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestOrphanedContainerEnds$")
	parent.Env = append(os.Environ(), server+"="+targettest.Build(t), folder+"="+t.TempDir())
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		_, url, _ = strings.Cut(lines.Text(), "deployed ")
	}
	if url == "" {
		t.Fatalf("nothing was deployed: %v", parent.Wait())
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	for ctx.Err() == nil {
		resp, err := client.Get(url + "/ready")
		if err != nil {
			return
		}
		resp.Body.Close()
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("the server at %s outlives who deployed it", url)
}
