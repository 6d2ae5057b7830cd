package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	if _, err := unpack(t.Context(), stack(t, base, above), dir, mostBytes); err != nil {
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
		"dots in a link":  archive(t, entry{name: "a", link: "../../../outside", kind: tar.TypeSymlink}, entry{name: "a/file", body: "x", kind: tar.TypeReg, mode: 0o644}),
		"a whiteout":      archive(t, entry{name: "../outside/.wh.secret", kind: tar.TypeReg}),
		"one by a link":   archive(t, entry{name: "a", link: "../outside", kind: tar.TypeSymlink}, entry{name: "a/.wh.secret", kind: tar.TypeReg}),
		"an opaque one":   archive(t, entry{name: "a", link: "../outside", kind: tar.TypeSymlink}, entry{name: "a/.wh..wh..opq", kind: tar.TypeReg}),
		"a hard one":      archive(t, entry{name: "a", link: "../outside/secret", kind: tar.TypeSymlink}, entry{name: "b", link: "a", kind: tar.TypeLink}, entry{name: "b", body: "x", kind: tar.TypeReg, mode: 0o644}),
		"written by one":  archive(t, entry{name: "a", link: "../outside/secret", kind: tar.TypeSymlink}, entry{name: "a", body: "x", kind: tar.TypeReg, mode: 0o644}),
		"a loop":          archive(t, entry{name: "a", link: "b", kind: tar.TypeSymlink}, entry{name: "b", link: "a", kind: tar.TypeSymlink}, entry{name: "a/x", body: "x", kind: tar.TypeReg, mode: 0o644}),
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
			_, err := unpack(t.Context(), stack(t, layer), inside, mostBytes)
			t.Logf("unpack: %v", err)
			entries, err := os.ReadDir(outside)
			if err != nil || len(entries) != 1 {
				t.Errorf("outside holds %v, %v", entries, err)
			}
			if info, err := os.Stat(secret); err != nil || info.Mode() != 0o600 {
				t.Errorf("the secret has the mode %v, %v", info.Mode(), err)
			}
			if body, err := os.ReadFile(secret); err != nil || string(body) != "secret" {
				t.Errorf("the secret is %q, %v", body, err)
			}
			if info, err := os.Lstat(filepath.Join(inside, "a")); err == nil && info.Mode().IsRegular() && info.Size() == int64(len("secret")) {
				t.Error("the secret was linked into the image")
			}
		})
	}
}

