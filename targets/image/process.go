package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"servebench/targets"

	"golang.org/x/sys/unix"
)

// Process is what to start in the root file system of an image.
type Process struct {
	// Path is the executable's absolute path in the root file system.
	Path string
	Args []string // argument vector: Args[0] is as the image or the workload names it
	Env  []string // the whole environment, KEY=VALUE
	Dir  string   // working folder, absolute
	UID  uint32
	GID  uint32
	// Groups are the supplementary groups of the user, from the image's /etc/group.
	Groups []uint32
	// StopSignal asks the process to end.
	StopSignal syscall.Signal
}

// Process returns what the image says to start for the workload, on a server that shall
// listen on the host and port. A command of the workload beside an image of the user's
// replaces the image's entry point and command. The image is unpacked for it, since users
// and executables are looked up in its files.
func (i *Image) Process(ctx context.Context, w targets.Workload, host string, port int) (Process, error) {
	folder, err := i.Folder(ctx)
	if err != nil {
		return Process{}, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return Process{}, err
	}
	defer root.Close()
	user, err := findAccount(root, i.Config.User)
	if err != nil {
		return Process{}, err
	}
	stop, err := stopSignal(i.Config.StopSignal)
	if err != nil {
		return Process{}, err
	}
	args := i.arguments(w, host, port)
	if len(args) == 0 {
		return Process{}, errors.New("the image says neither entry point nor command: name one with workload.command")
	}
	p := Process{
		Args: args, Env: i.environment(w, user, host, port), Dir: path.Join("/", i.Config.WorkingDir),
		UID: user.uid, GID: user.gid, Groups: user.groups, StopSignal: stop,
	}
	if p.Path, err = findExecutable(root, p); err != nil {
		return Process{}, err
	}
	return p, p.check(root)
}

// check refuses what some targets take and others do not, so that all say the same.
func (p Process) check(root *os.Root) error {
	for _, text := range slices.Concat(p.Args, p.Env) {
		if strings.Contains(text, "\x00") {
			return errors.New("the image's command or environment has a NUL byte, which no process can have")
		}
	}
	at, err := locate(root, p.Dir)
	if err != nil {
		return fmt.Errorf("the image's working folder %s: %w", p.Dir, err)
	}
	info, err := root.Lstat(at)
	if errors.Is(err, syscall.ENOTDIR) || err == nil && !info.IsDir() {
		return fmt.Errorf("the image's working folder %s is a file, or lies below one", p.Dir)
	}
	return nil
}

// ofCommand reports whether the workload's image is made of its command.
func ofCommand(w targets.Workload) bool { return w.Image == "" && w.Build == "" }

// arguments returns the argument vector of the workload's server.
func (i *Image) arguments(w targets.Workload, host string, port int) []string {
	switch {
	case ofCommand(w):
		return append(slices.Clone(i.Config.Entrypoint), w.Arguments(host, port)[1:]...)
	case len(w.Command) > 0:
		return w.Arguments(host, port)
	}
	return slices.Concat(i.Config.Entrypoint, i.Config.Cmd)
}

// environment returns the server's environment, over that of its image.
func (i *Image) environment(w targets.Workload, user account, host string, port int) []string {
	if ofCommand(w) {
		return w.Environment(host, port)
	}
	// What has no name or no value is no variable: the engines leave it out, and runc fails.
	own := slices.DeleteFunc(slices.Clone(i.Config.Env), func(pair string) bool { return strings.Index(pair, "=") < 1 })
	base := targets.MergeEnvironment([]string{"PATH=" + targets.SearchPath, "HOME=" + user.home}, own)
	return targets.MergeEnvironment(base, w.SettingsOver(i.Config.Env, host, port))
}

