package revision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Left returns the working trees below dir, as of CheckOut, that a killed servebench
// left there. Those that are in use are none.
func Left(dir string) ([]string, error) {
	trees, err := left(dir)
	var paths []string
	for _, t := range trees {
		paths = append(paths, t.Dir)
		err = errors.Join(err, t.lock.Close())
	}
	return paths, err
}

// Sweep removes the working trees that Left returns, and what git knows of them. It
// returns those that are removed.
func Sweep(ctx context.Context, dir string) (removed []string, err error) {
	trees, err := left(dir)
	for _, t := range trees {
		// A repository that is gone knows nothing of its trees.
		if t.repo.top, _ = git(ctx, t.Dir, "rev-parse", "--path-format=absolute", "--git-common-dir"); t.repo.top == "" {
			err = errors.Join(err, os.RemoveAll(filepath.Dir(t.Dir)), t.lock.Close())
		} else {
			err = errors.Join(err, t.Close())
		}
		if _, there := os.Stat(t.Dir); errors.Is(there, fs.ErrNotExist) {
			removed = append(removed, t.Dir)
		}
	}
	return removed, err
}

// left returns the trees that nobody uses, locked, without their repositories.
func left(dir string) ([]*Tree, error) {
	holders, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find working trees: %w", err)
	}
	var trees []*Tree
	for _, h := range holders {
		holder := filepath.Join(dir, h.Name())
		inside, err := os.ReadDir(holder)
		if err != nil || len(inside) == 0 { // somebody else's by now, or about to be
			continue
		}
		if file, err := lock(holder); err == nil { // else somebody uses it
			trees = append(trees, &Tree{Dir: filepath.Join(holder, inside[0].Name()), lock: file})
		}
	}
	return trees, nil
}
