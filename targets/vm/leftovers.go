package vm

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"servebench/targets"
	"servebench/targets/local"
)

// leftovers finds what killed servebenches left: the folders of guests with what
// runs of them, and cgroups.
func leftovers(ctx context.Context) ([]targets.Leftover, error) {
	found, err := folders()
	if err != nil {
		return nil, err
	}
	groups, err := local.Leftovers(ctx)
	return append(found, groups...), err
}

// folders finds the abandoned folders. To remove one ends the QEMU that runs
// from it, should the kernel not have ended it with its parent.
func folders() ([]targets.Leftover, error) {
	return local.AbandonedFolders(folderPrefix, func(ctx context.Context, dir string) error {
		if err := end(ctx, dir); err != nil {
			return err
		}
		return os.RemoveAll(dir)
	})
}

// end kills the emulators that have a file of the folder in their command line,
// and waits until they are gone.
func end(ctx context.Context, dir string) error {
	for {
		pids := emulators(dir)
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended meanwhile
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Millisecond):
		}
	}
}

// emulators returns the processes that are QEMU by the name of their program and
// have a file of the folder in their command line.
func emulators(dir string) []int {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil
	}
	var found []int
	for _, file := range files {
		text, _ := os.ReadFile(file) // it may be gone
		program, args, _ := bytes.Cut(text, []byte{0})
		if filepath.Base(string(program)) != emulator || !bytes.Contains(args, []byte("\x00"+dir+"/")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
