package vm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"

	"servebench/targets"
	"servebench/targets/vm/guest"
	"servebench/targets/vm/kernel"

	"github.com/cavaliergopher/cpio"
)

// entry is a file of the guest's initial file system; its folders come with it.
type entry struct {
	path string // absolute, in the guest
	mode cpio.FileMode
	file string // of this machine, with the content; "": text is the content
	text []byte
}

// systemFiles lists what the guest's initial file system holds, the server apart.
func systemFiles(spec guest.Spec, guestinit string, modules []kernel.Module) ([]entry, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	entries := []entry{
		{path: "/init", mode: 0o755, file: guestinit},
		{path: guest.SpecPath, mode: 0o600, text: text},
	}
	files := guest.Files()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, entry{path: name, mode: 0o644, text: []byte(files[name])})
	}
	for _, m := range modules {
		entries = append(entries, entry{path: modulePath(m), mode: 0o644, text: m.Content})
	}
	return entries, nil
}

// modulePath is where a module is in the guest.
func modulePath(m kernel.Module) string { return path.Join(guest.ModulesDir, m.Name+".ko") }

// modulePaths are where the modules are in the guest, in order.
func modulePaths(modules []kernel.Module) []string {
	var paths []string
	for _, m := range modules {
		paths = append(paths, modulePath(m))
	}
	return paths
}

// writeFile writes an initial file system to a new file and returns its size.
func writeFile(file string, entries []entry) (targets.Bytes, error) {
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, fmt.Errorf("write the guest's initial file system: %w", err)
	}
	buffered := bufio.NewWriterSize(out, int(targets.MiB))
	err = errors.Join(write(buffered, entries), buffered.Flush())
	size, err1 := out.Seek(0, io.SeekCurrent)
	if err := errors.Join(err, err1, out.Close()); err != nil {
		return 0, fmt.Errorf("write the guest's initial file system: %w", err)
	}
	return targets.Bytes(size), nil
}

// write writes the entries as a cpio archive in the format newc, see "initramfs
// buffer format" in the kernel's documentation. It is not compressed: to
// uncompress it in an emulated guest takes longer than to read it.
func write(w io.Writer, entries []entry) error {
	archive := cpio.NewWriter(w)
	made := map[string]bool{"/": true}
	for _, e := range entries {
		if err := writeFolders(archive, path.Dir(e.path), made); err != nil {
			return err
		}
		if err := writeEntry(archive, e); err != nil {
			return fmt.Errorf("%s: %w", e.path, err)
		}
	}
	return archive.Close()
}

// writeFolders writes the folders that lead to one, which the kernel does not
// make by itself.
func writeFolders(archive *cpio.Writer, dir string, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	made[dir] = true
	if err := writeFolders(archive, path.Dir(dir), made); err != nil {
		return err
	}
	return archive.WriteHeader(&cpio.Header{Name: dir[1:], Mode: cpio.TypeDir | 0o755, Links: 2})
}

func writeEntry(archive *cpio.Writer, e entry) error {
	var source io.Reader = bytes.NewReader(e.text)
	size := int64(len(e.text))
	if e.file != "" {
		f, err := os.Open(e.file)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		source, size = f, info.Size()
	}
	if err := archive.WriteHeader(&cpio.Header{Name: e.path[1:], Mode: cpio.TypeReg | e.mode, Size: size}); err != nil {
		return err
	}
	_, err := io.CopyN(archive, source, size)
	return err
}
