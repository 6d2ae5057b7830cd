package physical

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/local"
)

// checkImage reports whether a process can have the files of an image as its root folder.
func checkImage(context.Context) error {
	if unavailable := local.CheckRoot(); unavailable != nil {
		return unavailable
	}
	return nil
}

// fromImage starts the server of an image with the image's files as its root folder.
func (t target) fromImage(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	if err := checkImage(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	img, err := image.Open(ctx, w)
	if err != nil {
		return nil, err
	}
	files, err := img.Folder(ctx)
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	d, err := local.OnPort(ctx, img.Port(w), func(port int) (*targets.Deployment, error) {
		process, err := img.Process(ctx, w, targets.Loopback, port)
		if err != nil {
			return nil, err
		}
		return targets.Supervise(ctx, w, func(ctx context.Context) (*targets.Deployment, error) {
			folder, root, err := t.newRoot(files)
			if err != nil {
				return nil, err
			}
			return start(ctx, w, port, local.Command{
				Path: process.Path, Args: process.Args, Env: process.Env, Dir: process.Dir, Root: root, StopSignal: process.StopSignal,
				User: &syscall.Credential{Uid: process.UID, Gid: process.GID, Groups: process.Groups},
			}, folder)
		}, nil)
	})
	if err != nil {
		return nil, err
	}
	d.Preparation = took
	d.Facts = append(append(img.Facts(),
		record.Fact{Name: "image preparation", Value: fmt.Sprintf("put in place in %s, before the start", took.Round(time.Millisecond))},
		record.Fact{Name: "isolation", State: "root folder", Value: "unlike a server that is installed: the image's files as the root folder in a mount namespace, no new privileges, Docker's default capabilities, the image's user"},
	), d.Facts...)
	return d, nil
}

// folderPrefix begins the name of a server's folder; its local.Maker follows.
const folderPrefix = "servebench-root-"

// newRoot makes the root of a server over an image's files, in a folder of the server's.
func (t target) newRoot(files string) (folder string, root *local.Root, err error) {
	folder, err = os.MkdirTemp(t.dir, folderPrefix+local.Self().String()+"-")
	if err != nil {
		return "", nil, fmt.Errorf("prepare the root folder: %w", err)
	}
	over, upper, mount := filepath.Join(folder, "over"), filepath.Join(folder, "upper"), filepath.Join(folder, "root")
	if err := errors.Join(local.WriteMountPoints(over, files), os.Mkdir(upper, 0o700), os.Mkdir(mount, 0o755)); err != nil {
		return "", nil, errors.Join(fmt.Errorf("prepare the root folder: %w", err), os.RemoveAll(folder))
	}
	return folder, &local.Root{Layers: []string{over, files}, Upper: upper, Mount: mount, Enter: true}, nil
}

// leftovers finds the cgroups of servers that a killed servebench left, which hold what still
// runs, and then their folders.
func leftovers(ctx context.Context) ([]targets.Leftover, error) {
	groups, err1 := local.Leftovers(ctx)
	folders, err2 := local.AbandonedFolders(folderPrefix, func(_ context.Context, dir string) error { return os.RemoveAll(dir) })
	return append(groups, folders...), errors.Join(err1, err2)
}
