package artifact

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// File is a file of an image.
type File struct {
	Path    string // absolute; with a slash at its end it is a folder
	Mode    int64
	Content string
	// Kind is that of an archive's entry, and Link where a link leads; 0: a file or folder.
	Kind     byte
	Link     string
	UID, GID int
}

// Text is a file that everybody may read.
func Text(path, content string) File { return File{Path: path, Mode: 0o644, Content: content} }

// Link is a symbolic link.
func Link(path, to string) File { return File{Path: path, Kind: tar.TypeSymlink, Link: to} }

// Executable is a program of this machine in an image.
func Executable(tb testing.TB, program, path string) File {
	tb.Helper()
	text, err := os.ReadFile(program)
	if err != nil {
		tb.Fatal(err)
	}
	return File{Path: path, Mode: 0o755, Content: string(text)}
}

// Image is an image for this machine of one layer.
func Image(tb testing.TB, config v1.Config, files ...File) v1.Image {
	tb.Helper()
	return configure(tb, add(tb, empty.Image, files...), func(c *v1.Config) { *c = config })
}

// add adds a layer of files.
func add(tb testing.TB, img v1.Image, files ...File) v1.Image {
	tb.Helper()
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	for _, f := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.Path[1:], Mode: f.Mode, Size: int64(len(f.Content)), ModTime: time.Unix(0, 0), Linkname: f.Link, Uid: f.UID, Gid: f.GID}
		switch {
		case f.Kind != 0:
			header.Typeflag = f.Kind
		case strings.HasSuffix(f.Path, "/"):
			header.Typeflag = tar.TypeDir
		}
		if err := archive.WriteHeader(header); err != nil {
			tb.Fatal(err)
		}
		if _, err := archive.Write([]byte(f.Content)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		tb.Fatal(err)
	}
	img, err := mutate.AppendLayers(img, static.NewLayer(layer.Bytes(), types.DockerUncompressedLayer))
	if err != nil {
		tb.Fatal(err)
	}
	return img
}

// configure changes what an image says of itself.
func configure(tb testing.TB, img v1.Image, change func(*v1.Config)) v1.Image {
	tb.Helper()
	return describe(tb, img, func(f *v1.ConfigFile) { change(&f.Config) })
}

func describe(tb testing.TB, img v1.Image, change func(*v1.ConfigFile)) v1.Image {
	tb.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		tb.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	change(config)
	if img, err = mutate.ConfigFile(img, config); err != nil {
		tb.Fatal(err)
	}
	return img
}

// Save writes an image as docker save does, and returns the file.
func Save(tb testing.TB, img v1.Image) string {
	tb.Helper()
	return save(tb, img, filepath.Join(tb.TempDir(), "image.tar"))
}

func save(tb testing.TB, img v1.Image, file string) string {
	tb.Helper()
	tag, err := name.NewTag("servebench-test/" + strings.TrimSuffix(filepath.Base(file), ".tar") + ":latest")
	if err != nil {
		tb.Fatal(err)
	}
	if err := tarball.WriteToFile(file, tag, img); err != nil {
		tb.Fatal(fmt.Errorf("save %s: %w", file, err))
	}
	return file
}
