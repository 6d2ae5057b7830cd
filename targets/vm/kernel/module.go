package kernel

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Module is a kernel module as it is loaded.
type Module struct {
	Name    string // with underscores: "virtio_net"
	Content []byte
}

// Modules returns the modules of those names and all that they depend on, each
// after what it depends on. What is built into the kernel is left out; where
// there is no folder of modules at all, everything is taken to be.
func (k *Kernel) Modules(names ...string) ([]Module, error) {
	if _, err := os.Stat(k.modules); os.IsNotExist(err) {
		return nil, nil
	}
	s := search{files: map[string]string{}, done: map[string]bool{}}
	if err := s.index(k.modules); err != nil {
		return nil, fmt.Errorf("find the modules of kernel %s: %w", k.Version, err)
	}
	for _, name := range names {
		if err := s.add(name); err != nil {
			return nil, fmt.Errorf("find the modules of kernel %s in %s: %w", k.Version, k.modules, err)
		}
	}
	return s.found, nil
}

// search is a search for modules.
type search struct {
	files map[string]string // path by module's name
	done  map[string]bool   // built in, or found, or being looked for
	found []Module
}

// index lists the files of a kernel's modules, and what is built in.
func (s *search) index(dir string) error {
	builtin, err := os.ReadFile(filepath.Join(dir, "modules.builtin"))
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for line := range strings.Lines(string(builtin)) {
		s.done[moduleName(strings.TrimSpace(line))] = true
	}
	return filepath.WalkDir(filepath.Join(dir, "kernel"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.Contains(entry.Name(), ".ko") {
			s.files[moduleName(path)] = path
		}
		return err
	})
}

// moduleName returns the name of the module in a file: the kernel writes all
// dashes as underscores.
func moduleName(file string) string {
	name, _, _ := strings.Cut(path.Base(filepath.ToSlash(file)), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}

// add appends a module after those that it depends on.
func (s *search) add(name string) error {
	name = moduleName(name)
	if s.done[name] {
		return nil
	}
	s.done[name] = true
	file, ok := s.files[name]
	if !ok {
		return fmt.Errorf("%s is neither built in nor there as a module", name)
	}
	content, err := readModule(file)
	if err != nil {
		return err
	}
	needed, err := depends(content)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, other := range needed {
		if err := s.add(other); err != nil {
			return fmt.Errorf("%s needs %w", name, err)
		}
	}
	s.found = append(s.found, Module{Name: name, Content: content})
	return nil
}

// readModule reads a module's file, which may be compressed.
func readModule(file string) ([]byte, error) {
	tools := map[string]string{".ko": "", ".xz": "xz", ".zst": "zstd", ".gz": "gzip"}
	tool, known := tools[filepath.Ext(file)]
	switch {
	case !known:
		return nil, fmt.Errorf("%s: its compression is not known: want .ko, .ko.xz, .ko.zst or .ko.gz", file)
	case tool == "":
		return os.ReadFile(file)
	}
	content, err := exec.Command(tool, "-dc", file).Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("%s is compressed, and %s, which reads it, is not in PATH", file, tool)
	}
	if err != nil {
		return nil, fmt.Errorf("uncompress %s with %s: %w", file, tool, err)
	}
	return content, nil
}

// depends reads which modules a module needs: its file is an ELF object whose
// section .modinfo holds texts "key=value", each ended by a zero byte.
func depends(content []byte) ([]string, error) {
	object, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	section := object.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("it is no kernel module: it has no section .modinfo")
	}
	info, err := section.Data()
	if err != nil {
		return nil, fmt.Errorf("read the section .modinfo: %w", err)
	}
	return parseDepends(info), nil
}

// parseDepends reads the content of the section.
func parseDepends(info []byte) []string {
	for text := range bytes.SplitSeq(info, []byte{0}) {
		if list, ok := strings.CutPrefix(string(text), "depends="); ok {
			names := strings.Split(list, ",")
			return slices.DeleteFunc(names, func(name string) bool { return name == "" })
		}
	}
	return nil
}
