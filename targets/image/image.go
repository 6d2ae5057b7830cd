// Package image opens the container image of a workload, so that every target runs the
// same files in the same way: it pulls, reads or builds the image, keeps its unpacked
// files below servebench's cache folder by the image's digest, and works out the process
// that the image asks for. It knows nothing of what runs that process: the targets do,
// each in its own way, and package oci for those that use runc.
//
// The way: Resolve once for a run, Open for each deployment, then Image.Folder for the
// root file system, or the layers themselves, and Image.Process for what to start in it.
package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"servebench/targets"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is a container image: layers of files, and what to run in them.
type Image struct {
	v1.Image
	// Digest is the image's identity: "sha256:…" of its configuration, which has the
	// digests of all layers. Two runs compare only with the same one.
	Digest string
	Config v1.Config // what to start, as whom, where and with which environment
	// Static says that the image was made here of one static executable: it runs with a
	// read-only root folder and without capabilities.
	Static bool
	// Notes say what is not as on this machine in an image that was made here: a sentence
	// each.
	Notes []string
}

// Resolve pins what may change while a run lasts: a reference becomes
// repository@sha256:…, so that every deployment of the run gets the same image.
func Resolve(ctx context.Context, w targets.Workload) (targets.Workload, error) {
	if w.Image == "" || filepath.IsAbs(w.Image) {
		return w, nil
	}
	ref, err := name.ParseReference(w.Image)
	if err != nil {
		return w, fmt.Errorf("image %s is neither a file nor a reference: %w", w.Image, err)
	}
	if _, pinned := ref.(name.Digest); pinned {
		return w, nil
	}
	found, err := remote.Get(ref, registryOptions(ctx)...)
	if err != nil {
		return w, fmt.Errorf("image %s is not a file, and asking its registry for it failed: %w", w.Image, err)
	}
	w.Image = ref.Context().Digest(found.Digest.String()).String()
	return w, nil
}

// Open returns the workload's image: pulled, read, or made of its command. The layers of
// one pulled arrive as they are read, until ctx ends.
func Open(ctx context.Context, w targets.Workload) (*Image, error) {
	switch {
	case w.Image == "":
		return fromCommand(ctx, w)
	case filepath.IsAbs(w.Image):
		return fromFile(w.Image)
	}
	return fromRegistry(ctx, w.Image)
}

// described reads the image's configuration.
func described(img v1.Image) (*Image, error) {
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	digest, err := img.ConfigName()
	if err != nil {
		return nil, err
	}
	return &Image{Image: img, Digest: digest.String(), Config: file.Config}, nil
}

// fromFile reads a tarball.
func fromFile(file string) (*Image, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read the image %s: it is not a file that docker save wrote", file)
	}
	img, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		return nil, fmt.Errorf("read the image %s, which has to be a tarball with one image as docker save writes it: %w", file, err)
	}
	return described(img)
}

// fromRegistry finds the image that a reference names.
func fromRegistry(ctx context.Context, reference string) (*Image, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, fmt.Errorf("image %s is neither a file nor a reference: %w", reference, err)
	}
	pulled, err := remote.Image(ref, registryOptions(ctx)...)
	if err != nil {
		return nil, fmt.Errorf("image %s is not a file, and pulling it failed: %w", reference, err)
	}
	return described(pulled)
}

func registryOptions(ctx context.Context) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}),
	}
}

// Port returns the port that the workload's server listens on whatever it is told: the
// workload's own, else the only TCP port that the image exposes; 0: the one that PORT
// says, which the target chooses.
func (i *Image) Port(w targets.Workload) int {
	if w.Port != 0 {
		return w.Port
	}
	var exposed []int
	for text := range i.Config.ExposedPorts {
		number, protocol, _ := strings.Cut(text, "/")
		port, err := strconv.ParseUint(number, 10, 16)
		if err == nil && port > 0 && (protocol == "" || protocol == "tcp") && !slices.Contains(exposed, int(port)) {
			exposed = append(exposed, int(port))
		}
	}
	if len(exposed) != 1 {
		return 0
	}
	return exposed[0]
}
