package container

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"servebench/targets"
	"servebench/targets/image/daemon"
	"servebench/targets/local"
	"servebench/targets/oci"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// leftovers finds what killed servebenches left: containers and their images in
// the engine, unpacked images with what runs of them, and cgroups.
func leftovers(ctx context.Context) ([]targets.Leftover, error) {
	var found []targets.Leftover
	var failed []error
	for _, part := range []func(context.Context) ([]targets.Leftover, error){inEngine, oci.Leftovers, local.Leftovers} {
		left, err := part(ctx)
		found, failed = append(found, left...), append(failed, err)
	}
	return found, errors.Join(failed...)
}

// inEngine looks into the Docker Engine, where one answers. What the engine was
// about to make when its servebench was killed may appear only then, a fraction
// of a second later.
func inEngine(ctx context.Context) ([]targets.Leftover, error) {
	cli, unavailable := daemon.Dial(ctx)
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
		cli, unavailable := daemon.Dial(ctx)
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
		if local.Abandoned(c.Labels[Label], "") {
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
			if local.Abandoned(tag, imagePrefix) {
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
