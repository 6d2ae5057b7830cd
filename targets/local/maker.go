package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"servebench/targets"
)

// Maker is the process that made something which may outlive it, as the names
// and labels of cgroups, containers, images and folders say it. The process id
// alone would not do: ids recur, and each namespace of processes has its own.
type Maker struct {
	PID   int
	Start uint64 // when it started, in clock ticks since the boot; 0 where it is not known
	Space uint64 // the namespace of its id; 0 where there are none
}

// String writes the maker as part of a name: "123-4567-4026531836".
func (m Maker) String() string { return fmt.Sprintf("%d-%d-%d", m.PID, m.Start, m.Space) }

// parseMaker reads what String wrote from the beginning of a text; more may
// follow after a dash.
func parseMaker(text string) (Maker, bool) {
	fields := strings.SplitN(text, "-", 4)
	if len(fields) < 3 {
		return Maker{}, false
	}
	pid, err1 := strconv.ParseUint(fields[0], 10, 31)
	start, err2 := strconv.ParseUint(fields[1], 10, 64)
	space, err3 := strconv.ParseUint(fields[2], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || pid == 0 {
		return Maker{}, false
	}
	return Maker{PID: int(pid), Start: start, Space: space}, true
}

// Abandoned reports whether a name begins with the prefix and a maker that is
// gone, so that what bears it may be removed. What is in doubt is not: a name
// made otherwise, and a maker of another namespace of processes, which cannot
// be seen from here.
func Abandoned(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return false
	}
	m, ok := parseMaker(rest)
	return ok && m.gone()
}

// workPrefix begins the name of a WorkFolder; its Maker follows.
const workPrefix = "servebench-work-"

// WorkFolder makes a folder below os.TempDir() for the files of a process, which the caller
// removes, and Leftovers finds where it could not.
func WorkFolder() (string, error) {
	return os.MkdirTemp("", workPrefix+Self().String()+"-")
}

func abandonedWork() ([]targets.Leftover, error) {
	return AbandonedFolders(workPrefix, func(_ context.Context, dir string) error { return os.RemoveAll(dir) })
}

// AbandonedFolders finds the abandoned folders below os.TempDir() whose names begin
// with the prefix; remove removes one with all that goes with it.
func AbandonedFolders(prefix string, remove func(ctx context.Context, dir string) error) ([]targets.Leftover, error) {
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("look for abandoned folders: %w", err)
	}
	var found []targets.Leftover
	for _, dir := range folders {
		if abandonedFolder(dir, prefix) {
			found = append(found, targets.Leftover{What: "folder " + dir, Remove: func(ctx context.Context) error { return remove(ctx, dir) }})
		}
	}
	return found, nil
}

// abandonedFolder reports the same about a folder. It has to be one, and no
// link to one, and this user's: where everybody may make folders, the name
// alone proves nothing.
func abandonedFolder(dir, prefix string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || !Abandoned(filepath.Base(dir), prefix) {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
