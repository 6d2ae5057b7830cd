package record

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// content is what writes a text.
func content(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func openFolder(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// holds checks what a folder holds, besides the text of one file.
func holds(t *testing.T, dir, file, text string, names ...string) {
	t.Helper()
	if got, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(got) != text {
		t.Errorf("%s holds %.40q, %v, want %q", file, got, err, text)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("%s holds %v, want %v", dir, got, names)
	}
}

// A file that cannot be written whole leaves the former one.
func TestWriteKeepsTheFormerFile(t *testing.T) {
	dir := t.TempDir()
	f := openFolder(t, dir)
	broken := errors.New("broken")
	for _, name := range []string{"report.html", "figures/a.png"} {
		if err := f.Write(name, content("former")); err != nil {
			t.Fatal(err)
		}
		err := f.Write(name, func(w io.Writer) error { return errors.Join(content("half")(w), broken) })
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("error %v, want one that names %s and wraps %v", err, name, broken)
		}
	}
	holds(t, dir, "report.html", "former", "figures", "report.html")
	holds(t, filepath.Join(dir, "figures"), "a.png", "former", "a.png")
}

// A disk that is full leaves the former file, and nothing half.
func TestWriteOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("needs a small file system: mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	f := openFolder(t, dir)
	if err := f.Write("report.html", content("former")); err != nil {
		t.Fatal(err)
	}
	err := f.Write("report.html", content(strings.Repeat("x", 100_000)))
	if !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), ".report.html") {
		t.Errorf("error %v, want no space left for report.html", err)
	}
	holds(t, dir, "report.html", "former", "report.html")
}

// What lies in the place of a file is replaced, and what it leads to is left alone.
func TestWriteReplacesWhatIsInItsPlace(t *testing.T) {
	for name, lay := range map[string]func(other, path string) error{
		"symbolic link": os.Symlink,
		"hard link":     os.Link,
		"link to a pipe": func(_, path string) error {
			return errors.Join(syscall.Mkfifo(path+".pipe", 0o600), os.Symlink(path+".pipe", path))
		},
		"pipe":               func(_, path string) error { return syscall.Mkfifo(path, 0o600) },
		"link to nowhere":    func(_, path string) error { return os.Symlink("nowhere", path) },
		"link to a device":   func(_, path string) error { return os.Symlink("/dev/full", path) },
		"file without right": func(_, path string) error { return os.WriteFile(path, nil, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, other := t.TempDir(), filepath.Join(t.TempDir(), "other")
			path := filepath.Join(dir, "report.html")
			if err := errors.Join(os.WriteFile(other, []byte("mine"), 0o600), lay(other, path)); err != nil {
				t.Fatal(err)
			}
			if err := openFolder(t, dir).Write("report.html", content("report")); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
				t.Errorf("%v %v, want a file", info, err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != "report" {
				t.Errorf("report %q, %v", got, err)
			}
			if got, err := os.ReadFile(other); err != nil || string(got) != "mine" {
				t.Errorf("the other file holds %q, %v", got, err)
			}
		})
	}
}

// Nothing is written, made or removed through a link that leads out of the folder.
func TestLinksOutOfTheFolder(t *testing.T) {
	run := &Run{Scenario: Scenario{Name: "a", Phases: []Phase{{Name: "steady"}}}, Targets: []Target{{Name: "physical"}}}
	w, err := Create(t.TempDir(), run)
	if err != nil {
		t.Fatal(err)
	}
	outside := t.TempDir()
	mine := filepath.Join(outside, "mine.hlog")
	if err := errors.Join(
		w.Close(),
		os.Remove(filepath.Join(run.Dir, cellFolder)),
		os.Symlink(outside, filepath.Join(run.Dir, cellFolder)),
		os.Symlink(outside, filepath.Join(run.Dir, "figures")),
		os.WriteFile(mine, []byte("mine"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	const want = "a symbolic link leads out of the folder"
	f := openFolder(t, run.Dir)
	if err := f.Write("figures/a.png", content("a")); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a figure: error %v, want %q", err, want)
	}
	if _, err := f.Create("cells/a.vegeta"); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("raw results: error %v, want %q", err, want)
	}
	if _, _, err := Reopen(run.Dir); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a run to continue: error %v, want %q", err, want)
	}
	if _, err := run.Intervals(&Cell{Log: "cells/mine.hlog"}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a log: error %v, want %q", err, want)
	}
	holds(t, outside, "mine.hlog", "mine", "mine.hlog")
}

func TestFolderInThePlaceOfAFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "report.html", "kept"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := openFolder(t, dir).Write("report.html", content("report"))
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "report.html")+": a folder is in the place of the file") {
		t.Errorf("error %v, want that there is a folder", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "report.html", "kept")); err != nil {
		t.Error(err)
	}
}

// A run whose files are none is refused without being waited for.
func TestOpenReadsFilesAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		lay  func(path string) error
		want string
	}{
		"pipe":           {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "is a pipe, not a file"},
		"folder":         {func(path string) error { return os.Mkdir(path, 0o700) }, "is a folder, not a file"},
		"endless device": {func(path string) error { return os.Symlink("/dev/zero", path) }, "a symbolic link leads out of the folder"},
		"endless file": {func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40))
		}, "is longer than 1 GiB"},
	} {
		run := &Run{Dir: t.TempDir()}
		if err := tt.lay(filepath.Join(run.Dir, fileName)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(run.Dir); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
		beside := filepath.Join(run.Dir, "pipe")
		if err := syscall.Mkfifo(beside, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(beside); err == nil || !strings.Contains(err.Error(), "not a folder; want the folder") {
			t.Errorf("a pipe as a run's folder: error %v", err)
		}
		if name == "endless file" {
			continue // a log is read line by line
		}
		if _, err := run.Intervals(&Cell{Log: fileName}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s as a log: error %v, want %q", name, err, tt.want)
		}
	}
}
