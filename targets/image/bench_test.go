package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"servebench/targets"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/moby/moby/client"
)

// What a server in Python with its libraries comes to.
const (
	benchFiles = 15_000
	benchSize  = 500 << 20
)

// benchImage is an image of that size in three layers, whose files compress to half.
func benchImage(b *testing.B) v1.Image {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	img := empty.Image
	for layer := range 3 {
		path := filepath.Join(b.TempDir(), "layer.tar")
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		w := tar.NewWriter(f)
		for file := range benchFiles / 3 {
			size := 1 + rng.IntN(2*benchSize/benchFiles)
			body := make([]byte, size)
			for i := 0; i+8 < size/2; i += 8 { // the rest are zeros
				copy(body[2*i:], fmt.Appendf(nil, "%08x", rng.Uint32()))
			}
			err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("opt/venv/l%d/%d/m%d.py", layer, file/50, file), Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(size)})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := w.Write(body); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		content, err := tarball.LayerFromFile(path, tarball.WithCompressionLevel(gzip.BestSpeed), tarball.WithCompressedCaching)
		if err != nil {
			b.Fatal(err)
		}
		if img, err = mutate.AppendLayers(img, content); err != nil {
			b.Fatal(err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		b.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = here().OS, here().Architecture
	if img, err = mutate.ConfigFile(img, config); err != nil {
		b.Fatal(err)
	}
	return img
}

// BenchmarkUnpack unpacks an image of 500 MB, and shows how long that takes in times of
// docker load of the same: with compressed layers, as registries have them, and without,
// as docker save writes them.
func BenchmarkUnpack(b *testing.B) {
	img := benchImage(b)
	tag, err := name.NewTag("servebench-test/bench:1")
	if err != nil {
		b.Fatal(err)
	}
	compressed := filepath.Join(b.TempDir(), "compressed.tar")
	if err := tarball.WriteToFile(compressed, tag, img); err != nil {
		b.Fatal(err)
	}
	dir := filepath.Join(b.TempDir(), "layout")
	into, err := layout.Write(dir, empty.Index)
	if err == nil {
		err = into.AppendImage(img)
	}
	if err != nil {
		b.Fatal(err)
	}
	plain := filepath.Join(b.TempDir(), "plain.tar")
	if err := writePlain(plain, tag, img); err != nil {
		b.Fatal(err)
	}
	for _, source := range []struct{ name, path, loaded string }{
		{"docker save", plain, plain}, {"compressed", compressed, compressed}, {"OCI layout", dir, compressed},
	} {
		b.Run(source.name, func(b *testing.B) {
			var unpacked, loaded time.Duration // the shortest, one after the other so that both have the same machine
			for b.Loop() {
				b.StopTimer()
				if took := loadTime(b, source.loaded, tag.String()); loaded == 0 || took < loaded {
					loaded = took
				}
				b.Setenv("SERVEBENCH_CACHE", b.TempDir())
				b.StartTimer()
				began := time.Now()
				opened, err := Open(b.Context(), targets.Workload{Image: source.path})
				if err == nil {
					_, err = opened.Folder(b.Context())
				}
				if err != nil {
					b.Fatal(err)
				}
				if took := time.Since(began); unpacked == 0 || took < unpacked {
					unpacked = took
				}
				b.StopTimer()
				if err := Clean(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.SetBytes(benchSize)
			if loaded > 0 {
				b.ReportMetric(float64(unpacked)/float64(loaded), "×docker-load")
			}
		})
	}
}

// loadTime is how long docker load takes; 0 without an engine.
func loadTime(b *testing.B, path, tag string) time.Duration {
	cli, err := client.New(client.FromEnv)
	if err != nil {
		return 0
	}
	defer cli.Close()
	if _, err := cli.Ping(b.Context(), client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		b.Logf("no ratio without a Docker Engine: %v", err)
		return 0
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	began := time.Now()
	answer, err := cli.ImageLoad(b.Context(), f)
	if err == nil {
		_, err = io.Copy(io.Discard, answer)
	}
	took := time.Since(began)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := cli.ImageRemove(context.Background(), tag, client.ImageRemoveOptions{Force: true, PruneChildren: true}); err != nil {
		b.Fatal(err)
	}
	return took
}

// writePlain writes an image as docker save does, with layers that are not compressed.
func writePlain(path string, tag name.Tag, img v1.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	put := func(name string, size int64, body io.Reader) error {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size}); err != nil {
			return err
		}
		_, err := io.Copy(w, body)
		return err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	var names string
	for i, l := range layers {
		size := func() (n int64) {
			if r, err := l.Uncompressed(); err == nil {
				n, _ = io.Copy(io.Discard, r)
				r.Close()
			}
			return n
		}()
		body, err := l.Uncompressed()
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%d/layer.tar", i)
		if err := put(name, size, body); err != nil {
			return err
		}
		names += fmt.Sprintf(`,"%s"`, name)
	}
	if err := put("config.json", int64(len(config)), bytes.NewReader(config)); err != nil {
		return err
	}
	manifest := fmt.Sprintf(`[{"Config":"config.json","RepoTags":["%s"],"Layers":[%s]}]`, tag, names[1:])
	if err := put("manifest.json", int64(len(manifest)), bytes.NewReader([]byte(manifest))); err != nil {
		return err
	}
	return w.Close()
}
