package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"servebench/targets"
	"servebench/targets/image/daemon"

	"github.com/moby/moby/client"
)

// build has the Docker Engine build the image of a folder, and takes it from there.
func build(ctx context.Context, folder string) (*Image, error) {
	cli, unavailable := daemon.Dial(ctx)
	if unavailable != nil {
		return nil, unavailable
	}
	defer cli.Close()
	id, err := daemon.Build(ctx, folder)
	if err != nil {
		return nil, err
	}
	return take(ctx, cli, id)
}

// ofEngine returns the image that a Docker Engine on this machine has by a reference; nil
// where there is none.
func ofEngine(ctx context.Context, reference string) (*Image, error) {
	cli, unavailable := daemon.Dial(ctx)
	if unavailable != nil {
		return nil, context.Cause(ctx)
	}
	defer cli.Close()
	id, err := daemon.Find(ctx, cli, reference)
	if err != nil || id == "" {
		return nil, err
	}
	return take(ctx, cli, id)
}

// take puts an image of the engine into the store, if it is not there yet.
func take(ctx context.Context, cli *client.Client, id string) (*Image, error) {
	key := "engine " + id
	if img, err := recall(key); img != nil || err != nil {
		return img, err
	}
	store, err := targets.CacheDir(storeName)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(store, 0o700); err != nil {
		return nil, err
	}
	saved := filepath.Join(store, "saved") // under this lock, that of one process
	lock, err := lockFile(ctx, saved+".lock")
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := os.RemoveAll(saved); err != nil { // what a killed process left
		return nil, err
	}
	if err := daemon.Save(ctx, cli, id, saved); err != nil {
		return nil, err
	}
	defer os.Remove(saved)
	img, err := read(saved)
	if err != nil {
		return nil, fmt.Errorf("what the Docker Engine saved: %w", err)
	}
	if _, err := img.keep(ctx, imageName, func(_ context.Context, path string) error { return os.Rename(saved, path) }); err != nil {
		return nil, err
	}
	if img, err = stored(img.Digest); err != nil {
		return nil, err
	}
	return img, remember(key, img.Digest)
}