// findExecutable resolves the first argument as execvpe(3) does in the image: a name
// without a slash by PATH, another one from the working folder.
func findExecutable(root *os.Root, p Process) (string, error) {
	name := p.Args[0]
	if strings.Contains(name, "/") {
		file := name
		if !path.IsAbs(file) {
			file = path.Join(p.Dir, file)
		}
		return file, executable(root, file)
	}
	search := ""
	for _, pair := range p.Env {
		if value, found := strings.CutPrefix(pair, "PATH="); found {
			search = value
		}
	}
	for _, folder := range filepath.SplitList(search) {
		file := path.Join(folder, name)
		if !path.IsAbs(file) {
			file = path.Join(p.Dir, file)
		}
		if executable(root, file) == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("the image has no executable %s in any folder of its PATH, %s", name, search)
}

// executable reports why an absolute path names no executable in the image; nil: it does.
func executable(root *os.Root, file string) error {
	at, err := locate(root, file)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	info, err := root.Lstat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("the image has no file %s, which it has to start", file)
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return fmt.Errorf("%s in the image, which has to be started, is no executable: its mode is %v", file, info.Mode())
	}
	return nil
}

// firstRealTime is the number of SIGRTMIN, which the C library leaves to programs.
const firstRealTime = 34

// stopSignal reads what an image says of the signal that ends its server: "SIGQUIT",
// "QUIT", "SIGRTMIN+3" or "3"; "" is SIGTERM.
func stopSignal(text string) (syscall.Signal, error) {
	if text == "" {
		return syscall.SIGTERM, nil
	}
	if number, err := strconv.Atoi(text); err == nil && number > 0 && number <= 64 {
		return syscall.Signal(number), nil
	}
	name := "SIG" + strings.TrimPrefix(strings.ToUpper(text), "SIG")
	if signal := unix.SignalNum(name); signal != 0 {
		return signal, nil
	}
	if above, found := strings.CutPrefix(name, "SIGRTMIN"); found {
		if number, err := strconv.Atoi("0" + strings.TrimPrefix(above, "+")); err == nil && number >= 0 && number <= 30 {
			return syscall.Signal(firstRealTime + number), nil
		}
	}
	return 0, fmt.Errorf("the image's stop signal %q is no signal of Linux", text)
}

// account is a user as an image's configuration names it.
type account struct {
	uid, gid uint32
	groups   []uint32 // supplementary ones
	home     string
}

// findAccount resolves "", "user", "uid", "user:group" and so on by the passwd and group
// files of the image, as the engines do.
func findAccount(root *os.Root, user string) (account, error) {
	return parseAccount(user, readInside(root, "/etc/passwd"), readInside(root, "/etc/group"))
}

// mostAccounts bounds what is read of a file of accounts.
const mostAccounts = 4 * targets.MiB

// readInside reads a file of the image; "" where it has none.
func readInside(root *os.Root, file string) string {
	at, err := locate(root, file)
	if err != nil {
		return ""
	}
	if info, err := root.Lstat(at); err != nil || !info.Mode().IsRegular() || info.Size() > int64(mostAccounts) {
		return ""
	}
	text, _ := root.ReadFile(at)
	return string(text)
}

// parseAccount does it on the texts of the two files, see passwd(5) and group(5). The
// supplementary groups of a user come along unless a group is named.
func parseAccount(user, passwd, group string) (account, error) {
	name, groupName, _ := strings.Cut(user, ":")
	found := account{home: "/"}
	login := ""
	if entry := entryOf(passwd, cmp.Or(name, "0"), 6); entry != nil {
		uid, err1 := identity(entry[2])
		gid, err2 := identity(entry[3])
		if err1 != nil || err2 != nil {
			return account{}, fmt.Errorf("user %q: the image's /etc/passwd has the ids %q and %q", user, entry[2], entry[3])
		}
		found.uid, found.gid, found.home, login = uid, gid, cmp.Or(entry[5], "/"), entry[0]
	} else if uid, err := identity(cmp.Or(name, "0")); err == nil {
		found.uid = uid
	} else if errors.Is(err, strconv.ErrRange) {
		return account{}, fmt.Errorf("user %q: a user's number is 2147483647 at most", name)
	} else {
		return account{}, fmt.Errorf("user %q is not in the image's /etc/passwd", name)
	}
	if groupName == "" {
		found.groups = groupsOf(group, login)
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
	found.gid = gid
	return found, nil
}

// groupsOf returns the groups that have the user among their members.
func groupsOf(group, user string) []uint32 {
	var all []uint32
	for line := range strings.Lines(group) {
		entry := strings.Split(strings.TrimSpace(line), ":")
		if user == "" || len(entry) < 4 || !slices.Contains(strings.Split(entry[3], ","), user) {
			continue
		}
		if id, err := identity(entry[2]); err == nil && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
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
