package local

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"servebench/reports/record"
)

// Root is a file system for one process and what it starts: the layers of an image,
// and over them what is written. It is mounted in a mount namespace of the process, so
// that nobody else sees it and the kernel takes it along when the last of its
// processes ends: nothing is to be unmounted, and what removes the folders reaches
// nothing but their files. Linux alone has it, for root.
type Root struct {
	// Layers are the folders of its files, the uppermost first. None writes to them.
	Layers []string
	// Upper is an existing, empty folder for what is written; "": the root is read-only.
	Upper string
	// Mount is an existing folder where the process finds the file system. For everybody
	// else it stays empty, so that processes may share it.
	Mount string
	// Enter makes it the root folder of the process, with /proc, /dev, /sys and /dev/shm,
	// and takes from the process what a container does not have either: the
	// capabilities beyond privileges.Usual, and the way to new privileges. Without it the
	// process, such as a container runtime, finds the file system at Mount.
	Enter bool
}

// WriteMountPoints fills a folder with what belongs over an image's files but is no
// part of the image: the folders to mount proc, dev and sys on, a tmp unless the image has
// a folder there, and this machine's names and name servers. As the uppermost of the Layers it
// takes the place of what the image has there, links included.
func WriteMountPoints(folder, image string) error {
	modes := map[string]fs.FileMode{".": 0o755, "proc": 0o755, "dev": 0o755, "sys": 0o755, "etc": 0o755}
	if info, err := os.Lstat(filepath.Join(image, "tmp")); err != nil || !info.IsDir() {
		modes["tmp"] = 0o777 | fs.ModeSticky
	}
	for _, name := range slices.Sorted(maps.Keys(modes)) {
		dir := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, modes[name])); err != nil { // Chmod for the umask
			return fmt.Errorf("write the mount points: %w", err)
		}
	}
	for _, name := range []string{"etc/hosts", "etc/resolv.conf"} {
		text, err := os.ReadFile("/" + name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		file := filepath.Join(folder, name)
		if err == nil {
			err = errors.Join(os.WriteFile(file, text, 0o644), os.Chmod(file, 0o644))
		}
		if err != nil {
			return fmt.Errorf("write the mount points: %w", err)
		}
	}
	return nil
}

// fact says what becomes of what the process writes to its root folder. why is
// the reason for which it is held in memory; nil when it is not.
func (r *Root) fact(why error) record.Fact {
	fact := record.Fact{Name: "storage driver", Value: "overlay, what is written is on disk"}
	switch {
	case r.Upper == "":
		fact.Value = "overlay, read-only"
	case why != nil:
		fact.Value, fact.Unequal = fmt.Sprintf("overlay, what is written is in memory and counts against its limit: %v", why), true
	}
	return fact
}
