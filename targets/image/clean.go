package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"servebench/reports/record/userfile"
	"servebench/targets"
)

// Kept is what the store holds.
type Kept struct {
	Dir   string
	Size  targets.Bytes // on disk
	Files int           // all that there is, folders and links included
}

// String says it in a line.
func (k Kept) String() string { return tell(k.Size) + " of images in " + k.Dir }

func tell(size targets.Bytes) string {
	if size < targets.GiB {
		return fmt.Sprintf("%.1f MiB", float64(size)/float64(targets.MiB))
	}
	return fmt.Sprintf("%.1f GiB", float64(size)/float64(targets.GiB))
}

// Stored looks at what is kept of images, until ctx ends.
func Stored(ctx context.Context) (Kept, error) {
	dir, err := targets.CacheDir(storeName)
	if err != nil {
		return Kept{}, err
	}
	kept := Kept{Dir: dir}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, fs.ErrNotExist) { // none are kept, or one was removed meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		kept.Files++
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() {
			kept.Size += allocated(info)
		}
		return nil
	})
	if err != nil {
		return kept, fmt.Errorf("look for images that are kept: %w", err)
	}
	return kept, nil
}

// allocated is what a file takes on disk, which is less than its size where it has holes.
func allocated(info fs.FileInfo) targets.Bytes {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return targets.Bytes(stat.Blocks) * 512
	}
	return targets.Bytes(info.Size())
}

const (
	// lockName is the file of the cache that is locked by who uses images, which Clean and
	// Trim remove.
	lockName = storeName + ".lock"
	// useTime is how long Use waits for who removes images.
	useTime = time.Minute
)

// Use keeps Clean and Trim away from the images, whichever are opened, until it is closed. It
// waits while another process removes some.
func Use(ctx context.Context) (io.Closer, error) {
	lock, err := openLock()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, useTime)
	defer cancel()
	for {
		err := userfile.LockShared(lock)
		if err == nil {
			return lock, nil
		}
		if !errors.Is(err, userfile.ErrLocked) || ctx.Err() != nil {
			return nil, errors.Join(fmt.Errorf("use the images that are kept: %w", err), lock.Close())
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func openLock() (*os.File, error) {
	name, err := targets.CacheDir(lockName)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
}

// Clean removes all that is kept of images. It refuses while a run uses them.
func Clean() error {
	dir, err := targets.CacheDir(storeName)
	if err != nil {
		return err
	}
	lock, err := lockAlone()
	if err != nil {
		if errors.Is(err, userfile.ErrLocked) {
			err = errors.New("a run uses them: wait until it has ended")
		}
		return fmt.Errorf("remove the images in %s: %w", dir, err)
	}
	defer lock.Close()
	return remove(dir)
}

// lockAlone locks the images for this process alone; userfile.ErrLocked where another uses some.
func lockAlone() (io.Closer, error) {
	lock, err := openLock()
	if err != nil {
		return nil, err
	}
	if err := userfile.Lock(lock); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// remove removes a file or folder of the store.
func remove(path string) error { return errors.Join(writable(path), os.RemoveAll(path)) }

// writable lets the owner remove what is in the folders of images, which have the modes
// that the images give them; who is root needs none of it.
func writable(dir string) error {
	if os.Geteuid() == 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case entry.IsDir():
			return os.Chmod(path, 0o700)
		}
		return nil
	})
}
