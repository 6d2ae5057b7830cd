package image

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"servebench/reports/record/userfile"
	"servebench/targets"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// storeName is the folder of the cache that keeps images: one folder for each digest.
const storeName = "images"

// The names in an image's folder: of what its layers are read from, where it was pulled
// or taken from an engine, and of its root file system with what is known of it.
const (
	imageName  = "image"
	rootName   = "root"
	lockSuffix = ".lock" // of the file that is locked by who makes a thing
)

// Folder returns the image's root file system, unpacked into the store the first time.
// Nobody may write to it: it is that of every deployment on this machine. A TooLargeError is
// among its errors where the image has more than Most.
func (i *Image) Folder(ctx context.Context) (string, error) {
	most := cmp.Or(i.Most, mostBytes)
	root, err := i.keep(ctx, rootName, func(ctx context.Context, folder string) error { return i.unpackInto(ctx, folder, most) })
	if err == nil && i.Most > 0 {
		var is state
		if is, err = readState(root); err == nil && is.Bytes > most {
			err = TooLargeError{most}
		}
	}
	if err != nil {
		return "", fmt.Errorf("unpack the image: %w", err)
	}
	return filepath.Join(root, filesName), nil
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
	folder, err := folderOf(i.Digest)
	if err != nil {
		return "", err
	}
	whole := filepath.Join(folder, name)
	if _, err := os.Lstat(whole); err == nil {
		return whole, nil
	}
	defer targets.PauseStartLimit(ctx)()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	lock, err := lockFile(ctx, filepath.Join(folder, name+lockSuffix))
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

// digestPrefix begins the digest of an image's configuration.
const digestPrefix = "sha256:"

// folderOf is the folder of the store for an image.
func folderOf(digest string) (string, error) {
	store, err := targets.CacheDir(storeName)
	if err != nil {
		return "", err
	}
	return filepath.Join(store, strings.ReplaceAll(digest, ":", "-")), nil
}

// stored returns an image that is kept in the store by its digest.
func stored(digest string) (*Image, error) {
	if _, err := v1.NewHash(digest); err != nil {
		return nil, fmt.Errorf("it is no digest: %w", err)
	}
	folder, err := folderOf(digest)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, imageName)
	if _, err := os.Lstat(path); err != nil {
		return nil, errors.New("it is not kept on this machine: name its reference, its file or the folder that it is built from")
	}
	img, err := read(path)
	if err == nil && img.Digest != digest {
		err = fmt.Errorf("its configuration has the digest %s", img.Digest)
	}
	if err != nil {
		return nil, fmt.Errorf("what is kept of it in %s is damaged: %w; servebench clean --images removes it", folder, err)
	}
	return img, nil
}

// memoOf is the file of the store that says which image something is known to be: a
// manifest that was pulled, an image of an engine.
func memoOf(key string) (string, error) {
	store, err := targets.CacheDir(storeName)
	if err != nil {
		return "", err
	}
	return filepath.Join(store, fmt.Sprintf("known-%x", sha256.Sum256([]byte(key)))), nil
}

// remember notes which image of the store a key stands for, which never changes.
func remember(key, digest string) error {
	memo, err := memoOf(key)
	if err != nil {
		return err
	}
	return userfile.Replace(memo, []byte(digest))
}

// recall returns the image that was remembered by the key, if it is still kept; nil:
// it is not.
func recall(key string) (*Image, error) {
	memo, err := memoOf(key)
	if err != nil {
		return nil, err
	}
	digest, err := os.ReadFile(memo)
	if err != nil {
		return nil, nil
	}
	touch(memo)
	folder, err := folderOf(string(digest))
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(folder, imageName)); err != nil {
		return nil, nil
	}
	return stored(string(digest))
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