// tree describes what there is below a folder: "dir", "file CONTENT" or
// "link TARGET" by path.
func tree(t testing.TB, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == folder {
			return err
		}
		at, _ := filepath.Rel(folder, name)
		switch {
		case e.IsDir():
			all[at] = "dir"
		case e.Type() == fs.ModeSymlink:
			link, err := os.Readlink(name)
			all[at] = "link " + link
			return err
		default:
			body, err := os.ReadFile(name)
			all[at] = "file " + string(body)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func dir(name string) entry { return entry{name: name + "/", kind: tar.TypeDir, mode: 0o755} }
func text(name, body string) entry {
	return entry{name: name, body: body, kind: tar.TypeReg, mode: 0o644}
}
func symlink(name, link string) entry { return entry{name: name, link: link, kind: tar.TypeSymlink} }

// Whiteouts hide what lower layers have, and nothing of their own layer, in
// whatever order a layer has them: OCI image specification, layer.md,
// "Whiteouts" and "Opaque Whiteout".
func TestWhiteouts(t *testing.T) {
	for _, tc := range []struct {
		name         string
		lower, upper []entry
		want         map[string]string
	}{
		{
			"a file of the same layer stays", []entry{text("f", "old")}, []entry{text("f", "new"), text(".wh.f", "")},
			map[string]string{"f": "file new"},
		},
		{
			"a folder of the same layer keeps its own files alone", []entry{text("d/old", ""), text("d/sub/old", "")}, []entry{dir("d"), text("d/sub/new", "x"), text(".wh.d", "")},
			map[string]string{"d": "dir", "d/sub": "dir", "d/sub/new": "file x"},
		},
		{
			"an opaque marker spares a file below a folder without an entry", []entry{text("d/old", "")}, []entry{text("d/sub/new", "x"), text("d/.wh..wh..opq", "")},
			map[string]string{"d": "dir", "d/sub": "dir", "d/sub/new": "file x"},
		},
		{
			"an opaque marker hides lower files below a folder with an entry", []entry{text("d/sub/old", ""), text("d/sub/deep/old", "")}, []entry{dir("d"), dir("d/sub"), text("d/sub/deep/new", "x"), text("d/.wh..wh..opq", "")},
			map[string]string{"d": "dir", "d/sub": "dir", "d/sub/deep": "dir", "d/sub/deep/new": "file x"},
		},
		{
			"an opaque marker of the root", []entry{text("old", ""), text("d/old", "")}, []entry{text("new", "x"), text("d/new", "x"), text(".wh..wh..opq", "")},
			map[string]string{"new": "file x", "d": "dir", "d/new": "file x"},
		},
		{"an opaque marker in what is no folder", []entry{text("f", "x")}, []entry{text("f/.wh..wh..opq", "")}, map[string]string{"f": "file x"}},
		{"an opaque marker in what is not there", []entry{text("f", "x")}, []entry{text("no/.wh..wh..opq", "")}, map[string]string{"f": "file x"}},
		{"a folder that is not empty goes whole", []entry{text("d/a/b", ""), text("e", "x")}, []entry{text(".wh.d", "")}, map[string]string{"e": "file x"}},
		{"what is not there", []entry{text("e", "x")}, []entry{text(".wh.d", ""), text("e/.wh.x", ""), text("no/.wh.x", "")}, map[string]string{"e": "file x"}},
		{
			"a folder that becomes a file", []entry{text("d/a", "")}, []entry{text("d", "x"), text(".wh.d", "")},
			map[string]string{"d": "file x"},
		},
		{
			"a file that becomes a folder", []entry{text("f", "")}, []entry{text("f/a", "x"), text(".wh.f", "")},
			map[string]string{"f": "dir", "f/a": "file x"},
		},
		{
			"a link goes and not what it leads to", []entry{text("b/x", "x"), symlink("a", "b")}, []entry{text(".wh.a", "")},
			map[string]string{"b": "dir", "b/x": "file x"},
		},
		{
			"below a link, of what that leads to", []entry{text("b/x", ""), text("b/y", "y"), symlink("a", "/b")}, []entry{text("a/.wh.x", "")},
			map[string]string{"b": "dir", "b/y": "file y", "a": "link /b"},
		},
		{
			"below a link that becomes a folder, of nothing", []entry{text("b/x", "x"), symlink("a", "b")}, []entry{dir("a"), text("a/.wh.x", "")},
			map[string]string{"b": "dir", "b/x": "file x", "a": "dir"},
		},
		{
			"a file that the same layer has under another name", []entry{dir("b"), symlink("a", "b"), text("b/x", "old")}, []entry{text("a/x", "new"), text("b/.wh.x", "")},
			map[string]string{"b": "dir", "a": "link b", "b/x": "file new"},
		},
		{"what AUFS keeps for itself", nil, []entry{text(".wh..wh.aufs", ""), dir(".wh..wh.plnk"), text(".wh..wh.plnk/1.2", ""), text("f", "x")}, map[string]string{"f": "file x"}},
		{"the last of several entries", nil, []entry{text("f", "1"), text("f", "2"), dir("d"), text("d", "3"), text("e", "4"), dir("e")}, map[string]string{"f": "file 2", "d": "file 3", "e": "dir"}},
		{"an absolute link on the way", []entry{dir("run"), symlink("var/run", "/run")}, []entry{text("var/run/pid", "1")}, map[string]string{"run": "dir", "run/pid": "file 1", "var": "dir", "var/run": "link /run"}},
		{"a device in the place of a file", []entry{text("f", "x")}, []entry{{name: "f", kind: tar.TypeChar}}, map[string]string{}},
		{"no file at all", nil, []entry{{name: "pax_global_header", kind: tar.TypeXGlobalHeader}}, map[string]string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			orders := [][]entry{tc.upper}
			if !strings.HasPrefix(tc.name, "the last") { // whiteouts first, or last: it is the same
				orders = append(orders, slices.Concat(whiteoutsOf(tc.upper, true), whiteoutsOf(tc.upper, false)))
			}
			for _, upper := range orders {
				folder := t.TempDir()
				if _, err := unpack(t.Context(), stack(t, archive(t, tc.lower...), archive(t, upper...)), folder, mostBytes); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tc.want, tree(t, folder)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

// whiteoutsOf picks the whiteouts, or all but them.
func whiteoutsOf(entries []entry, whiteouts bool) []entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e entry) bool {
		return strings.Contains(e.name, ".wh.") != whiteouts
	})
}

// Any two layers give what the specification says of them, here worked out on
// lists of paths.
func TestLayersAsTheSpecificationSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 400 {
		lower, upper := anyLayer(rng, "old", false), anyLayer(rng, "new", true)
		folder := t.TempDir()
		if _, err := unpack(t.Context(), stack(t, archive(t, lower...), archive(t, upper...)), folder, mostBytes); err != nil {
			t.Fatalf("%v over %v: %v", upper, lower, err)
		}
		if diff := cmp.Diff(applied(applied(nil, lower), upper), tree(t, folder)); diff != "" {
			t.Fatalf("%v over %v (-want +got):\n%s", upper, lower, diff)
		}
	}
}

// anyLayer makes up a layer of few names, so that they meet, in any order.
func anyLayer(rng *rand.Rand, body string, whiteouts bool) []entry {
	var all []entry
	seen := map[string]bool{}
	for range 1 + rng.IntN(8) {
		name := ""
		for range 1 + rng.IntN(4) {
			name = path.Join(name, string(rune('a'+rng.IntN(3))))
		}
		e := text(name, body)
		switch rng.IntN(5) {
		case 0:
			e = dir(name)
		case 1:
			if whiteouts {
				e = text(path.Join(path.Dir(name), ".wh."+path.Base(name)), "")
			}
		case 2:
			if whiteouts {
				e = text(path.Join(name, ".wh..wh..opq"), "")
			}
		}
		if seen[e.name] { // no layer has a name twice
			continue
		}
		seen[e.name] = true
		all = append(all, e)
	}
	return consistent(all)
}

// consistent drops the files below which, or in whose place, the layer has
// something else.
func consistent(layer []entry) []entry {
	return slices.DeleteFunc(slices.Clone(layer), func(f entry) bool {
		return f.kind == tar.TypeReg && !strings.Contains(f.name, ".wh.") && slices.ContainsFunc(layer, func(e entry) bool {
			return e.name == f.name+"/" || strings.HasPrefix(e.name, f.name+"/") && !strings.Contains(e.name, ".wh.")
		})
	})
}

// applied is a tree with a layer over it.
func applied(below map[string]string, layer []entry) map[string]string {
	all := maps.Clone(below)
	if all == nil {
		all = map[string]string{}
	}
	hide := func(name string) {
		maps.DeleteFunc(all, func(at, _ string) bool { return strings.HasPrefix(at, name+"/") })
	}
	for _, e := range whiteoutsOf(layer, true) {
		folder, base := path.Split(e.name)
		if base == ".wh..wh..opq" {
			hide(path.Clean(folder))
			continue
		}
		name := folder + strings.TrimPrefix(base, ".wh.")
		hide(name)
		delete(all, name)
	}
	for _, e := range whiteoutsOf(layer, false) {
		name, is := strings.TrimSuffix(e.name, "/"), "dir"
		for above := path.Dir(name); above != "."; above = path.Dir(above) {
			all[above] = "dir"
		}
		if e.kind == tar.TypeReg {
			hide(name)
			is = "file " + e.body
		}
		all[name] = is
	}
	return all
}

// A whiteout that names no file hides none: not the folder that it is in, nor
// the one above.
func TestWhiteoutsOfNothing(t *testing.T) {
	for _, name := range []string{"d/.wh.", "d/.wh..", "d/.wh...", ".wh.", ".wh...", "d/e/../.wh...."} {
		folder := t.TempDir()
		_, err := unpack(t.Context(), stack(t, archive(t, text("d/e/f", "x")), archive(t, text(name, ""))), folder, mostBytes)
		if name == "d/e/../.wh...." { // of a file named "..."
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), "the whiteout names no file") {
			t.Errorf("%s: %v, want that it names no file", name, err)
		}
		if tree(t, folder)["d/e/f"] != "file x" {
			t.Errorf("%s: left %v", name, tree(t, folder))
		}
	}
}

// A folder that is there for its files alone, once its lower one is hidden, has
// nothing of that one.
func TestAHiddenFolderKeepsNoMode(t *testing.T) {
	folder := t.TempDir()
	lower := archive(t, entry{name: "d/", kind: tar.TypeDir, mode: 0o700}, entry{name: "d/e/", kind: tar.TypeDir, mode: 0o700})
	if _, err := unpack(t.Context(), stack(t, lower, archive(t, text("d/e/f", "x"), text(".wh.d", ""))), folder, mostBytes); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"d", "d/e"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v, want 0755", name, info.Mode(), err)
		}
	}
}

