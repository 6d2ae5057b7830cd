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
	"syscall"
	"testing"
	"time"

	"servebench/targets"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
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
func benchImage(b *testing.B, seed uint64) v1.Image {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, seed))
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
// docker load of the same: with layers that are not compressed, as docker save writes them,
// and with compressed ones, as registries have them. Nothing is removed before the end,
// since ext4 is slow to make files for some minutes after others were removed.
func BenchmarkUnpack(b *testing.B) {
	for seed, kind := range []string{"docker save", "OCI layout"} {
		b.Run(kind, func(b *testing.B) {
			img := benchImage(b, uint64(seed))
			tag, err := name.NewTag(fmt.Sprintf("servebench-test/bench:%d", seed))
			if err != nil {
				b.Fatal(err)
			}
			saved := filepath.Join(b.TempDir(), "saved.tar")
			path := saved
			if kind == "docker save" {
				err = writePlain(saved, tag, img)
			} else {
				path = writeLayout(b, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img}))
				err = tarball.WriteToFile(saved, tag, img)
			}
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(benchSize)
			var best time.Duration
			for b.Loop() {
				b.StopTimer()
				b.Setenv("SERVEBENCH_CACHE", b.TempDir())
				syscall.Sync() // what was written before is not waited for
				b.StartTimer()
				began := time.Now()
				opened, err := Open(b.Context(), targets.Workload{Image: path})
				if err == nil {
					_, err = opened.Folder(b.Context())
				}
				if err != nil {
					b.Fatal(err)
				}
				if took := time.Since(began); best == 0 || took < best {
					best = took
				}
			}
			if load := loadTime(b, saved, tag.String()); load > 0 {
				b.ReportMetric(float64(best)/float64(load), "×docker-load")
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
	syscall.Sync()
	began := time.Now()
	answer, err := cli.ImageLoad(b.Context(), f)
	if err == nil {
		_, err = io.Copy(io.Discard, answer)
	}
	took := time.Since(began)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cli, err := client.New(client.FromEnv)
		if err == nil {
			_, err = cli.ImageRemove(context.Background(), tag, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		}
		if err != nil {
			b.Error(err)
		}
	})
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
