package oci

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"servebench/targets"
	"servebench/targets/local"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Root is an image unpacked into a folder of its own, in which any number of
// containers may run at the same time. Beside the image's files the folder
// holds what the runtime knows of the containers, and a small folder for each.
type Root struct {
	// Program is the executable's path in an image built here; "" for an
	// image of the user's. The root folder of an image built here is read-only
	// to its containers; who shares a user's image shares what is written there.
	Program string
	// Digest is the image's identity: "sha256:…" of its configuration.
	Digest string

	dir    string
	config v1.Config
	user   account
}

// folderPrefix begins the name of every Root's folder; its local.Maker
// follows.
const folderPrefix = "servebench-runc-"

// Unpack writes the image into a new folder below dir, until ctx ends. On an
// error nothing of it is left.
func Unpack(ctx context.Context, img *Image, dir string) (*Root, error) {
	file, err1 := img.ConfigFile()
	digest, err2 := img.ConfigName()
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	folder, err := os.MkdirTemp(dir, folderPrefix+local.Self().String()+"-")
	if err != nil {
		return nil, fmt.Errorf("unpack the image: %w", err)
	}
	r := &Root{dir: folder, config: file.Config, Digest: digest.String(), Program: img.Program}
	if err := r.fill(ctx, img); err != nil {
		return nil, errors.Join(fmt.Errorf("unpack the image: %w", err), r.Remove())
	}
	return r, nil
}

// fill unpacks the image and finds its user.
func (r *Root) fill(ctx context.Context, img v1.Image) error {
	if err := os.Mkdir(r.rootfs(), 0o755); err != nil {
		return err
	}
	if err := unpack(ctx, img, r.rootfs()); err != nil {
		return err
	}
	var err error
	r.user, err = lookUp(r.rootfs(), r.config.User)
	return err
}

func (r *Root) rootfs() string { return filepath.Join(r.dir, "rootfs") }
func (r *Root) state() string  { return filepath.Join(r.dir, "state") }

// Remove removes the folder. Its containers have to be removed before.
func (r *Root) Remove() error { return os.RemoveAll(r.dir) }

// Arguments returns the argument vector of the workload's server in a
// container of this image.
func (r *Root) Arguments(w targets.Workload, host string, port int) ([]string, error) {
	if r.Program != "" {
		return append([]string{r.Program}, w.Arguments(host, port)[1:]...), nil
	}
	args := append(append([]string{}, r.config.Entrypoint...), r.config.Cmd...)
	if len(args) == 0 {
		return nil, fmt.Errorf("image %s says neither entrypoint nor command", w.Image)
	}
	return args, nil
}

// Environment returns the server's environment, over that of its image.
func (r *Root) Environment(w targets.Workload, host string, port int) []string {
	if r.Program != "" {
		return w.Environment(host, port)
	}
	base := targets.MergeEnvironment([]string{"PATH=" + targets.SearchPath, "HOME=" + r.user.home}, r.config.Env)
	return targets.MergeEnvironment(base, w.Settings(host, port))
}
