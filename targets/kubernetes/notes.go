package kubernetes

import (
	"context"
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

// A run on a cluster that the user named leaves a note here until it has ended, so that clean
// knows where to look when it was killed: on no other cluster does it, whatever kubeconfigs
// there are.

// notesFolder is the folder of the cache that has them, each named after its local.Maker and
// the run.
const notesFolder = "kubernetes-runs"

// noted is where a run is.
type noted struct {
	Context     string   `json:"context"`
	Kubeconfigs []string `json:"kubeconfigs,omitempty"`
	Namespace   string   `json:"namespace,omitempty"` // that the user named
}

func (r *run) noteFile() (string, error) {
	dir, err := targets.CacheDir(notesFolder)
	return filepath.Join(dir, local.Self().String()+"-"+r.name+".json"), err
}

// note notes where the run is, before it makes anything there.
func (r *run) note() error {
	c := r.cluster
	if c.isDefault {
		return nil // where clean always looks
	}
	file, err := r.noteFile()
	if err != nil {
		return err
	}
	text, err := json.Marshal(noted{c.context, c.files, r.namespace})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return userfile.Replace(file, text)
}

func (r *run) unnote() error {
	file, err := r.noteFile()
	if err == nil {
		err = os.Remove(file)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// notedLeftovers finds what killed servebenches left on the clusters that they noted, and
// the notes.
func notedLeftovers(ctx context.Context) ([]targets.Leftover, error) {
	dir, err := targets.CacheDir(notesFolder)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var found []targets.Leftover
	var failed []error
	for _, file := range files {
		if !local.Abandoned(filepath.Base(file), "") {
			continue
		}
		left, err := leftoversAt(ctx, file)
		found, failed = append(found, left...), append(failed, err)
	}
	return found, errors.Join(failed...)
}

func leftoversAt(ctx context.Context, file string) ([]targets.Leftover, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil // removed meanwhile
	}
	var at noted
	if err := json.Unmarshal(text, &at); err != nil {
		return nil, fmt.Errorf("read the note %s of a run on Kubernetes: %w", file, err)
	}
	c, err := connect(at.Context, at.Kubeconfigs)
	if err != nil {
		return nil, fmt.Errorf("look for what a run left that %s tells of: %w", file, err)
	}
	found, err := c.leftovers(ctx, at.Namespace)
	if err != nil {
		return nil, err
	}
	return append(found, targets.Leftover{
		What:   fmt.Sprintf("note of a run on Kubernetes (%s), %s", at.Context, file),
		Remove: func(context.Context) error { return os.Remove(file) },
	}), nil
}
