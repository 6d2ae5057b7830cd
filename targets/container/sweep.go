package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"servebench/targets/process"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// sweep removes what killed servebenches left: containers and their images in
// the engine, unpacked images with what runs of them, and cgroups.
func sweep(ctx context.Context) ([]string, error) {
	var t tally
	for _, part := range []func(context.Context) ([]string, error){sweepEngine, sweepBundles, process.Sweep} {
		removed, err := part(ctx)
		t.removed, t.failed = append(t.removed, removed...), append(t.failed, err)
	}
	return t.result()
}

// tally is what became of the things to remove.
type tally struct {
	removed []string
	failed  []error
}

// note adds one. Another servebench may sweep as well: what it removes meanwhile
// is neither removed here nor a fault.
func (t *tally) note(ctx context.Context, what string, err error) {
	switch {
	case err == nil:
		t.removed = append(t.removed, what)
	case errdefs.IsNotFound(err) || errdefs.IsConflict(err) && strings.Contains(err.Error(), "already in progress"):
	default:
		t.failed = append(t.failed, fmt.Errorf("remove the abandoned %s: %w", what, explain(ctx, err)))
	}
}

func (t *tally) result() ([]string, error) { return t.removed, errors.Join(t.failed...) }

// sweepEngine sweeps the Docker Engine, where one answers. What the engine was
// about to make when its servebench was killed may appear only then, a fraction
// of a second later: the next sweep finds it.
func sweepEngine(ctx context.Context) ([]string, error) {
	cli, unavailable := dialDocker(ctx)
	if unavailable != nil {
		return nil, context.Cause(ctx)
	}
	defer cli.Close()
	var t tally
	t.failed = append(t.failed, t.containers(ctx, cli), t.images(ctx, cli))
	return t.result()
}

// containers removes abandoned containers, running or not.
func (t *tally) containers(ctx context.Context, cli *client.Client) error {
	found, err := cli.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", Label)})
	if err != nil {
		return fmt.Errorf("look for abandoned containers: %w", explain(ctx, err))
	}
	for _, c := range found.Items {
		if process.Abandoned(c.Labels[Label], "") {
			_, err := cli.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			t.note(ctx, "container "+strings.TrimPrefix(strings.Join(c.Names, " "), "/"), err)
		}
	}
	return nil
}

// images removes abandoned images; their containers are gone by then.
func (t *tally) images(ctx context.Context, cli *client.Client) error {
	found, err := cli.ImageList(ctx, client.ImageListOptions{Filters: client.Filters{}.Add("reference", imagePrefix+"*")})
	if err != nil {
		return fmt.Errorf("look for abandoned images: %w", explain(ctx, err))
	}
	for _, i := range found.Items {
		for _, tag := range i.RepoTags {
			if process.Abandoned(tag, imagePrefix) {
				_, err := cli.ImageRemove(ctx, tag, client.ImageRemoveOptions{PruneChildren: true})
				t.note(ctx, "image "+tag, err)
			}
		}
	}
	return nil
}

// sweepBundles ends the containers of abandoned bundles, which a server that is
// deaf to SIGTERM keeps running, and removes the folders.
func sweepBundles(ctx context.Context) ([]string, error) {
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), bundlePrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("look for abandoned folders: %w", err)
	}
	runtime, unavailable := findRuntime()
	var t tally
	for _, dir := range folders {
		if ctx.Err() != nil || !process.AbandonedFolder(dir, bundlePrefix) {
			continue
		}
		b := &bundle{dir: dir}
		if unavailable == nil {
			b.end(ctx, runtime)
		}
		t.note(ctx, "folder "+dir, b.remove())
	}
	t.failed = append(t.failed, context.Cause(ctx))
	return t.result()
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
