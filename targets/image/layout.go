package image

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"servebench/reports/record/userfile"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// platforms names the images of an index.
func platforms(index *v1.IndexManifest) []string {
	var all []string
	for _, m := range images(index) {
		name := "for no platform"
		if m.Platform != nil {
			name = m.Platform.String()
		}
		if tag := cmp.Or(m.Annotations["io.containerd.image.name"], m.Annotations["org.opencontainers.image.ref.name"]); tag != "" {
			name = tag + " (" + name + ")"
		}
		all = append(all, name)
	}
	return all
}

// images are the entries of an index but for those that say something of others, such as
// how they were built.
func images(index *v1.IndexManifest) []v1.Descriptor {
	var all []v1.Descriptor
	for _, m := range index.Manifests {
		_, refers := m.Annotations["vnd.docker.reference.type"]
		unknown := m.Platform != nil && m.Platform.OS == "unknown"
		if (m.MediaType.IsImage() || m.MediaType.IsIndex()) && !refers && !unknown {
			all = append(all, m)
		}
	}
	return all
}

// choose returns the entry of an index that is for this machine.
func choose(index *v1.IndexManifest) (v1.Descriptor, error) {
	all := images(index)
	if len(all) == 1 && all[0].Platform == nil { // its configuration says for which it is
		return all[0], nil
	}
	var fit []v1.Descriptor
	for _, m := range all {
		if m.Platform == nil || m.Platform.OS == here().OS && m.Platform.Architecture == here().Architecture {
			fit = append(fit, m)
		}
	}
	switch {
	case len(all) == 0:
		return v1.Descriptor{}, errors.New("its index names no image")
	case len(fit) == 0:
		return v1.Descriptor{}, fmt.Errorf("it is for %s, and this machine is %s", shortName(platforms(index)), here())
	}
	for _, m := range fit {
		if m.Digest != fit[0].Digest {
			return v1.Descriptor{}, fmt.Errorf("there are several images in it, want one: %s", shortName(platforms(index)))
		}
	}
	return fit[0], nil
}

// layoutImage is an image of an OCI layout.
type layoutImage struct {
	files            fs.FS
	config, manifest []byte
	parsed           *v1.Manifest
	digests          []v1.Hash // of the content of its layers
}

// mostNested bounds how many indexes lead to an image.
const mostNested = 5

// readLayout reads the one image of an OCI layout that is for this machine.
func readLayout(files fs.FS) (*Image, error) {
	text, err := readText(files, indexFile)
	for range mostNested {
		if err != nil {
			return nil, err
		}
		index := new(v1.IndexManifest)
		if err := json.Unmarshal(text, index); err != nil {
			return nil, fmt.Errorf("read its index: %w", userfile.JSON(text, index))
		}
		chosen, err := choose(index)
		if err != nil {
			return nil, err
		}
		if text, err = blob(files, chosen.Digest); err != nil {
			return nil, err
		}
		if chosen.MediaType.IsImage() {
			return readManifest(files, text)
		}
	}
	return nil, fmt.Errorf("more than %d indexes lead to its image", mostNested)
}

// readManifest reads the image of a manifest.
func readManifest(files fs.FS, text []byte) (*Image, error) {
	img := layoutImage{files: files, manifest: text}
	var err error
	if img.parsed, err = v1.ParseManifest(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("read its manifest: %w", err)
	}
	if img.config, err = blob(files, img.parsed.Config.Digest); err != nil {
		return nil, err
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(img.config))
	if err != nil {
		return nil, fmt.Errorf("read its configuration: %w", err)
	}
	if err := checkLayers(config, len(img.parsed.Layers)); err != nil {
		return nil, err
	}
	img.digests = config.RootFS.DiffIDs
	whole, err := partial.CompressedToImage(img)
	if err != nil {
		return nil, err
	}
	return describe(layered{whole})
}

// layered is an image whose layers are decompressed here, which is faster.
type layered struct{ v1.Image }

// Layers implements v1.Image.
func (i layered) Layers() ([]v1.Layer, error) {
	layers, err := i.Image.Layers()
	for number := range layers {
		layers[number] = quickLayer{layers[number]}
	}
	return layers, err
}

// quickLayer is a compressed layer.
type quickLayer struct{ v1.Layer }

// Uncompressed implements v1.Layer.
func (l quickLayer) Uncompressed() (io.ReadCloser, error) {
	f, err := l.Compressed()
	if err != nil {
		return nil, err
	}
	return decompressLayer(f)
}

// blobName is the file of a blob.
func blobName(digest v1.Hash) string { return "blobs/" + digest.Algorithm + "/" + digest.Hex }

// blob reads a blob that is held in memory, and holds it to its digest.
func blob(files fs.FS, digest v1.Hash) ([]byte, error) {
	text, err := readText(files, blobName(digest))
	if err != nil {
		return nil, err
	}
	if is, _, err := v1.SHA256(bytes.NewReader(text)); err != nil || is != digest {
		return nil, fmt.Errorf("its file %s has the digest %s: it is damaged", blobName(digest), is)
	}
	return text, nil
}

// RawConfigFile implements partial.CompressedImageCore.
func (l layoutImage) RawConfigFile() ([]byte, error) { return l.config, nil }

// RawManifest implements partial.CompressedImageCore.
func (l layoutImage) RawManifest() ([]byte, error) { return l.manifest, nil }

// MediaType implements partial.CompressedImageCore.
func (l layoutImage) MediaType() (types.MediaType, error) {
	return cmp.Or(l.parsed.MediaType, types.OCIManifestSchema1), nil
}

// LayerByDigest implements partial.CompressedImageCore.
func (l layoutImage) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	for i, described := range l.parsed.Layers {
		if described.Digest == digest {
			return layoutLayer{l, i}, nil
		}
	}
	return nil, fmt.Errorf("there is no layer %s", digest)
}

// layoutLayer is a layer of an OCI layout, by its number.
type layoutLayer struct {
	layoutImage
	number int
}

func (l layoutLayer) described() v1.Descriptor { return l.parsed.Layers[l.number] }

// Digest implements partial.CompressedLayer.
func (l layoutLayer) Digest() (v1.Hash, error) { return l.described().Digest, nil }

// Size implements partial.CompressedLayer.
func (l layoutLayer) Size() (int64, error) { return l.described().Size, nil }

// MediaType implements partial.CompressedLayer.
func (l layoutLayer) MediaType() (types.MediaType, error) { return l.described().MediaType, nil }

// DiffID implements partial.WithDiffID, of which the image's configuration has one for
// each layer.
func (l layoutLayer) DiffID() (v1.Hash, error) {
	return l.digests[l.number], nil
}

// Compressed implements partial.CompressedLayer.
func (l layoutLayer) Compressed() (io.ReadCloser, error) {
	f, err := l.files.Open(blobName(l.described().Digest))
	if err != nil {
		return nil, fmt.Errorf("it lacks its layer %s", l.described().Digest)
	}
	return f, nil
}
