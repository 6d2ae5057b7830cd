package image

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"servebench/reports/record/userfile"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// saved is an image as docker save writes it: a configuration, and files of layers in the
// order of its digests.
type saved struct {
	files  fs.FS
	config []byte
	layers map[v1.Hash]string // file of each
}

// readSaved reads the one image of a tarball of docker save.
func readSaved(files fs.FS) (*Image, error) {
	text, err := readText(files, manifestFile)
	if err != nil {
		return nil, err
	}
	var listed []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := userfile.JSON(text, &listed); err != nil {
		return nil, fmt.Errorf("read its file %s: %w", manifestFile, err)
	}
	if len(listed) != 1 {
		var names []string
		for _, image := range listed {
			names = append(names, cmp.Or(strings.Join(image.RepoTags, " "), image.Config))
		}
		return nil, fmt.Errorf("the tarball has %d images, want one, as docker save NAME writes it: %s", len(listed), shortName(names))
	}
	img := saved{files: files, layers: map[v1.Hash]string{}}
	if img.config, err = readText(files, listed[0].Config); err != nil {
		return nil, err
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(img.config))
	if err != nil {
		return nil, fmt.Errorf("read its configuration %s: %w", listed[0].Config, err)
	}
	if err := checkLayers(config, len(listed[0].Layers)); err != nil {
		return nil, err
	}
	for i, digest := range config.RootFS.DiffIDs {
		img.layers[digest] = listed[0].Layers[i]
	}
	whole, err := partial.UncompressedToImage(img)
	if err != nil {
		return nil, err
	}
	return describe(whole)
}

// RawConfigFile implements partial.UncompressedImageCore.
func (s saved) RawConfigFile() ([]byte, error) { return s.config, nil }

// MediaType implements partial.UncompressedImageCore.
func (s saved) MediaType() (types.MediaType, error) { return types.DockerManifestSchema2, nil }

// LayerByDiffID implements partial.UncompressedImageCore.
func (s saved) LayerByDiffID(digest v1.Hash) (partial.UncompressedLayer, error) {
	name, there := s.layers[digest]
	if !there {
		return nil, fmt.Errorf("there is no layer %s", digest)
	}
	return savedLayer{s.files, name, digest}, nil
}

// savedLayer is a layer's file, compressed or not.
type savedLayer struct {
	files  fs.FS
	name   string
	digest v1.Hash
}

// DiffID implements partial.UncompressedLayer.
func (l savedLayer) DiffID() (v1.Hash, error) { return l.digest, nil }

// MediaType implements partial.UncompressedLayer.
func (l savedLayer) MediaType() (types.MediaType, error) { return types.DockerUncompressedLayer, nil }

// Uncompressed implements partial.UncompressedLayer.
func (l savedLayer) Uncompressed() (io.ReadCloser, error) {
	f, err := l.files.Open(l.name)
	if err != nil {
		return nil, fmt.Errorf("it lacks its layer %.200s", l.name)
	}
	return decompressLayer(f)
}

// decompressLayer reads a layer without its compression.
func decompressLayer(f io.ReadCloser) (io.ReadCloser, error) {
	plain, err := decompress(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read a layer: %w", err), f.Close())
	}
	return plain, nil
}

// decompressed is a file that is read without its compression.
type decompressed struct {
	io.Reader
	close func() error
}

// Close closes the file.
func (d decompressed) Close() error { return d.close() }

// decompress reads a layer, which may be compressed with gzip or zstd, or not at all.
func decompress(f io.ReadCloser) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(f, 1<<20)
	start, _ := buffered.Peek(4) // a shorter one is not compressed
	switch {
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		plain, err := gzip.NewReader(buffered)
		return decompressed{plain, f.Close}, err
	case bytes.HasPrefix(start, []byte("\x28\xb5\x2f\xfd")):
		plain, err := zstd.NewReader(buffered, zstd.WithDecoderMaxMemory(mostWindow))
		if err != nil {
			return nil, err
		}
		return decompressed{plain, func() error { plain.Close(); return f.Close() }}, nil
	}
	return decompressed{buffered, f.Close}, nil
}

// mostWindow bounds the memory that a layer's zstd may ask for.
const mostWindow = 128 << 20
