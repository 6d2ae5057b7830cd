package container_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/container"
	"servebench/targets/targettest"

	"github.com/moby/moby/client"
)

func TestConformanceDocker(t *testing.T) {
	cli := dockerClient(t)
	options := map[string]string{"engine": "docker"}
	targettest.Run(t, targettest.Suite{Kind: container.Kind(), Options: options, Leftovers: leftovers(cli)})
}

func TestConformanceDockerBridge(t *testing.T) {
	cli := dockerClient(t)
	options := map[string]string{"engine": "docker", "network": "bridge"}
	targettest.Run(t, targettest.Suite{Kind: container.Kind(), Options: options, OwnPort: true, Leftovers: leftovers(cli)})
}

// Between its deployments nothing stays open of a target.
func TestDockerLeavesNoConnectionOpen(t *testing.T) {
	dockerClient(t)
	server := targettest.Build(t)
	before := openSockets(t)
	target, err := container.Kind().Open(targets.Config{Options: map[string]string{"engine": "docker"}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, before)
	d, err := target.Deploy(t.Context(), targets.Workload{Command: []string{server}, Ready: "/ready"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := target.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if err := d.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := target.Deploy(t.Context(), targets.Workload{Command: []string{server}, Ready: "/ready", Env: []string{"TEST_START=die"}}); err == nil {
		t.Fatal("a server that dies at once was deployed")
	}
	closed(t, before)
}

// closed waits until no more sockets are open than before. One that is closed
// goes at once, but by another goroutine; one that is idle stays for half a
// minute.
func closed(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); openSockets(t) > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d sockets are open, %d were before", openSockets(t), before)
		}
	}
}

// openSockets counts the sockets of this process.
func openSockets(t *testing.T) int {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// dockerClient returns a client of the engine, or skips the test.
func dockerClient(t testing.TB) *client.Client {
	t.Helper()
	cli, err := client.New(client.FromEnv)
	if err == nil {
		t.Cleanup(func() { cli.Close() })
		_, err = cli.Ping(t.Context(), client.PingOptions{NegotiateAPIVersion: true})
	}
	if err != nil {
		t.Skipf("no Docker Engine answers (%v); install it (Debian: apt-get install -y docker.io) and start dockerd to run this test", err)
	}
	return cli
}

// leftovers names the containers and images that a process made.
func leftovers(cli *client.Client) func(context.Context, int) ([]string, error) {
	return func(ctx context.Context, id int) ([]string, error) {
		pid := strconv.Itoa(id)
		filters := client.Filters{}.Add("label", container.Label)
		containers, err1 := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
		images, err2 := cli.ImageList(ctx, client.ImageListOptions{Filters: client.Filters{}.Add("reference", "servebench/workload:"+pid+"-*")})
		var found []string
		for _, c := range containers.Items {
			if strings.HasPrefix(c.Labels[container.Label], pid+"-") {
				found = append(found, fmt.Sprintf("container %s %v", c.ID, c.Names))
			}
		}
		for _, i := range images.Items {
			found = append(found, fmt.Sprintf("image %s %v", i.ID, i.RepoTags))
		}
		return found, errors.Join(err1, err2)
	}
}
