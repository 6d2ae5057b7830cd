package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Copy copies what a run's figures are made from into a folder that exists: run.json
// and the interval logs that it names, as they lie on disk. What lies outside of the
// run's own folder, through a link say, is not read.
func Copy(run *Run, to string) (err error) {
	from, err := os.OpenRoot(run.Dir)
	if err != nil {
		return fmt.Errorf("copy run: %w", err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := copyFile(from, fileName, filepath.Join(to, fileName)); err != nil {
		return fmt.Errorf("copy run %s: %w", run.Dir, err)
	}
	for _, c := range run.Cells {
		if c.Log == "" {
			continue
		}
		name := filepath.FromSlash(c.Log)
		err := copyFile(from, name, filepath.Join(to, name))
		if errors.Is(err, fs.ErrNotExist) && c.Failed != "" {
			continue // its record says that it is incomplete
		}
		if err != nil {
			return fmt.Errorf("copy run %s: %w", run.Dir, err)
		}
	}
	return nil
}

func copyFile(from *os.Root, name, to string) (err error) {
	in, err := from.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
