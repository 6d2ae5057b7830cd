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

// Root is the root file system of an image for any number of containers at the same time.
// The files of the image are those that this machine keeps of it; each container finds an
// overlay of them, with what it writes apart. The folder of a Root holds that, what the
// runtime knows of the containers, and a small folder for each.
type Root struct {
	// Static says that the image was made of one static executable: its containers have
	// no capabilities.
	Static bool
	dir    string
	layers []string // as of a local.Root
}

// folderPrefix begins the name of every Root's folder; its local.Maker
// follows.
const folderPrefix = "servebench-runc-"

// NewRoot makes a Root in a new folder below dir, with the image's files, which are unpacked
// where this machine has not kept them yet, and over them programs of this machine, by the
// absolute path that a container finds them at. On an error nothing of it is left.
func NewRoot(ctx context.Context, img *image.Image, dir string, programs map[string]string) (*Root, error) {
	files, err := img.Folder(ctx)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(dir, folderPrefix+local.Self().String()+"-")
	if err != nil {
		return nil, fmt.Errorf("prepare the root folder: %w", err)
	}
	r := &Root{Static: img.Static, dir: folder}
	r.layers = []string{r.over(), files}
	failed := []error{os.Mkdir(r.mount(), 0o755), local.WriteMountPoints(r.over(), files)}
	for to, from := range programs {
		failed = append(failed, copyProgram(filepath.Join(r.over(), to), from))
	}
	if err := errors.Join(failed...); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the root folder: %w", err), r.Remove())
	}
	return r, nil
}

// copyProgram copies an executable.
func copyProgram(to, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(to, text, 0o755), os.Chmod(to, 0o755)) // Chmod for the umask
}

// The parts of the folder: where containers find their root folder, what lies over the
// image's files, and what the runtime knows.
func (r *Root) mount() string { return filepath.Join(r.dir, "rootfs") }
func (r *Root) over() string  { return filepath.Join(r.dir, "over") }
func (r *Root) state() string { return filepath.Join(r.dir, "state") }

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
