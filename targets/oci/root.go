package oci

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/local"
)

// Root is an image unpacked into a folder of its own, in which any number of
// containers may run at the same time. Beside the image's files the folder
// holds what the runtime knows of the containers, and a small folder for each.
type Root struct {
	// Static says that the image was made of one static executable: the root folder is
	// read-only to its containers then; who shares a user's image shares what is written
	// there.
	Static bool
	dir    string
}

// folderPrefix begins the name of every Root's folder; its local.Maker
// follows.
const folderPrefix = "servebench-runc-"

// Unpack writes the image into a new folder below dir, until ctx ends. On an
// error nothing of it is left.
func Unpack(ctx context.Context, img *image.Image, dir string) (*Root, error) {
	folder, err := os.MkdirTemp(dir, folderPrefix+local.Self().String()+"-")
	if err != nil {
		return nil, fmt.Errorf("unpack the image: %w", err)
	}
	r := &Root{dir: folder, Static: img.Static}
	if err = os.Mkdir(r.rootfs(), 0o755); err == nil {
		err = image.Unpack(ctx, img.Image, r.rootfs())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("unpack the image: %w", err), r.Remove())
	}
	return r, nil
}

func (r *Root) rootfs() string { return filepath.Join(r.dir, "rootfs") }
func (r *Root) state() string  { return filepath.Join(r.dir, "state") }

// Remove removes the folder. Its containers have to be removed before.
func (r *Root) Remove() error { return os.RemoveAll(r.dir) }

// Leftovers finds the folders of abandoned Roots below os.TempDir(). To remove
// one ends its containers, which a server that is deaf to SIGTERM keeps
// running; what they have in cgroups is local.Leftovers' to find, after this.
func Leftovers(context.Context) ([]targets.Leftover, error) {
	runtime, unavailable := FindRuntime()
	return local.AbandonedFolders(folderPrefix, func(ctx context.Context, dir string) error {
		r := &Root{dir: dir}
		if unavailable == nil {
			r.end(ctx, runtime)
		}
		return r.Remove()
	})
}

// end makes the runtime end the containers that it keeps in the folder. What it
// does not know, or another runtime began, the cgroup takes along.
func (r *Root) end(ctx context.Context, runtime string) {
	ctx, cancel := context.WithTimeout(ctx, cleanTime)
	defer cancel()
	containers, _ := os.ReadDir(r.state()) // not there: none was started
	for _, c := range containers {
		_, _ = output(ctx, runtime, "--root", r.state(), "delete", "--force", c.Name())
	}
}
