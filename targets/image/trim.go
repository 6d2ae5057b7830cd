package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"servebench/reports/record/userfile"
	"servebench/targets"
)

// KeepFor is for how long an image is kept that nobody uses.
const KeepFor = 7 * 24 * time.Hour

// removedSuffix ends the name of what is being removed, so that no half of an image is found
// under its name.
const removedSuffix = ".removed"

// Trimmed is what Trim removed.
type Trimmed struct {
	Images int
	Size   targets.Bytes // about what that frees
}

// String says it in a line.
func (t Trimmed) String() string {
	images := "1 image"
	if t.Images != 1 {
		images = fmt.Sprintf("%d images", t.Images)
	}
	return fmt.Sprintf("%s of servers that were not used for long, %s", images, tell(t.Size))
}

// Trim removes the images that nobody has used for KeepFor and, of the others, those used
// longest ago, while all together take more than half of what the disk has free without
// them. The one used last stays. Where another process uses images, nothing is removed.
func Trim(ctx context.Context) (Trimmed, error) {
	store, err := targets.CacheDir(storeName)
	if err != nil {
		return Trimmed{}, err
	}
	var disk unix.Statfs_t
	if unix.Statfs(store, &disk) != nil {
		return Trimmed{}, nil // there are none
	}
	lock, err := lockAlone()
	if errors.Is(err, userfile.ErrLocked) {
		return Trimmed{}, nil
	}
	var t Trimmed
	if err == nil {
		defer lock.Close()
		t, err = trim(ctx, store, time.Now(), targets.Bytes(disk.Bavail)*targets.Bytes(disk.Bsize))
	}
	if err != nil {
		return t, fmt.Errorf("remove images that were not used for long: %w", err)
	}
	return t, nil
}

// trim does it in the store, where the disk has so much free now.
func trim(ctx context.Context, store string, now time.Time, free targets.Bytes) (Trimmed, error) {
	all, err := things(store)
	if err != nil {
		return Trimmed{}, err
	}
	var total targets.Bytes
	last := ""
	for _, t := range all {
		total += t.size
		if t.image {
			last = t.path
		}
	}
	most := (free + total) / 2
	var done Trimmed
	for _, t := range all {
		if t.path == last || now.Sub(t.used) < KeepFor && total <= most && !t.useless {
			continue
		}
		if ctx.Err() != nil {
			return done, context.Cause(ctx)
		}
		gone := strings.TrimSuffix(t.path, removedSuffix) + removedSuffix
		if err := errors.Join(os.Rename(t.path, gone), remove(gone)); err != nil {
			return done, err
		}
		total -= t.size
		done.Size += t.size
		if t.image {
			done.Images++
		}
	}
	return done, nil
}

// thing is an image in the store, or what is known of one.
type thing struct {
	path  string
	image bool
	used  time.Time
	size  targets.Bytes
	// useless says that it was partly removed, or unpacked in a way that is not known any more.
	useless bool
}

// things are those in the store, the one used last at the end.
func things(store string) ([]thing, error) {
	entries, err := os.ReadDir(store)
	if err != nil {
		return nil, err
	}
	var all []thing
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || strings.HasSuffix(entry.Name(), lockSuffix) {
			continue
		}
		t := thing{path: filepath.Join(store, entry.Name()), image: entry.IsDir(), used: info.ModTime()}
		if err := t.measure(); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b thing) int { return a.used.Compare(b.used) })
	return all, nil
}

// measure finds about what it takes on the disk. The unpacked files of an image are not
// looked at, of which there may be a million: it is known what they were.
func (t *thing) measure() error {
	root := filepath.Join(t.path, rootName)
	is, unknown := readState(root)
	t.size, t.useless = is.Bytes, strings.HasSuffix(t.path, removedSuffix)
	return filepath.WalkDir(t.path, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case at == root:
			t.useless = t.useless || unknown != nil
			return fs.SkipDir
		}
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() {
			t.size += allocated(info)
		}
		return err
	})
}

// touch notes that an image, or what is known of one, is used now.
func touch(path string) { _ = os.Chtimes(path, time.Time{}, time.Now()) } // it may not be there
