package userfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Writable reports why a file of that path cannot be written, before the work
// that the file is for. It leaves nothing behind.
func Writable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("write %s: it is a folder, want a file", path)
	case err == nil && !info.Mode().IsRegular():
		return nil // a device or a pipe: only writing tells
	}
	temp, err := beside(path)
	if err != nil {
		return err
	}
	return errors.Join(temp.Close(), os.Remove(temp.Name()))
}

// Replace writes a file that gets its name only when it is complete, so that no
// half a file is ever left. A device or a pipe is written as it is.
func Replace(path string, data []byte) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, data, 0o644)
	}
	temp, err := beside(path)
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(temp.Name()))
	}
	return nil
}

// beside creates a file in the folder of path, hidden and with a name that nothing else has.
func beside(path string) (*os.File, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err // without the name of the temporary file
	}
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return temp, nil
}
