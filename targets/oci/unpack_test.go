package oci

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// entry is a file of a layer; a name alone is a folder.
type entry struct {
	name, link, body string
	kind             byte
	mode             int64
}

// archive writes the entries as a tar.
func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Linkname: e.link, Typeflag: e.kind, Mode: e.mode, Size: int64(len(e.body)), Uid: os.Getuid(), Gid: os.Getgid()}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// stack makes an image of layers.
func stack(t testing.TB, layers ...[]byte) v1.Image {
	t.Helper()
	img := empty.Image
	for _, l := range layers {
		var err error
		if img, err = mutate.AppendLayers(img, static.NewLayer(l, types.DockerUncompressedLayer)); err != nil {
			t.Fatal(err)
		}
	}
	return img
}

func TestUnpack(t *testing.T) {
	base := archive(t,
		entry{name: "usr/", kind: tar.TypeDir, mode: 0o755},
		entry{name: "usr/lib/", kind: tar.TypeDir, mode: 0o700},
		entry{name: "lib", link: "usr/lib", kind: tar.TypeSymlink},
		entry{name: "gone", body: "x", kind: tar.TypeReg, mode: 0o644},
		entry{name: "changed", body: "old and longer", kind: tar.TypeReg, mode: 0o600},
		entry{name: "pipe", kind: tar.TypeFifo},
		entry{name: "cleared/below", body: "x", kind: tar.TypeReg, mode: 0o644},
		entry{name: "was-link", link: "usr", kind: tar.TypeSymlink},
		entry{name: "was-dir/file", body: "x", kind: tar.TypeReg, mode: 0o644},
	)
	above := archive(t,
		entry{name: ".wh.gone", kind: tar.TypeReg},
		entry{name: "changed", body: "new", kind: tar.TypeReg, mode: 0o4755},
		entry{name: "lib/so", body: "library", kind: tar.TypeReg, mode: 0o644},
		entry{name: "hard", link: "changed", kind: tar.TypeLink},
		entry{name: "tmp/", kind: tar.TypeDir, mode: 0o1777},
		entry{name: "cleared/above", body: "kept", kind: tar.TypeReg, mode: 0o644},
		entry{name: "cleared/.wh..wh..opq", kind: tar.TypeReg},
		entry{name: "was-link/", kind: tar.TypeDir, mode: 0o755},
		entry{name: "was-dir", body: "file", kind: tar.TypeReg, mode: 0o644},
	)
	dir := t.TempDir()
	if err := unpack(t.Context(), stack(t, base, above), dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"changed": "new", "hard": "new", "usr/lib/so": "library", "lib/so": "library", "cleared/above": "kept", "was-dir": "file"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v, want %q", name, got, err, want)
		}
	}
	for name, want := range map[string]os.FileMode{"changed": 0o755 | os.ModeSetuid, "tmp": 0o777 | os.ModeSticky | os.ModeDir, "usr/lib": 0o700 | os.ModeDir, "was-link": 0o755 | os.ModeDir} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	for _, name := range []string{"gone", ".wh.gone", "pipe", "cleared/below", "cleared/.wh..wh..opq"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !os.IsNotExist(err) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
}

// No image may write outside of its folder, whatever it holds.
func TestUnpackStaysInside(t *testing.T) {
	for name, layer := range map[string][]byte{
		"dots":            archive(t, entry{name: "../../outside/file", body: "x", kind: tar.TypeReg, mode: 0o644}),
		"absolute":        archive(t, entry{name: "/outside/file", body: "x", kind: tar.TypeReg, mode: 0o644}),
		"symlink":         archive(t, entry{name: "a", link: "../outside", kind: tar.TypeSymlink}, entry{name: "a/file", body: "x", kind: tar.TypeReg, mode: 0o644}),
		"absolute link":   archive(t, entry{name: "a", link: "/", kind: tar.TypeSymlink}, entry{name: "a/file", body: "x", kind: tar.TypeReg, mode: 0o644}),
		"hard link":       archive(t, entry{name: "a", link: "../outside/secret", kind: tar.TypeLink}),
		"link to a link":  archive(t, entry{name: "a", link: "..", kind: tar.TypeSymlink}, entry{name: "b", link: "a/outside/secret", kind: tar.TypeLink}),
		"chmod by a link": archive(t, entry{name: "a", link: "../outside/secret", kind: tar.TypeSymlink}, entry{name: "a", kind: tar.TypeDir, mode: 0o777}),
	} {
		t.Run(name, func(t *testing.T) {
			above := t.TempDir()
			outside, inside := filepath.Join(above, "outside"), filepath.Join(above, "inside")
			for _, dir := range []string{outside, inside} {
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			secret := filepath.Join(outside, "secret")
			if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
				t.Fatal(err)
			}
			err := unpack(t.Context(), stack(t, layer), inside)
			t.Logf("unpack: %v", err)
			entries, err := os.ReadDir(outside)
			if err != nil || len(entries) != 1 {
				t.Errorf("outside holds %v, %v", entries, err)
			}
			if info, err := os.Stat(secret); err != nil || info.Mode() != 0o600 {
				t.Errorf("the secret has the mode %v, %v", info.Mode(), err)
			}
			if body, err := os.ReadFile(filepath.Join(inside, "a")); err == nil && string(body) == "secret" {
				t.Error("the secret was linked into the image")
			}
		})
	}
}

func TestUnpackStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	img := stack(t, archive(t, entry{name: "file", body: "x", kind: tar.TypeReg}))
	if err := unpack(ctx, img, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("unpack: %v, want that it was cancelled", err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(archive(f, entry{name: "a/b", body: "x", kind: tar.TypeReg, mode: 0o4755}))
	f.Add(archive(f, entry{name: "a", link: "/", kind: tar.TypeSymlink}, entry{name: "a/x", body: "x", kind: tar.TypeReg}))
	f.Add(archive(f, entry{name: "../x", link: "../../y", kind: tar.TypeLink}))
	f.Fuzz(func(t *testing.T, layer []byte) {
		above := t.TempDir()
		inside := filepath.Join(above, "inside")
		if err := os.Mkdir(inside, 0o755); err != nil {
			t.Fatal(err)
		}
		_ = unpack(t.Context(), stack(t, layer), inside)
		entries, err := os.ReadDir(above)
		if err != nil || len(entries) != 1 {
			t.Fatalf("%v, %v beside the folder", entries, err)
		}
	})
}
