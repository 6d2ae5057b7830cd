package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"servebench/reports/record/userfile"
	"servebench/targets"
)

// storeName is the folder of the cache that keeps images: one folder for each digest.
const storeName = "images"

// rootName is the name in an image's folder of its root file system.
const rootName = "root"

// Folder returns the image's root file system, unpacked into the store the first time.
// Nobody may write to it: it is that of every deployment on this machine.
func (i *Image) Folder(ctx context.Context) (string, error) {
	folder, err := i.keep(ctx, rootName, func(ctx context.Context, folder string) error {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return err
		}
		return Unpack(ctx, i.Image, folder)
	})
	if err != nil {
		return "", fmt.Errorf("unpack the image: %w", err)
	}
	return folder, nil
}

// File returns the path of a file that is derived from the image, such as a disk for a
// guest, and kept beside its folder. Where it is not there yet, make writes it to the
// path that it is given; it is taken only when make returned without an error. Nobody
// may write to it after that. The name is one element of a path, and changes with the
// way in which the file is made.
func (i *Image) File(ctx context.Context, name string, make func(ctx context.Context, path string) error) (string, error) {
	return i.keep(ctx, name, make)
}

// keep returns the path of a thing of that name in the image's folder of the store. It
// is made under another name and renamed when it is whole, by one process at a time.
func (i *Image) keep(ctx context.Context, name string, make func(ctx context.Context, path string) error) (string, error) {
	store, err := targets.CacheDir(storeName)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(store, strings.ReplaceAll(i.Digest, ":", "-"))
	whole := filepath.Join(folder, name)
	if _, err := os.Lstat(whole); err == nil {
		return whole, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	lock, err := lockFile(ctx, filepath.Join(folder, name+".lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if _, err := os.Lstat(whole); err == nil { // made while this process waited
		return whole, nil
	}
	part := filepath.Join(folder, name+".part")
	if err := os.RemoveAll(part); err != nil { // what a killed process left
		return "", err
	}
	if err := make(ctx, part); err != nil {
		return "", errors.Join(err, os.RemoveAll(part))
	}
	return whole, os.Rename(part, whole)
}

// lockPause is the pause between two tries to lock a file.
const lockPause = 20 * time.Millisecond

// lockFile locks the file until it is closed, waiting for who has it until ctx ends.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := userfile.Lock(file)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, userfile.ErrLocked) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), file.Close())
		case <-time.After(lockPause):
		}
	}
}
