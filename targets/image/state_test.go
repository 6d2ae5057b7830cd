package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"servebench/targets"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"golang.org/x/sys/unix"
)

// Whatever becomes of an image's unpacked files, the next run has them as the image has
// them, and what was made of them is made anew; files that nobody touched stay.
func TestChangedFilesAreUnpackedAgain(t *testing.T) {
	alone(t)
	path := writeSaved(t, configure(t, stack(t, archive(t, dir("d"), text("d/f", "file"), text("g", "other"), symlink("l", "g"))), v1.Config{}))
	w, err := Resolve(t.Context(), targets.Workload{Image: path}, t.Errorf)
	if err != nil {
		t.Fatal(err)
	}
	img, err := Open(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := img.Folder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want, made := tree(t, folder), 0
	disk := func() error {
		_, err := img.File(t.Context(), "disk", func(_ context.Context, path string) error {
			made++
			return os.WriteFile(path, nil, 0o600)
		})
		return err
	}
	if err := disk(); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	for name, change := range map[string]func() error{
		"nothing":         func() error { return nil },
		"a file removed":  func() error { return os.Remove(in("d/f")) },
		"a file changed":  func() error { return os.WriteFile(in("g"), []byte("OTHER"), 0o600) },
		"a mode":          func() error { return os.Chmod(in("g"), 0o755) },
		"a file added":    func() error { return os.WriteFile(in("d/new"), nil, 0o600) },
		"a folder added":  func() error { return os.Mkdir(in("new"), 0o700) },
		"a link":          func() error { return errors.Join(os.Remove(in("l")), os.Symlink("d", in("l"))) },
		"all removed":     func() error { return os.RemoveAll(folder) },
		"no state":        func() error { return os.Remove(filepath.Join(folder, "..", stateName)) },
		"half of a state": func() error { return os.Truncate(filepath.Join(folder, "..", stateName), 5) },
	} {
		t.Run(name, func(t *testing.T) {
			before := made
			if err := change(); err != nil {
				t.Fatal(err)
			}
			var resolving sync.WaitGroup
			var mu sync.Mutex
			var notes []string
			for range 3 { // several runs begin
				resolving.Go(func() {
					_, err := Resolve(t.Context(), w, func(format string, args ...any) {
						mu.Lock()
						defer mu.Unlock()
						notes = append(notes, fmt.Sprintf(format, args...))
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			resolving.Wait()
			if is := tree(t, folder); !maps.Equal(is, want) {
				t.Errorf("the files are %v, want %v", is, want)
			}
			if err := disk(); err != nil {
				t.Fatal(err)
			}
			if name == "nothing" {
				if len(notes) > 0 || made != before {
					t.Errorf("notes %q, the disk was made %d times", notes, made-before)
				}
				return
			}
			if made != before+1 || len(notes) != 1 || !strings.Contains(notes[0], "were changed: they are unpacked again") {
				t.Errorf("notes %q, the disk was made %d times", notes, made-before)
			}
		})
	}
}

// configure gives an image a configuration for this machine.
func configure(t testing.TB, img v1.Image, config v1.Config) v1.Image {
	t.Helper()
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = here().OS, here().Architecture, config
	if img, err = mutate.ConfigFile(img, file); err != nil {
		t.Fatal(err)
	}
	return img
}

// attributed is a layer of one file with extended attributes.
func attributed(t testing.TB, values map[string]string) []byte {
	t.Helper()
	h := &tar.Header{Name: "bin/server", Typeflag: tar.TypeReg, Mode: 0o4755, Uid: os.Getuid(), Gid: os.Getgid(), PAXRecords: map[string]string{}}
	for name, value := range values {
		h.PAXRecords[attributePrefix+name] = value
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	if err := errors.Join(w.WriteHeader(h), w.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// A file keeps its capabilities and what users set; what would change an overlay, or is
// another system's, is left out and told.
func TestExtendedAttributes(t *testing.T) {
	alone(t)
	// Of version 2, effective: CAP_NET_BIND_SERVICE, see linux/capability.h.
	const capability = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	kept := map[string]string{"user.mark": "one"}
	left := []string{"trusted.overlay.opaque", "user.overlay.redirect", "security.selinux"}
	if os.Geteuid() == 0 {
		kept[capabilityName] = capability
	} else {
		left = append(left, capabilityName)
	}
	values := map[string]string{capabilityName: capability, "user.mark": "one"}
	for _, name := range left {
		if values[name] == "" {
			values[name] = "y"
		}
	}
	img, err := describe(stack(t, attributed(t, values)))
	if err != nil {
		t.Fatal(err)
	}
	folder, err := img.Folder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "bin/server")
	for name, want := range kept {
		value := make([]byte, 100)
		n, err := unix.Lgetxattr(file, name, value)
		if errors.Is(err, unix.ENOTSUP) {
			t.Skipf("%s: this file system has no extended attributes", folder)
		}
		if err != nil || string(value[:n]) != want {
			t.Errorf("%s is %q, %v, want %q", name, value[:max(n, 0)], err, want)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode()&os.ModeSetuid == 0 {
		t.Errorf("mode %v, %v, want that the set-user-id bit stays", info.Mode(), err)
	}
	facts := img.Facts()
	notes := facts[len(facts)-1].Value
	for _, name := range left {
		if n, err := unix.Lgetxattr(file, name, nil); err == nil {
			t.Errorf("%s was set, to %d bytes", name, n)
		}
		if !strings.Contains(notes, fmt.Sprintf("%q (1 files)", name)) {
			t.Errorf("the notes do not name %s: %s", name, notes)
		}
	}
	if os.Geteuid() == 0 && !strings.Contains(notes, "Capabilities of its programs (/bin/server and 0 more)") {
		t.Errorf("the notes do not name the file with capabilities: %s", notes)
	}
}

// Many names of attributes make no long note.
func TestNamesOfAttributesAreBounded(t *testing.T) {
	values := map[string]string{}
	for i := range 100 {
		values[fmt.Sprintf("trusted.n%02d", i)] = "x"
	}
	u, err := unpack(t.Context(), stack(t, attributed(t, values)), t.TempDir(), mostBytes)
	if err != nil {
		t.Fatal(err)
	}
	if notes := u.attributes.notes(); len(notes) != 1 || !strings.Contains(notes[0], `"others" (95 files)`) || strings.Count(notes[0], "trusted.n") != 5 {
		t.Errorf("notes %q", notes)
	}
}

// What an image declares beyond what is honoured everywhere is told.
func TestFactsOfAnImage(t *testing.T) {
	alone(t)
	for _, tc := range []struct {
		config v1.Config
		says   []string
	}{
		{v1.Config{}, nil},
		{v1.Config{Healthcheck: &v1.HealthConfig{Test: []string{"NONE"}}, Shell: []string{"sh"}, OnBuild: []string{"RUN x"}, StopSignal: "SIGQUIT"}, nil},
		{v1.Config{Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "x"}}}, []string{"Its health check is not run"}},
		{v1.Config{Volumes: map[string]struct{}{"/var/data": {}, "/data": {}}}, []string{"Its volumes (/data, /var/data) are ordinary folders"}},
	} {
		img, err := describe(configure(t, stack(t), tc.config))
		if err != nil {
			t.Fatal(err)
		}
		facts := img.Facts()
		if facts[0].Name != "image" || facts[0].Value != img.Digest || len(facts) != 1+min(len(tc.says), 1) {
			t.Errorf("%+v has the facts %+v", tc.config, facts)
		}
		for _, want := range tc.says {
			if !strings.Contains(facts[1].Value, want) {
				t.Errorf("%+v: %q does not say %q", tc.config, facts[1].Value, want)
			}
		}
	}
}

// An image with more than its user wants is refused, also one that is unpacked already, and
// nothing stays of one that is not.
func TestImageWithMoreThanItsUserWants(t *testing.T) {
	cache := alone(t)
	// 2 MiB in the layers, of which 1 MiB is left.
	body := strings.Repeat("x", 1<<20)
	built := stack(t, archive(t, text("f", body)), archive(t, text("f", body)))
	for _, unpacked := range []bool{false, true} {
		for most, large := range map[targets.Bytes]bool{0: false, 1: true, 2<<20 - 1: true, 2 << 20: false} {
			img, err := describe(built)
			if err != nil {
				t.Fatal(err)
			}
			if unpacked {
				if _, err := img.Folder(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			img.Most = most
			_, err = img.Folder(t.Context())
			if _, is := errors.AsType[TooLargeError](err); is != large || !large && err != nil {
				t.Errorf("unpacked %t, at most %d: %v", unpacked, most, err)
			}
			left, err := filepath.Glob(filepath.Join(cache, "images", "*", rootName))
			if err != nil || !unpacked && large == (len(left) > 0) {
				t.Errorf("at most %d: left %v, %v", most, left, err)
			}
			if !unpacked {
				os.RemoveAll(filepath.Join(cache, "images"))
			}
		}
	}
}

// The folder that a process begins in is there, unless something else is: Process says so.
func TestWorkingFolder(t *testing.T) {
	alone(t)
	for dir, says := range map[string]string{
		"": "", "/": "", "/srv/app": "", "srv/app": "", "/link/app": "", "/new/app": "",
		"/file": "is a file", "/file/below": "is a file", "/loop/app": "more than 40 links",
	} {
		img, err := describe(configure(t, stack(t, archive(t,
			entry{name: "srv/", kind: tar.TypeDir, mode: 0o700}, entry{name: "file", kind: tar.TypeReg, mode: 0o755, body: "x"},
			symlink("link", "srv"), symlink("loop", "loop"))), v1.Config{Entrypoint: []string{"/file"}, WorkingDir: dir}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = img.Process(t.Context(), targets.Workload{Image: "own"}, "", 0)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("working folder %q: %v, want %q", dir, err, says)
		}
		folder, err := img.Folder(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		files := slices.Sorted(maps.Keys(tree(t, folder)))
		if made := map[string]string{"/srv/app": "srv/app", "srv/app": "srv/app", "/link/app": "srv/app", "/new/app": "new/app"}[dir]; made != "" && !slices.Contains(files, made) {
			t.Errorf("working folder %q: the image has %v", dir, files)
		}
		if info, err := os.Stat(filepath.Join(folder, "srv")); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("working folder %q: srv has the mode %v, %v", dir, info.Mode(), err)
		}
	}
}
