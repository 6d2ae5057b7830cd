// Package notes keeps a note of each run on a cluster that the user named until it has ended,
// so that clean knows where to look when it was killed: on no other cluster does it, whatever
// kubeconfigs there are. The target kubernetes writes and reads them.
package notes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"servebench/reports/record/userfile"
	"servebench/targets"
	"servebench/targets/local"
)

// Folder is the folder of the cache that has the notes, each named after its local.Maker and
// the run.
const Folder = "kubernetes-runs"

// Note says where a run is.
type Note struct {
	Context     string   `json:"context"`
	Kubeconfigs []string `json:"kubeconfigs,omitempty"`
	Namespace   string   `json:"namespace,omitempty"` // that the user named
}

func fileOf(run string) (string, error) {
	dir, err := targets.CacheDir(Folder)
	return filepath.Join(dir, local.Self().String()+"-"+run+".json"), err
}

// Write notes where a run of this process is.
func (n Note) Write(run string) error {
	file, err := fileOf(run)
	if err != nil {
		return err
	}
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return userfile.Replace(file, text)
}

// Remove removes the note of a run of this process, if there is one.
func Remove(run string) error {
	file, err := fileOf(run)
	if err == nil {
		err = os.Remove(file)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Left are the notes of processes that are gone, by their files, and what is wrong with those
// that cannot be read.
func Left() (map[string]Note, error) {
	dir, err := targets.CacheDir(Folder)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	left := map[string]Note{}
	var failed []error
	for _, file := range files {
		if !local.Abandoned(filepath.Base(file), "") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue // removed meanwhile
		}
		var n Note
		if err := json.Unmarshal(text, &n); err != nil {
			failed = append(failed, fmt.Errorf("read the note %s of a run on Kubernetes: %w", file, err))
			continue
		}
		left[file] = n
	}
	return left, errors.Join(failed...)
}
