package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"

	"servebench/reports/record/userfile"
)

// Folder is the folder of a run, or another one that files are kept in. They have names
// with slashes, relative to it.
// It may be somebody else's: what is read, written or removed through it lies in it,
// whatever symbolic links say, and what has a file's name is replaced rather than
// written into. It is safe for concurrent use.
type Folder struct {
	dir  string
	root *os.Root
}

var errNoFolder = errors.New("not a folder")

// OpenFolder opens a folder, which is there.
func OpenFolder(dir string) (*Folder, error) {
	// To open a pipe would wait for somebody who writes to it.
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("open folder %s: %w", dir, errNoFolder)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder %s: %w", dir, userfile.Cause(err))
	}
	return &Folder{dir, root}, nil
}

// Close closes the folder, and none of its files.
func (f *Folder) Close() error { return f.root.Close() }

// Write writes a file, and the folders that it needs, so that a reader, or a crash at
// any moment, finds the former one or the new one whole, never a part. Where write
// fails, the former one stays.
func (f *Folder) Write(name string, write func(io.Writer) error) error {
	if err := f.replace(name, write); err != nil {
		return f.failed("write", name, err)
	}
	return nil
}

func (f *Folder) replace(name string, write func(io.Writer) error) error {
	if info, err := f.root.Lstat(name); err == nil && info.IsDir() {
		return errors.New("a folder is in the place of the file; move it away")
	}
	part := path.Join(path.Dir(name), fmt.Sprintf(".%s-%08x", path.Base(name), rand.Uint32()))
	file, err := f.create(part)
	if err != nil {
		return err
	}
	if err = write(file); err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = f.root.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, f.root.Remove(part))
	}
	return f.sync(path.Dir(name))
}

// create makes a file that is not there yet, and the folders that it needs.
func (f *Folder) create(name string) (*os.File, error) {
	if err := f.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return nil, err
	}
	return f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// sync makes a rename in a folder durable.
func (f *Folder) sync(dir string) error {
	folder, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Create makes a file that is written as it comes. One that exists is an error: two
// cells must never share one.
func (f *Folder) Create(name string) (*os.File, error) {
	file, err := f.create(name)
	if err != nil {
		return nil, f.failed("create", name, err)
	}
	return file, nil
}

// open opens a file of at most so many bytes for reading.
func (f *Folder) open(name string, limit int64) (*os.File, error) {
	file, err := userfile.OpenIn(f.root, name, limit)
	if err != nil {
		return nil, f.failed("read", name, err)
	}
	return file, nil
}

// names are those of the files in a folder of it.
func (f *Folder) names(dir string) ([]string, error) {
	folder, err := f.root.Open(dir)
	if err != nil {
		return nil, f.failed("read", dir, err)
	}
	names, err := folder.Readdirnames(-1)
	if err = errors.Join(err, folder.Close()); err != nil {
		return nil, f.failed("read", dir, err)
	}
	return names, nil
}

// remove removes a file.
func (f *Folder) remove(name string) error {
	if err := f.root.Remove(name); err != nil {
		return f.failed("remove", name, err)
	}
	return nil
}

// failed says what could not be done with a file.
func (f *Folder) failed(what, name string, err error) error {
	return fmt.Errorf("%s %s: %w", what, filepath.Join(f.dir, filepath.FromSlash(name)), userfile.Cause(err))
}

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
