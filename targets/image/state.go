package image

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"servebench/targets"
	"servebench/targets/image/bundle"
)

// The names in the folder of an unpacked image.
const (
	filesName = "files"      // the root file system
	stateName = "state.json" // a state
)

// state is what was found when an image was unpacked.
type state struct {
	Sum   string        // of the files, as sum makes it
	Bytes targets.Bytes // of the files in all layers
	Notes []string      // what the files lack, a sentence each
}

// unpackInto unpacks the image into a new folder and writes its state down.
func (i *Image) unpackInto(ctx context.Context, folder string, most targets.Bytes) error {
	files := filepath.Join(folder, filesName)
	if err := os.MkdirAll(files, 0o755); err != nil {
		return err
	}
	u, err := unpack(ctx, i.Image, files, most)
	if err != nil {
		return err
	}
	is := state{Bytes: u.most - u.bytes, Notes: u.attributes.notes()}
	if is.Sum, err = sum(ctx, files); err != nil {
		return err
	}
	text, err := json.Marshal(is)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, stateName), text, 0o600)
}

// readState returns the state of an unpacked image. It fails where there is none.
func readState(folder string) (is state, err error) {
	text, err := os.ReadFile(filepath.Join(folder, stateName))
	if err == nil {
		err = json.Unmarshal(text, &is)
	}
	return is, err
}

// sum is a sum of the paths and stamps of all that is in a folder, and of no content: the
// kernel gives a file another stamp whenever it is changed.
func sum(ctx context.Context, folder string) (string, error) {
	all, line := sha256.New(), []byte(nil)
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		is := bundle.StampAt(path)
		is.Device = 0 // the number of a disk may change with each start of the machine
		if line, err = binary.Append(append(line[:0], path[len(folder):]...), binary.LittleEndian, is); err == nil {
			_, err = all.Write(line)
		}
		return err
	})
	return hex.EncodeToString(all.Sum(nil)), err
}

// restore removes what was made of the image in the store if its unpacked files are not what
// they were when they were unpacked, and unpacks them again. note is told.
func (i *Image) restore(ctx context.Context, note func(format string, args ...any)) error {
	folder, err := folderOf(i.Digest)
	if err != nil {
		return err
	}
	root := filepath.Join(folder, rootName)
	if _, err := os.Lstat(root); err != nil {
		return nil // it is unpacked when it is needed
	}
	lock, err := lockFile(ctx, root+lockSuffix)
	if err != nil {
		return err
	}
	defer lock.Close()
	was, err := readState(root)
	is := ""
	if err == nil {
		is, err = sum(ctx, filepath.Join(root, filesName))
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && is == was.Sum:
		return nil
	}
	note("the unpacked files of the image in %s were changed: they are unpacked again", root)
	if err := forget(folder); err != nil {
		return fmt.Errorf("remove the changed files of the image: %w", err)
	}
	lock.Close()
	_, err = i.Folder(ctx)
	return err
}

// forget removes what was made of an image.
func forget(folder string) error {
	made, err := os.ReadDir(folder)
	failed := []error{err, writable(filepath.Join(folder, rootName))}
	for _, entry := range made {
		if name := entry.Name(); name != imageName && !strings.HasSuffix(name, lockSuffix) {
			failed = append(failed, os.RemoveAll(filepath.Join(folder, name)))
		}
	}
	return errors.Join(failed...)
}
