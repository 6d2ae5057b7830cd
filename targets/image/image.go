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
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/record"
	"servebench/targets"

	v1 "github.com/google/go-containerregistry/pkg/v1"
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
	// Most bounds the files in all layers together, uncompressed; 0: by what the store takes
	// of any image.
	Most targets.Bytes

	notes []string // what is not as on this machine in an image that was made here, a sentence each
}

// Facts say which image it is, and what of it is not as its user may expect.
func (i *Image) Facts() []record.Fact {
	facts := []record.Fact{{Name: "image", Value: i.Digest}}
	notes := slices.Clone(i.notes)
	if folders := slices.Sorted(maps.Keys(i.Config.Volumes)); len(folders) > 0 {
		notes = append(notes, fmt.Sprintf("Its volumes (%s) are ordinary folders; a Docker Engine alone makes anonymous volumes of them.", shortName(folders)))
	}
	if check := i.Config.Healthcheck; check != nil && len(check.Test) > 0 && check.Test[0] != "NONE" {
		notes = append(notes, "Its health check is not run: workload.ready says when the server is ready.")
	}
	if folder, err := folderOf(i.Digest); err == nil {
		is, _ := readState(filepath.Join(folder, rootName)) // it may not be unpacked
		notes = append(notes, is.Notes...)
	}
	if len(notes) > 0 {
		facts = append(facts, record.Fact{Name: "image notes", Value: strings.Join(notes, " ")})
	}
	return facts
}

// Resolve finds the workload's image and pins it: from then on the workload names exactly
// this image, by repository@sha256:… where a registry has it, and Open takes no other. An
// image that is pulled or built is in the store after that; the files that one is made of with
// a command are not looked at again, and a static executable, which is soon read, is not
// pinned. An *Unavailable among the errors says that something is
// missing here, such as an engine or the way to a registry; any other is a mistake in what
// the workload names. Unpacked files of the image that somebody has changed since are
// unpacked again, of which note is told.
func Resolve(ctx context.Context, w targets.Workload, note func(format string, args ...any)) (targets.Workload, error) {
	img, pinned, err := find(ctx, w)
	if err != nil {
		return w, err
	}
	if err := img.restore(ctx, note); err != nil {
		return w, err
	}
	if !img.Static {
		w.Image, w.Build, w.ImageDigest = pinned, "", img.Digest
	}
	return w, nil
}

// Open returns the workload's image, put in the store if it is not there yet: pulled,
// read, built, or made of its command.
func Open(ctx context.Context, w targets.Workload) (*Image, error) {
	img, _, err := find(ctx, w)
	if err != nil {
		return nil, err
	}
	if folder, err := folderOf(img.Digest); err == nil {
		touch(folder)
	}
	if w.ImageDigest != "" && img.Digest != w.ImageDigest {
		return nil, fmt.Errorf("image %s has changed since the run began: it is %s, and was %s", cmp.Or(w.Image, "of the command and its files"), img.Digest, w.ImageDigest)
	}
	return img, nil
}

// find returns the image of a workload, and the name that it is found by again, whatever
// changes; "" of one that is made of the command.
func find(ctx context.Context, w targets.Workload) (img *Image, pinned string, err error) {
	switch {
	case ofCommand(w):
		img, err = fromCommand(ctx, w)
		return img, "", err
	case w.Build != "":
		if img, err = build(ctx, w.Build); err == nil {
			pinned = img.Digest
		}
	case filepath.IsAbs(w.Image):
		pinned = w.Image
		img, err = read(w.Image)
	case strings.HasPrefix(w.Image, digestPrefix):
		pinned = w.Image
		img, err = stored(w.Image)
	default:
		img, pinned, err = referred(ctx, w.Image)
	}
	if err == nil {
		err = img.checkPlatform()
	}
	if err != nil {
		return nil, "", fmt.Errorf("image %s: %w", cmp.Or(w.Image, w.Build), err)
	}
	return img, pinned, nil
}

// describe reads the image's configuration, whose digest is its identity.
func describe(img v1.Image) (*Image, error) {
	file, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read its configuration: %w", err)
	}
	digest, err := img.ConfigName()
	if err != nil {
		return nil, fmt.Errorf("read its configuration: %w", err)
	}
	return &Image{Image: img, Digest: digest.String(), Config: file.Config}, nil
}

// mostLayers bounds the layers of an image: Docker makes 128 at most.
const mostLayers = 1000

// checkLayers holds the number of an image's layers to its configuration.
func checkLayers(config *v1.ConfigFile, layers int) error {
	if n := len(config.RootFS.DiffIDs); n != layers {
		return fmt.Errorf("its configuration has the digests of %d layers, and there are %d", n, layers)
	}
	return boundLayers(layers)
}

func boundLayers(n int) error {
	if n > mostLayers {
		return fmt.Errorf("it has %d layers, and %d are the most that is unpacked", n, mostLayers)
	}
	return nil
}

// here is the platform that images have to be for.
func here() v1.Platform { return v1.Platform{OS: "linux", Architecture: runtime.GOARCH} }

// checkPlatform refuses an image for another machine than this one.
func (i *Image) checkPlatform() error {
	file, err := i.ConfigFile()
	if err != nil {
		return err
	}
	is, want := v1.Platform{OS: file.OS, Architecture: file.Architecture}, here()
	if (is.OS == "" || is.OS == want.OS) && (is.Architecture == "" || is.Architecture == want.Architecture) {
		return nil
	}
	return fmt.Errorf("it is for %s, and this machine is %s: build or pull it for that, with --platform %s", is, want, want)
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
