package draft

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"servebench/scenarios/probe"

	"github.com/mattn/go-shellwords"
)

// readCommand reads the command line into the words that the scenario has. Without an image
// it also finds out which files the server needs elsewhere: those that the user names; or
// for a script, or a program of an environment, all that lies in the folder it runs in; and
// its environment and the files that the command names.
func (m *maker) readCommand() error {
	parser := shellwords.NewParser()
	words, err := parser.Parse(m.Command)
	if err != nil || parser.Position >= 0 {
		return fmt.Errorf("--command %s: want a program and its arguments, with quotes as in a shell; for more than that: sh -c '…'", m.Command)
	}
	if m.command = words; m.Image != "" || m.Build != "" || len(words) == 0 {
		return nil
	}
	program, err := m.program(words[0])
	if err != nil {
		return err
	}
	environment := environmentOf(program)
	if err := m.chooseFiles(program, environment); err != nil {
		return err
	}
	if program != words[0] {
		words[0] = literal(program)
	}
	if environment != "" {
		m.takeAlong(environment)
	}
	for i := range words[1:] {
		words[1+i] = m.named(words[1+i])
	}
	return nil
}

// program finds the program of the command: its absolute path, or a name that every machine
// looks up in its PATH. One in an environment of the folder goes first.
func (m *maker) program(word string) (string, error) {
	switch {
	case strings.ContainsAny(word, "$~"): // which the scenario reads
		return word, nil
	case strings.Contains(word, "/"):
		return filepath.Abs(word)
	}
	environments, err := filepath.Glob(filepath.Join(m.folder, "*", "pyvenv.cfg"))
	folders := []string{filepath.Join(m.folder, "node_modules", ".bin")}
	for _, file := range environments {
		folders = append(folders, filepath.Join(filepath.Dir(file), "bin"))
	}
	for _, folder := range folders {
		path := filepath.Join(folder, word)
		if _, missing := exec.LookPath(path); err == nil && missing == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(word)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("--command %s: %s is not in PATH, nor in a virtual environment in %s, where the server runs", m.Command, word, m.folder)
	}
	if environmentOf(path) != "" {
		return filepath.Abs(path)
	}
	return word, nil
}

// environmentOf returns the virtual environment of Python, or the folder of Node's modules,
// that a program is in; "": none.
func environmentOf(program string) string {
	bin := filepath.Dir(program)
	folder := filepath.Dir(bin)
	if filepath.Base(bin) == "bin" && isEnvironment(folder) || filepath.Base(bin) == ".bin" && filepath.Base(folder) == "node_modules" {
		return folder
	}
	return ""
}

func isEnvironment(folder string) bool {
	_, venv := os.Stat(filepath.Join(folder, "pyvenv.cfg"))
	_, conda := os.Stat(filepath.Join(folder, "conda-meta"))
	return venv == nil || conda == nil
}

// chooseFiles makes the paths of Files absolute. A folder that holds the scenario stands for
// what lies in it, and so does the folder that a script runs in where the user names no
// files.
func (m *maker) chooseFiles(program, environment string) error {
	given := m.Files
	if m.Files = nil; given == nil && (environment != "" || isScript(program)) {
		given = []string{m.folder}
	}
	for _, file := range given {
		file, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		if !covers(file, m.folder) {
			m.takeAlong(file)
			continue
		}
		m.chosen = true
		entries, err := m.entries(file)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			m.takeAlong(entry)
		}
	}
	return nil
}

// isScript reports whether a program is one that an interpreter runs, or an interpreter.
func isScript(program string) bool {
	if regexp.MustCompile(`^(python|pypy|node|deno|bun|ruby|perl|php|java|Rscript)[0-9.]*$`).MatchString(filepath.Base(program)) {
		return true
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return false
	}
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	head := make([]byte, 2)
	_, err = file.Read(head)
	return err == nil && bytes.Equal(head, []byte("#!"))
}

// mostEntries bounds what is taken along of a folder, which may be a home folder.
const mostEntries = 100

// entries are what a server may need of a folder that holds the scenario: all but hidden
// files, virtual environments, and what changes from run to run.
func (m *maker) entries(folder string) (files []string, err error) {
	all, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // which is a new one for the scenario
		return nil, fmt.Errorf("--files: %w", err)
	}
	for _, entry := range all {
		path := filepath.Join(folder, entry.Name())
		changes := slices.Contains([]string{"runs", "__pycache__", File, probe.DataFile, probe.OwnDataFile}, entry.Name()) || filepath.Ext(path) == ".log"
		if !changes && !strings.HasPrefix(entry.Name(), ".") && !isEnvironment(path) && !covers(path, m.folder) {
			files = append(files, path)
		}
	}
	if len(files) > mostEntries {
		return nil, fmt.Errorf("--files: %s holds %d files and folders, too many to take along: name those that the server needs", folder, len(files))
	}
	return files, nil
}

// takeAlong adds a file that the server needs.
func (m *maker) takeAlong(path string) {
	if !slices.ContainsFunc(m.Files, func(file string) bool { return covers(file, path) }) {
		m.Files = append(m.Files, path)
	}
}

// named takes the file along that an argument names, if it does, and returns the argument with
// the path from the folder that the server runs in.
func (m *maker) named(word string) string {
	option, value, given := strings.Cut(word, "=")
	if !given || !strings.HasPrefix(option, "-") {
		option, value = "", word
	}
	path, err := filepath.Abs(value)
	info, missing := os.Stat(value)
	if err != nil || missing != nil || !info.Mode().IsRegular() || !strings.ContainsAny(value, "./") {
		return word
	}
	m.takeAlong(path)
	return strings.TrimPrefix(option+"="+literal(strings.TrimPrefix(m.relative(path), "./")), "=")
}

// covers reports whether a file or folder is or holds the one at the path.
func covers(file, path string) bool {
	return file == path || strings.HasPrefix(path, strings.TrimSuffix(file, "/")+"/")
}

// relative is the path of a file from the scenario's folder, if it is in there.
func (m *maker) relative(file string) string {
	relative, err := filepath.Rel(m.folder, file)
	switch {
	case err != nil || !filepath.IsLocal(relative):
		return file
	case relative == ".":
		return relative
	}
	return "./" + relative
}