// An image is unpacked up to documented bounds, and what is over them is not
// written.
func TestUnpackIsBounded(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<20)
	for name, tc := range map[string]struct {
		layers [][]byte
		says   string
	}{
		"one large file":    {[][]byte{archive(t, text("f", zeros), text("g", "x"))}, "g: with its 1B the image has more than"},
		"over its layers":   {[][]byte{archive(t, text("f", zeros)), archive(t, text("f", "x"))}, "f: with its 1B the image has more than"},
		"a whiteout's body": {[][]byte{archive(t, text("f", zeros), text(".wh.x", "x"))}, ".wh.x: with its 1B the image has more than"},
		"many files":        {[][]byte{archive(t, dir("a"), dir("b"), dir("c"), dir("d"))}, "more than 1000000 files"},
		"many whiteouts":    {[][]byte{archive(t, text(".wh.a", ""), text(".wh.a", ""), text(".wh.a", ""), text(".wh.a", ""))}, "more than 1000000 files"},
		"a long name":       {[][]byte{archive(t, text(strings.Repeat("d/", 3000)+"f", ""))}, "its path is longer than 3072 bytes"},
		"folders of a file": {[][]byte{archive(t, text("a/b/c/d/e/f", ""))}, "more than 1000000 files"},
		"padding":           {[][]byte{append(archive(t, text("f", "x")), zeros...)}, "the image has more than 1MiB of files"},
		"a hole":            {[][]byte{hole(t, 1<<40)}, "hole: with its 1TiB the image has more than"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			u := &unpacker{most: 1 << 20, bytes: 1 << 20, entries: 3}
			if err := u.unpack(t.Context(), stack(t, tc.layers...), folder); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("unpack: %v, want that it says %q", err, tc.says)
			}
			if n := len(tree(t, folder)); n > 3 {
				t.Errorf("%d files are there", n)
			}
		})
	}
}

