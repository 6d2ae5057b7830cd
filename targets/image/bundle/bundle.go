// Package bundle makes a container image of a command that runs on this machine: its
// executable, the files that it is said to need at their absolute paths, and what these
// need to be run: interpreters, the ELF loader and shared libraries, and the standard
// library of Python. So a folder with a virtual environment runs on every target as it
// does here. Package image calls Make for a workload that names no image.
//
// The way: a collector finds all files (collect.go) and what programs, Python and ELF
// files ask for (program.go, python.go, elf.go), the files are sorted into layers
// (layer.go), and what was found is remembered, so that files which did not change are
// not read again (memo.go).
package bundle

import (
	"context"
	"debug/elf"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"servebench/targets"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// Bundle is an image made of a workload's command and files. Its layers are read from
// this machine's files whenever they are asked for; a file that changed meanwhile is an
// error then.
type Bundle struct {
	v1.Image
	// Notes say what is not as on this machine: a sentence each.
	Notes []string
}

// Make makes the image of the workload's Command and Files. Its digest depends on what
// the files contain, and neither on their times nor on their owners. dir is a folder, which
// need not exist, in which Make remembers what it found. Where that is the image of the
// workload's ImageDigest, no file is looked at. An error names every fault.
func Make(ctx context.Context, w targets.Workload, dir string) (*Bundle, error) {
	program, err := w.Executable()
	if err != nil {
		return nil, err
	}
	m := memoFor(w, program, dir)
	if w.ImageDigest != "" {
		if img, err := m.image(w, program); err == nil && hasDigest(img, w.ImageDigest) {
			return &Bundle{Image: img, Notes: m.Notes}, nil
		}
	}
	if !m.unchanged(ctx) {
		if err := m.renew(ctx, w, program); err != nil {
			return nil, fmt.Errorf("make an image of %s: %w", program, err)
		}
	}
	img, err := m.image(w, program)
	if err != nil {
		return nil, fmt.Errorf("make an image of %s: %w", program, err)
	}
	return &Bundle{Image: img, Notes: m.Notes}, nil
}

// hasDigest reports whether the configuration of an image has the digest.
func hasDigest(img v1.Image, digest string) bool {
	is, err := img.ConfigName()
	return err == nil && is.String() == digest
}

// renew finds all files, and the digests of the layers whose files changed.
func (m *memo) renew(ctx context.Context, w targets.Workload, program string) error {
	c := newCollector(ctx, w)
	if err := c.collect(w, program); err != nil {
		return err
	}
	known := m.Layers
	m.Layers, m.Notes, m.Machine = c.layers(w.Files), c.notes(), c.machine
	for _, l := range m.Layers {
		for _, k := range known {
			if l.Fingerprint == k.Fingerprint {
				l.Diff, l.Bytes = k.Diff, k.Bytes
			}
		}
		if l.Diff == "" {
			if err := l.measure(ctx); err != nil {
				return err
			}
		}
	}
	return m.write()
}

// image assembles the image of its layers. It runs as root, as most images do: as who
// owns the files, whoever that is here.
func (m *memo) image(w targets.Workload, program string) (v1.Image, error) {
	img := v1.Image(empty.Image)
	for _, l := range m.Layers {
		var err error
		if img, err = mutate.AppendLayers(img, l); err != nil {
			return nil, err
		}
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created = "linux", architecture(m.Machine), v1.Time{Time: time.Unix(0, 0).UTC()}
	file.Config = v1.Config{
		Entrypoint: []string{program}, User: "0:0", WorkingDir: w.Dir,
		Env: []string{"PATH=" + variable(w, "PATH"), "HOME=" + variable(w, "HOME")},
	}
	if file.Config.WorkingDir == "" {
		file.Config.WorkingDir = "/"
	}
	return mutate.ConfigFile(img, file)
}

// architecture is Go's name of a machine that ELF files are for.
func architecture(machine elf.Machine) string {
	switch machine {
	case elf.EM_X86_64:
		return "amd64"
	case elf.EM_AARCH64:
		return "arm64"
	}
	return runtime.GOARCH
}

// variable returns a variable of the server's environment; "" where it has none.
func variable(w targets.Workload, name string) string {
	for _, pair := range w.Environment("", 0) {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// variablePaths returns the absolute paths in a list of them.
func variablePaths(list string) []string {
	var paths []string
	for _, path := range strings.FieldsFunc(list, func(r rune) bool { return r == ':' || r == ' ' || r == ';' }) {
		if filepath.IsAbs(path) {
			paths = append(paths, path)
		}
	}
	return paths
}
