package container_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

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

// leftovers names the containers and images that are there for tests of this
// process.
func leftovers(cli *client.Client) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		pid := strconv.Itoa(os.Getpid())
		filters := client.Filters{}.Add("label", container.Label+"="+pid)
		containers, err1 := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filters})
		images, err2 := cli.ImageList(ctx, client.ImageListOptions{Filters: client.Filters{}.Add("reference", "servebench/workload:"+pid+"-*")})
		var found []string
		for _, c := range containers.Items {
			found = append(found, fmt.Sprintf("container %s %v", c.ID, c.Names))
		}
		for _, i := range images.Items {
			found = append(found, fmt.Sprintf("image %s %v", i.ID, i.RepoTags))
		}
		return found, errors.Join(err1, err2)
	}
}