// A folder counts once, also one that is there without an entry before.
func TestFoldersCountOnce(t *testing.T) {
	u := &unpacker{most: mostBytes, bytes: mostBytes, entries: 4}
	if err := u.unpack(t.Context(), stack(t, archive(t, dir("a"), dir("a/b"), text("c/f", "x"))), t.TempDir()); err != nil || u.entries != 0 {
		t.Errorf("unpack: %v, and %d may still be written, want 0", err, u.entries)
	}
}

// hole is a layer with a sparse file of that size and no content, as GNU tar
// writes it.
func hole(t *testing.T, size int64) []byte {
	t.Helper()
	layer := archive(t, entry{name: "hole", kind: tar.TypeReg, mode: 0o644})
	h := layer[:512]
	copy(h[257:], "ustar  \x00") // GNU's magic
	clear(h[345:500])
	h[156] = tar.TypeGNUSparse
	copy(h[386:], fmt.Sprintf("%011o\x00%011o\x00", 0, 0)) // one piece of no length
	h[483] = 0x80                                          // base 256
	for i := range 8 {
		h[494-i] = byte(size >> (8 * i))
	}
	copy(h[148:], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return layer
}

// endless is a layer that goes on for ever.
type endless struct {
	v1.Layer
	cancel context.CancelFunc
	read   int
}

func (e *endless) Uncompressed() (io.ReadCloser, error) {
	var head bytes.Buffer
	err := tar.NewWriter(&head).WriteHeader(&tar.Header{Name: "f", Typeflag: tar.TypeReg, Size: 1 << 35, Mode: 0o644})
	return io.NopCloser(io.MultiReader(&head, e)), err
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read += len(p); e.read > 1<<20 {
		e.cancel()
	}
	return len(p), nil
}

// Unpacking ends amid a file, and leaves nothing of the image.
func TestUnpackStopsAmidAFile(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	layer := &endless{static.NewLayer(archive(t), types.DockerUncompressedLayer), cancel, 0}
	img, err := mutate.AppendLayers(empty.Image, layer.Layer)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("SERVEBENCH_CACHE", dir)
	_, err = (&Image{Image: oneLayer{img, layer}, Digest: "sha256:x"}).Folder(ctx)
	if !errors.Is(err, context.Canceled) || layer.read > 2<<20 {
		t.Errorf("unpack: %v after %d bytes, want that it was cancelled", err, layer.read)
	}
	want := map[string]string{"images": "dir", "images/sha256-x": "dir", "images/sha256-x/root.lock": "file "}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// oneLayer is an image with another layer.
type oneLayer struct {
	v1.Image
	layer v1.Layer
}

func (o oneLayer) Layers() ([]v1.Layer, error) { return []v1.Layer{o.layer}, nil }

func TestUnpackStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	img := stack(t, archive(t, entry{name: "file", body: "x", kind: tar.TypeReg}))
	if _, err := unpack(ctx, img, t.TempDir(), mostBytes); !errors.Is(err, context.Canceled) {
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
		_, _ = unpack(t.Context(), stack(t, layer), inside, mostBytes)
		entries, err := os.ReadDir(above)
		if err != nil || len(entries) != 1 {
			t.Fatalf("%v, %v beside the folder", entries, err)
		}
	})
}

// The names of a layer are held in memory, and bounded as well.
func TestNamesAreBounded(t *testing.T) {
	u := &unpacker{bytes: 1, entries: 10, names: 10, whiteouts: map[string]bool{}}
	long := &tar.Header{Name: ".wh.a", Typeflag: tar.TypeReg}
	for i, says := range []string{"", "", "the paths of its layer have more than 512MiB"} {
		if err := u.entry(long, nil); (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("entry %d: %v, want %q", i, err, says)
		}
	}
}
