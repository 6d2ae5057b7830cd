package vm

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/image"
	"servebench/targets/local/privileges"
	"servebench/targets/vm/disk"
	"servebench/targets/vm/guest"
)

// defaultPort is the one that the server listens on in the guest where it does as it is
// told.
const defaultPort = 8080

// content is what a guest runs, and where its files are.
type content struct {
	server *guest.Server
	files  []entry // of the initial file system: a static executable
	disk   string  // path of the image's; "": there is none
	size   targets.Bytes
	facts  []record.Fact
	took   time.Duration // to put the image and the disk in place
}

// diskName is the name of an image's disk in the store. Another way of making it has to
// have another name.
const diskName = "root-1." + disk.Format

// diskDevice is what the kernel calls the only disk.
const diskDevice = "/dev/vda"

// findContent returns what the guest runs: a static executable is all that there is in the
// initial file system, everything else is an image's and comes on a disk.
func findContent(ctx context.Context, w targets.Workload) (*content, error) {
	if w.Image == "" && w.Build == "" && len(w.Files) == 0 {
		file, err := w.Executable()
		if err != nil {
			return nil, err
		}
		if static, err := targets.IsStatic(file); err == nil && static {
			return ofExecutable(w, file), nil
		}
	}
	return ofImage(ctx, w)
}

// ofExecutable is the content of a guest for one static executable, which can do what it
// can in a container: nothing but run.
func ofExecutable(w targets.Workload, file string) *content {
	port := defaultPort
	if w.Port != 0 {
		port = w.Port
	}
	inside := path.Join("/bin", filepath.Base(file))
	return &content{
		files: []entry{{path: inside, mode: 0o755, file: file}},
		server: &guest.Server{
			Path: inside, Args: append([]string{inside}, w.Arguments(everyAddress, port)[1:]...),
			Env: w.Environment(everyAddress, port), UID: image.Nobody, GID: image.Nobody, ReadOnly: true,
			StopSignal: int(syscall.SIGTERM), Port: port, Memory: int64(w.Limits.Memory),
		},
		facts: []record.Fact{isolation("read-only root folder", "no capabilities", "user nobody")},
	}
}

// isolation says what holds a server in a guest, in the words of a container's.
func isolation(of ...string) record.Fact {
	return record.Fact{Name: "isolation", Value: strings.Join(append([]string{"its own machine", "no new privileges"}, of...), ", ")}
}

// ofImage opens the workload's image and makes the disk of its unpacked files, unless
// they are in the store.
func ofImage(ctx context.Context, w targets.Workload) (*content, error) {
	began := time.Now()
	img, err := image.Open(ctx, w)
	if err != nil {
		return nil, err
	}
	port := img.Port(w)
	if port == 0 {
		port = defaultPort
	}
	p, err := img.Process(ctx, w, everyAddress, port)
	if err != nil {
		return nil, err
	}
	folder, err := img.Folder(ctx)
	if err != nil {
		return nil, err
	}
	c := &content{server: &guest.Server{
		Path: p.Path, Args: p.Args, Env: p.Env, Dir: p.Dir, UID: p.UID, GID: p.GID, Groups: p.Groups, Capabilities: privileges.Usual(),
		StopSignal: int(p.StopSignal), Port: port, Memory: int64(w.Limits.Memory),
	}}
	c.disk, err = img.File(ctx, diskName, func(ctx context.Context, file string) error { return disk.Write(ctx, folder, file) })
	if err != nil {
		return nil, err
	}
	if c.size, err = disk.Size(c.disk); err != nil {
		return nil, fmt.Errorf("%w; rm '%s' has it made again", err, c.disk)
	}
	c.took = time.Since(began)
	c.facts = imageFacts(img, c.size, c.took)
	return c, nil
}

// imageFacts say which image it is, and how its files come into the guest.
func imageFacts(img *image.Image, size targets.Bytes, took time.Duration) []record.Fact {
	facts := append(img.Facts(),
		record.Fact{Name: "image preparation", Value: fmt.Sprintf("unpacked, and written to a disk, or found in the store, in %s, before the start", took.Round(time.Millisecond))},
		record.Fact{Name: "root disk", Value: fmt.Sprintf("%s of %.0f MiB, made here of the image's unpacked files, read-only", disk.Format, float64(size)/float64(targets.MiB))},
		isolation("Docker's default capabilities", "the image's user"),
		record.Fact{Name: "storage driver", Value: "overlay, what is written is in the guest's memory, up to half of it, and counts against its limit", Unequal: true},
	)
	if os.Geteuid() != 0 {
		facts = append(facts, record.Fact{Name: "file owners", Value: "root's alone: servebench does not run as root and cannot keep the image's", Unequal: true})
	}
	return facts
}
