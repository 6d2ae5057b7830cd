package oci

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"servebench/targets"
	"servebench/targets/local"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// Root is an image unpacked into a folder of its own, in which any number of
// containers may run at the same time. Beside the image's files the folder
// holds what the runtime knows of the containers, and a small folder for each.
type Root struct {
	// Program is the executable's path in an image built here; "" for an
	// image of the user's. The root folder of an image built here is read-only
	// to its containers; who shares a user's image shares what is written there.
	Program string
	// Digest is the image's identity: "sha256:…" of its configuration.
	Digest string

	dir    string
	config v1.Config
	user   account
}

// folderPrefix begins the name of every Root's folder; its local.Maker
// follows.
const folderPrefix = "servebench-runc-"

// Unpack writes the image into a new folder below dir, until ctx ends. On an
// error nothing of it is left.
func Unpack(ctx context.Context, img *Image, dir string) (*Root, error) {
	file, err1 := img.ConfigFile()
	digest, err2 := img.ConfigName()
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("read the image: %w", err)
	}
	folder, err := os.MkdirTemp(dir, folderPrefix+local.Self().String()+"-")
	if err != nil {
		return nil, fmt.Errorf("unpack the image: %w", err)
	}
	r := &Root{dir: folder, config: file.Config, Digest: digest.String(), Program: img.Program}
	if err := r.fill(ctx, img); err != nil {
		return nil, errors.Join(fmt.Errorf("unpack the image: %w", err), r.Remove())
	}
	return r, nil
}

// fill unpacks the image and finds its user.
func (r *Root) fill(ctx context.Context, img v1.Image) error {
	if err := os.Mkdir(r.rootfs(), 0o755); err != nil {
		return err
	}
	if err := unpack(ctx, img, r.rootfs()); err != nil {
		return err
	}
	var err error
	r.user, err = lookUp(r.rootfs(), r.config.User)
	return err
}

func (r *Root) rootfs() string { return filepath.Join(r.dir, "rootfs") }
func (r *Root) state() string  { return filepath.Join(r.dir, "state") }

// Remove removes the folder. Its containers have to be removed before.
func (r *Root) Remove() error { return os.RemoveAll(r.dir) }

// Arguments returns the argument vector of the workload's server in a
// container of this image.
func (r *Root) Arguments(w targets.Workload, host string, port int) ([]string, error) {
	if r.Program != "" {
		return append([]string{r.Program}, w.Arguments(host, port)[1:]...), nil
	}
	args := append(append([]string{}, r.config.Entrypoint...), r.config.Cmd...)
	if len(args) == 0 {
		return nil, fmt.Errorf("image %s says neither entrypoint nor command", w.Image)
	}
	return args, nil
}

// Environment returns the server's environment, over that of its image.
func (r *Root) Environment(w targets.Workload, host string, port int) []string {
	if r.Program != "" {
		return w.Environment(host, port)
	}
	base := targets.MergeEnvironment([]string{"PATH=" + targets.SearchPath, "HOME=" + r.user.home}, r.config.Env)
	return targets.MergeEnvironment(base, w.Settings(host, port))
}

// account is a user as an image's configuration names it.
type account struct {
	specs.User
	home string
}

// lookUp resolves "", "user", "uid", "user:group" and so on by the passwd and
// group files of the unpacked image, as the engines do.
func lookUp(folder, user string) (account, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return account{}, err
	}
	defer root.Close()
	passwd, _ := root.ReadFile("etc/passwd") // an image may have none
	group, _ := root.ReadFile("etc/group")
	return resolve(user, string(passwd), string(group))
}

// resolve does it on the texts of the two files, see passwd(5) and group(5).
func resolve(user, passwd, group string) (account, error) {
	name, groupName, grouped := strings.Cut(user, ":")
	if name == "" {
		name = "0"
	}
	found := account{home: "/"}
	if entry := entryOf(passwd, name, 6); entry != nil {
		uid, err1 := identity(entry[2])
		gid, err2 := identity(entry[3])
		if err1 != nil || err2 != nil {
			return account{}, fmt.Errorf("user %q: the image's /etc/passwd has the ids %q and %q", user, entry[2], entry[3])
		}
		found.UID, found.GID = uid, gid
		if entry[5] != "" {
			found.home = entry[5]
		}
	} else if uid, err := identity(name); err == nil {
		found.UID = uid
	} else {
		return account{}, fmt.Errorf("user %q is not in the image's /etc/passwd", name)
	}
	if !grouped || groupName == "" {
		return found, nil
	}
	id := groupName
	if entry := entryOf(group, groupName, 3); entry != nil {
		id = entry[2]
	}
	gid, err := identity(id)
	if err != nil {
		return account{}, fmt.Errorf("group %q is not in the image's /etc/group", groupName)
	}
	found.GID = gid
	return found, nil
}

// entryOf returns the fields of the line whose name, or number in the third
// field, is the one given, and that has at least so many fields.
func entryOf(text, key string, fields int) []string {
	for line := range strings.Lines(text) {
		entry := strings.Split(strings.TrimSpace(line), ":")
		if len(entry) >= fields && (entry[0] == key || entry[2] == key) {
			return entry
		}
	}
	return nil
}

// identity reads a user's or a group's number.
func identity(text string) (uint32, error) {
	id, err := strconv.ParseUint(text, 10, 31)
	return uint32(id), err
}

// Leftovers finds the folders of abandoned Roots below os.TempDir(). To remove
// one ends its containers, which a server that is deaf to SIGTERM keeps
// running; what they have in cgroups is local.Leftovers' to find, after this.
func Leftovers(context.Context) ([]targets.Leftover, error) {
	runtime, unavailable := FindRuntime()
	return local.AbandonedFolders(folderPrefix, func(ctx context.Context, dir string) error {
		r := &Root{dir: dir}
		if unavailable == nil {
			r.end(ctx, runtime)
		}
		return r.Remove()
	})
}

// end makes the runtime end the containers that it keeps in the folder. What it
// does not know, or another runtime began, the cgroup takes along.
func (r *Root) end(ctx context.Context, runtime string) {
	ctx, cancel := context.WithTimeout(ctx, cleanTime)
	defer cancel()
	containers, _ := os.ReadDir(r.state()) // not there: none was started
	for _, c := range containers {
		_, _ = output(ctx, runtime, "--root", r.state(), "delete", "--force", c.Name())
	}
}
