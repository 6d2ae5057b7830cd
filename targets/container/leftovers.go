package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"servebench/targets"
	"servebench/targets/process"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// leftovers finds what killed servebenches left: containers and their images in
// the engine, unpacked images with what runs of them, and cgroups.
func leftovers(ctx context.Context) ([]targets.Leftover, error) {
	var found []targets.Leftover
	var failed []error
	for _, part := range []func(context.Context) ([]targets.Leftover, error){inEngine, bundles, process.Leftovers} {
		left, err := part(ctx)
		found, failed = append(found, left...), append(failed, err)
	}
	return found, errors.Join(failed...)
}

// inEngine looks into the Docker Engine, where one answers. What the engine was
// about to make when its servebench was killed may appear only then, a fraction
// of a second later.
func inEngine(ctx context.Context) ([]targets.Leftover, error) {
	cli, unavailable := dialDocker(ctx)
	if unavailable != nil {
		return nil, context.Cause(ctx)
	}
	defer cli.Close()
	ran, err1 := containers(ctx, cli)
	loaded, err2 := images(ctx, cli)
	return append(ran, loaded...), errors.Join(err1, err2)
}

// removal removes something from the engine, with a client of its own.
func removal(remove func(context.Context, *client.Client) error) func(context.Context) error {
	return func(ctx context.Context) error {
		cli, unavailable := dialDocker(ctx)
		if unavailable != nil {
			return unavailable
		}
		defer cli.Close()
		return gone(ctx, remove(ctx, cli))
	}
}

// gone tells the fault of a removal from that another servebench swept as well.
func gone(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errdefs.IsNotFound(err) || errdefs.IsConflict(err) && strings.Contains(err.Error(), "already in progress"):
		return targets.ErrGone
	}
	return explain(ctx, err)
}

// containers finds abandoned containers, running or not.
func containers(ctx context.Context, cli *client.Client) ([]targets.Leftover, error) {
	listed, err := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", Label)})
	if err != nil {
		return nil, fmt.Errorf("look for abandoned containers: %w", explain(ctx, err))
	}
	var found []targets.Leftover
	for _, c := range listed.Items {
		if process.Abandoned(c.Labels[Label], "") {
			found = append(found, targets.Leftover{
				What: "container " + strings.TrimPrefix(strings.Join(c.Names, " "), "/"),
				Remove: removal(func(ctx context.Context, cli *client.Client) error {
					_, err := cli.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
					return err
				}),
			})
		}
	}
	return found, nil
}

// images finds abandoned images; their containers come before them.
func images(ctx context.Context, cli *client.Client) ([]targets.Leftover, error) {
	listed, err := cli.ImageList(ctx, client.ImageListOptions{Filters: client.Filters{}.Add("reference", imagePrefix+"*")})
	if err != nil {
		return nil, fmt.Errorf("look for abandoned images: %w", explain(ctx, err))
	}
	var found []targets.Leftover
	for _, i := range listed.Items {
		for _, tag := range i.RepoTags {
			if process.Abandoned(tag, imagePrefix) {
				found = append(found, targets.Leftover{
					What: "image " + tag,
					Remove: removal(func(ctx context.Context, cli *client.Client) error {
						_, err := cli.ImageRemove(ctx, tag, client.ImageRemoveOptions{PruneChildren: true})
						return err
					}),
				})
			}
		}
	}
	return found, nil
}

// bundles finds the folders of abandoned bundles. To remove one ends its
// container, which a server that is deaf to SIGTERM keeps running.
func bundles(context.Context) ([]targets.Leftover, error) {
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), bundlePrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("look for abandoned folders: %w", err)
	}
	runtime, unavailable := findRuntime()
	var found []targets.Leftover
	for _, dir := range folders {
		if !process.AbandonedFolder(dir, bundlePrefix) {
			continue
		}
		b := &bundle{dir: dir}
		found = append(found, targets.Leftover{What: "folder " + dir, Remove: func(ctx context.Context) error {
			if unavailable == nil {
				b.end(ctx, runtime)
			}
			return b.remove()
		}})
	}
	return found, nil
}

// end makes the runtime end the containers that it keeps in the bundle. What it
// does not know, or another runtime began, the cgroup takes along.
func (b *bundle) end(ctx context.Context, runtime string) {
	ctx, cancel := context.WithTimeout(ctx, cleanTime)
	defer cancel()
	containers, _ := os.ReadDir(b.state()) // not there: none was started
	for _, c := range containers {
		_, _ = output(ctx, runtime, "--root", b.state(), "delete", "--force", c.Name())
	}
}
