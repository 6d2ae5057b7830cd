package container

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// writeArchive writes an image under a name of its own as docker save does, for the engine
// to load. A layer is written as it lies on this machine: to compress it for the way
// takes longer than all the rest.
func writeArchive(w io.Writer, img v1.Image, tag, mark string) error {
	config, digests, err := marked(img, mark)
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	if len(layers) != len(digests) {
		return fmt.Errorf("the image has %d layers, and the digests of %d", len(layers), len(digests))
	}
	archive := tar.NewWriter(w)
	manifest := struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{Config: "config.json", RepoTags: []string{tag}}
	written := map[string]bool{}
	for i, layer := range layers {
		name := digests[i].Hex + ".tar"
		manifest.Layers = append(manifest.Layers, name)
		if written[name] {
			continue
		}
		written[name] = true
		if err := writeLayer(archive, name, layer); err != nil {
			return fmt.Errorf("layer %s: %w", digests[i], err)
		}
	}
	listed, err := json.Marshal([]any{manifest})
	if err != nil {
		return err
	}
	return errors.Join(
		writeFile(archive, manifest.Config, int64(len(config)), bytes.NewReader(config)),
		writeFile(archive, "manifest.json", int64(len(listed)), bytes.NewReader(listed)),
		archive.Close())
}

// marked returns the image's configuration with a label that no other has, and the digests
// of the layers.
func marked(img v1.Image, mark string) ([]byte, []v1.Hash, error) {
	file, err := img.ConfigFile()
	if err != nil {
		return nil, nil, err
	}
	file = file.DeepCopy()
	if file.Config.Labels == nil {
		file.Config.Labels = map[string]string{}
	}
	file.Config.Labels["servebench.deployment"] = mark
	text, err := json.Marshal(file)
	return text, file.RootFS.DiffIDs, err
}

// writeLayer writes a layer, with gzip if that is how it lies here. Engines of all ages read
// both, and no other compression.
func writeLayer(archive *tar.Writer, name string, layer v1.Layer) error {
	kind, err := layer.MediaType()
	if err != nil {
		return err
	}
	open, size := layer.Compressed, layer.Size
	if kind != types.DockerLayer && kind != types.OCILayer {
		open, size = layer.Uncompressed, func() (int64, error) { return countBytes(layer.Uncompressed) }
	}
	n, err := size()
	if err != nil {
		return err
	}
	body, err := open()
	if err != nil {
		return err
	}
	return errors.Join(writeFile(archive, name, n, body), body.Close())
}

// countBytes reads to the end.
func countBytes(open func() (io.ReadCloser, error)) (int64, error) {
	body, err := open()
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, body)
	return n, errors.Join(err, body.Close())
}

func writeFile(archive *tar.Writer, name string, size int64, body io.Reader) error {
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, ModTime: time.Unix(0, 0)}); err != nil {
		return err
	}
	_, err := io.Copy(archive, body)
	return err
}
