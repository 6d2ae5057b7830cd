package bundle

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"servebench/targets"
)

// search finds the shared libraries that ELF files ask for, where the dynamic loader
// would find them, see ld.so(8).
type search struct {
	*collector
	given []string // folders of LD_LIBRARY_PATH
	files []string // ELF files whose needs have not been looked at
	seen  map[string]bool
	cache []cached // entries of /etc/ld.so.cache
	// listed are the libraries that only the cache leads to.
	listed map[string]bool
	// programs are the executables that the command runs. Their own search paths hold for
	// what they load.
	programs []string
	missing  map[string]string // by name: who asks for it
}

func newSearch(c *collector, w targets.Workload) *search {
	cache, _ := readCache(cacheFile) // there may be none
	return &search{
		collector: c, given: variablePaths(variable(w, "LD_LIBRARY_PATH")), cache: cache,
		seen: map[string]bool{}, listed: map[string]bool{}, missing: map[string]string{},
	}
}

// note notes an ELF file, to look at later.
func (s *search) note(path string) { s.files = append(s.files, path) }

// complete takes what the ELF files need, and what that needs in turn. What the programs
// need that the command runs has to be there. What other files ask for may be missing, as
// it is on this machine.
func (s *search) complete() error {
	noted := s.files
	s.files = nil
	var inherited []string
	for _, program := range s.programs {
		paths, err := s.object(program, nil)
		if err != nil {
			return err
		}
		inherited = append(inherited, paths...)
	}
	if len(s.missing) > 0 {
		var all []string
		for _, name := range slices.Sorted(maps.Keys(s.missing)) {
			all = append(all, fmt.Sprintf("%s (for %s)", name, s.missing[name]))
		}
		return fmt.Errorf("shared libraries that it needs are not on this machine: %s", strings.Join(all, ", "))
	}
	for s.files = append(s.files, noted...); len(s.files) > 0; {
		path := s.files[0]
		s.files = s.files[1:]
		if _, err := s.object(path, inherited); err != nil {
			return err
		}
	}
	return nil
}

// object takes what one ELF file asks for. It returns the search path that holds for
// what it loads.
func (s *search) object(path string, inherited []string) ([]string, error) {
	if s.seen[path] {
		return nil, nil
	}
	s.seen[path] = true
	file, err := elf.Open(path)
	if err != nil {
		return nil, nil // it has an ELF file's first bytes, and no more of one
	}
	defer file.Close()
	if s.machine == elf.EM_NONE {
		s.machine = file.Machine
	}
	if file.Machine != s.machine {
		return nil, nil // for another machine: nothing here loads it
	}
	own, after, err := searchPaths(file, path)
	if err != nil {
		return nil, nil
	}
	if loader := loaderOf(file); loader != "" {
		if err := s.loader(loader, path); err != nil {
			return nil, err
		}
	}
	needed, err := file.ImportedLibraries()
	if err != nil {
		return nil, nil
	}
	chain := slices.Concat(own, inherited)
	before := s.given
	if len(after) == 0 {
		before = slices.Concat(chain, s.given)
	}
	for _, name := range needed {
		if err := s.library(name, path, before, after, chain); err != nil {
			return nil, err
		}
	}
	return chain, nil
}

// loader takes the program that loads an executable and its libraries.
func (s *search) loader(loader, path string) error {
	if _, err := os.Stat(loader); err != nil {
		s.missing[loader] = path
		return nil
	}
	if strings.Contains(loader, "ld-musl-") {
		s.takePresent(filepath.Join("/etc", strings.TrimSuffix(filepath.Base(loader), ".so.1")+".path"))
	}
	return s.collector.take(loader)
}

// library takes a library that the file asks for: from the folders before the cache, from
// those after it, or from the usual ones.
func (s *search) library(name, path string, before, after, inherited []string) error {
	found := s.locate(name, before, after)
	if found == "" {
		s.missing[name] = cmp.Or(s.missing[name], path)
		return nil
	}
	if err := s.collector.take(found); err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(found)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, "libc.so.") { // what the C library loads without asking for it
		for _, companion := range []string{"libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"} {
			if place := s.locate(companion, before, after); place != "" {
				if err := s.collector.take(place); err != nil {
					return err
				}
			}
		}
	}
	_, err = s.object(real, inherited)
	return err
}

// locate returns where the loader finds a library; "": nowhere.
func (s *search) locate(name string, before, after []string) string {
	if strings.Contains(name, "/") {
		if filepath.IsAbs(name) && s.fits(name) {
			return name
		}
		return ""
	}
	for _, folder := range slices.Concat(before, after) {
		if place := filepath.Join(folder, name); s.fits(place) {
			return place
		}
	}
	for _, entry := range s.cache {
		if entry.name == name && s.fits(entry.path) {
			if !slices.Contains(usualFolders(s.machine), filepath.Dir(entry.path)) {
				s.listed[entry.path] = true
			}
			return entry.path
		}
	}
	for _, folder := range usualFolders(s.machine) {
		if place := filepath.Join(folder, name); s.fits(place) {
			return place
		}
	}
	return ""
}

// fits reports whether the file is a library for the machine.
func (s *search) fits(path string) bool {
	file, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return file.Machine == s.machine && file.Type == elf.ET_DYN
}

// usualFolders are those in which the loader looks last: Debian's, then everybody's.
func usualFolders(machine elf.Machine) []string {
	folders := []string{"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"}
	switch machine {
	case elf.EM_X86_64:
		return append([]string{"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"}, folders...)
	case elf.EM_AARCH64:
		return append([]string{"/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"}, folders...)
	}
	return folders
}

// loaderOf returns the loader that an executable asks for; "": none.
func loaderOf(file *elf.File) string {
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			name := make([]byte, p.Filesz)
			if _, err := p.ReadAt(name, 0); err == nil {
				return strings.TrimRight(string(name), "\x00")
			}
		}
	}
	return ""
}

// searchPaths returns the folders that an ELF file names itself: own, DT_RPATH, which
// holds for what it loads as well and counts only without the other, and DT_RUNPATH.
func searchPaths(file *elf.File, path string) (own, after []string, err error) {
	runpath, err1 := file.DynString(elf.DT_RUNPATH)
	rpath, err2 := file.DynString(elf.DT_RPATH)
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	if len(runpath) > 0 {
		return nil, expand(runpath, path), nil
	}
	return expand(rpath, path), nil, nil
}

// expand replaces what the loader replaces in the folders of a search path.
func expand(lists []string, path string) []string {
	replacer := strings.NewReplacer("$ORIGIN", filepath.Dir(path), "${ORIGIN}", filepath.Dir(path), "$LIB", "lib", "${LIB}", "lib")
	var folders []string
	for _, list := range lists {
		for folder := range strings.SplitSeq(list, ":") {
			if folder = replacer.Replace(folder); filepath.IsAbs(folder) {
				folders = append(folders, filepath.Clean(folder))
			}
		}
	}
	return folders
}

// notes say which libraries of files are missing here as well. One that lies anywhere
// among the files is not: who asks for it loads it first.
func (s *search) notes() []string {
	there := map[string]bool{}
	for path := range s.entries {
		there[filepath.Base(path)] = true
	}
	maps.DeleteFunc(s.missing, func(name, _ string) bool { return there[filepath.Base(name)] })
	if len(s.missing) == 0 {
		return nil
	}
	var all []string
	for name, path := range s.missing {
		all = append(all, fmt.Sprintf("%s (for %s)", name, path))
	}
	return []string{fmt.Sprintf("Shared libraries that some files ask for are missing in the image, as they are on this machine: %s.", some(all))}
}
