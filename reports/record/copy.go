package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"servebench/reports/record/userfile"
)

// Copy copies what a run's figures are made from into another folder: run.json and the
// interval logs that it names, as they lie on disk.
func Copy(run *Run, to *Folder) (err error) {
	from, err := OpenFolder(run.Dir)
	if err != nil {
		return fmt.Errorf("copy run: %w", err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if err := from.copy(fileName, to); err != nil {
		return fmt.Errorf("copy run %s: %w", run.Dir, err)
	}
	for _, c := range run.Cells {
		if c.Log == "" {
			continue
		}
		err := from.copy(c.Log, to)
		if errors.Is(err, fs.ErrNotExist) && c.Failed != "" {
			continue // its record says that it is incomplete
		}
		if err != nil {
			return fmt.Errorf("copy run %s: %w", run.Dir, err)
		}
	}
	return nil
}

func (f *Folder) copy(name string, to *Folder) (err error) {
	in, err := f.open(name, userfile.NoLimit)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return to.Write(name, func(out io.Writer) error {
		_, err := io.Copy(out, in)
		return err
	})
}
