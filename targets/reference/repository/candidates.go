package repository

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"servebench/reports/record/userfile"
	"servebench/targets/protocol"
)

// configFile holds the settings of a model of the folder.
const configFile = "config.json"

// maxConfig bounds that file, in bytes.
const maxConfig = 1 << 20

// candidates are the versions of a model that can be served.
type candidates struct {
	name    string
	numbers []int // ascending, at least one
	read    func(number int) (version, error)
	config  string // path of the settings; "": there are none
	counts  counts // as they are once the newest version is served
}

// settings are those that a request brings, or else those of the repository.
func (c candidates) settings(override string) (Settings, error) {
	if override != "" {
		s, err := ParseSettings([]byte(override))
		if err != nil {
			return s, fmt.Errorf("config: %w", err)
		}
		return s, nil
	}
	if c.config == "" {
		return Settings{}, nil
	}
	text, err := userfile.ReadText(c.config, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return Settings{}, nil
	}
	if err != nil {
		return Settings{}, err
	}
	s, err := ParseSettings(text)
	if err != nil {
		return s, fmt.Errorf("%s: %w", c.config, err)
	}
	return s, nil
}

// missing is the error of a version that is not there.
func (c candidates) missing(number int) error {
	var there []string
	for _, n := range c.numbers {
		there = append(there, strconv.Itoa(n))
	}
	return fmt.Errorf("there is no version %d of model %q, want one of %s", number, c.name, strings.Join(there, ", "))
}

// find looks for the versions of a model. A file takes their place.
func (r *Repository) find(e *entry, file *protocol.ModelFile) (candidates, error) {
	if file == nil {
		return r.findOwn(e)
	}
	if names, err := r.names(); err != nil || !slices.Contains(names, e.name) {
		return candidates{}, errors.Join(err, r.unknown(e.name))
	}
	return candidates{name: e.name, counts: e.counts, numbers: []int{file.Version}, read: func(number int) (version, error) {
		m, digest, err := r.config.Parse(e.name, file.Content)
		if err != nil {
			return version{}, err
		}
		v := numbered(m, number, digest)
		v.lent = true
		return v, nil
	}}, nil
}

// findOwn looks for those that the repository has.
func (r *Repository) findOwn(e *entry) (candidates, error) {
	if r.config.Dir != "" && IsName(e.name) {
		if info, err := os.Stat(filepath.Join(r.config.Dir, e.name)); err == nil && info.IsDir() {
			if slices.Contains(r.config.Reserved, e.name) {
				return candidates{}, fmt.Errorf("%s: the name %s is taken by a built-in model", filepath.Join(r.config.Dir, e.name), e.name)
			}
			return r.findInDir(e)
		}
	}
	for _, s := range r.config.Sources {
		if s.Name == e.name {
			return findInSource(e, s)
		}
	}
	return candidates{}, r.unknown(e.name)
}

// findInSource reads a source. Beside what it holds now there are the versions that are
// served still.
func findInSource(e *entry, s Source) (candidates, error) {
	m, digest, err := s.Read()
	if err != nil {
		return candidates{}, err
	}
	c := candidates{name: e.name, counts: e.counts}
	if c.counts.number == 0 || c.counts.digest != digest {
		c.counts = counts{c.counts.number + 1, digest}
	}
	versions := slices.DeleteFunc(slices.Clone(e.loaded), func(v version) bool { return v.number == c.counts.number || v.lent })
	versions = append(versions, numbered(m, c.counts.number, digest))
	for _, v := range versions {
		c.numbers = append(c.numbers, v.number)
	}
	c.read = func(number int) (version, error) {
		for _, v := range versions {
			if v.number == number {
				return v, nil
			}
		}
		return version{}, c.missing(number)
	}
	return c, nil
}

func numbered(m protocol.Model, number int, digest Digest) version {
	m.Version = strconv.Itoa(number)
	return version{number: number, model: m, digest: digest}
}

// findInDir lists the versions of a model of the folder.
func (r *Repository) findInDir(e *entry) (candidates, error) {
	dir := filepath.Join(r.config.Dir, e.name)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return candidates{}, err
	}
	c := candidates{name: e.name, config: filepath.Join(dir, configFile)}
	for _, entry := range entries {
		if number, ok := versionNumber(entry.Name()); ok {
			c.numbers = append(c.numbers, number)
		}
	}
	if len(c.numbers) == 0 {
		return candidates{}, fmt.Errorf("%s: no version, want a folder with a number, such as %s", dir, filepath.Join(dir, "1"))
	}
	slices.Sort(c.numbers)
	c.read = func(number int) (version, error) {
		if !slices.Contains(c.numbers, number) {
			return version{}, c.missing(number)
		}
		path, err := modelFile(filepath.Join(dir, strconv.Itoa(number)))
		if err != nil {
			return version{}, err
		}
		m, digest, err := r.config.Read(e.name, path)
		if err != nil {
			return version{}, err
		}
		return numbered(m, number, digest), nil
	}
	return c, nil
}

// versionNumber is the version whose folder has that name: a number above 0 without
// leading zeros.
func versionNumber(name string) (number int, ok bool) {
	number, err := strconv.Atoi(name)
	return number, err == nil && number > 0 && strconv.Itoa(number) == name
}

// modelFile is the one file of a version's folder whose name begins with "model.".
func modelFile(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var files []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "model.") {
			files = append(files, entry.Name())
		}
	}
	if len(files) != 1 {
		return "", fmt.Errorf(`%s: want one file named "model." and what it is, such as model.json; there are %d`, dir, len(files))
	}
	return filepath.Join(dir, files[0]), nil
}

// modelsIn lists the models of a folder; none of "".
func modelsIn(dir string) (names []string, err error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		info, statErr := os.Stat(filepath.Join(dir, entry.Name())) // which follows links
		if statErr == nil && info.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

// IsName reports whether a model can have that name: it is part of paths and of the URL.
func IsName(name string) bool {
	return name != "" && !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, "/\\ \x00")
}
