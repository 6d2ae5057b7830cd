// Package revision puts a revision of a git repository into a folder of its own and
// builds it there, so that the servers of two revisions can be compared. It stands
// before package trial, which runs what was built, and needs git in PATH.
package revision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"servebench/reports/record/userfile"
)

// Repository is the git repository that a folder belongs to.
type Repository struct {
	top string // absolute, of its working tree
}

// Find returns the repository that a folder belongs to.
func Find(ctx context.Context, folder string) (Repository, error) {
	top, err := runGit(ctx, folder, "rev-parse", "--show-toplevel")
	if err != nil {
		return Repository{}, fmt.Errorf("find the git repository of %s: %w", folder, err)
	}
	return Repository{top: top}, nil
}

// Top is the folder of the repository's working tree.
func (r Repository) Top() string { return r.top }

// Commit resolves a revision to the full hash of its commit.
func (r Repository) Commit(ctx context.Context, revision string) (string, error) {
	commit, err := runGit(ctx, r.top, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("revision %q: the repository %s has no such commit", revision, r.top)
	}
	return commit, nil
}

// Describe is the full hash of the commit that is checked out, with "-modified" behind it where
// files that git knows differ from it.
func (r Repository) Describe(ctx context.Context) (string, error) {
	commit, err := r.Commit(ctx, "HEAD")
	if err != nil {
		return "", err
	}
	changed, err := runGit(ctx, r.top, "status", "--porcelain", "--untracked-files=no")
	if changed != "" {
		commit += "-modified"
	}
	return commit, err
}

// Inside returns the path of a file relative to the repository's working tree; false
// when the file is not in it.
func (r Repository) Inside(path string) (string, bool) {
	if real, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(real, filepath.Base(path))
	}
	inside, err := filepath.Rel(r.top, path)
	return inside, err == nil && filepath.IsLocal(inside)
}

// Tree is a revision's working tree. Close removes it.
type Tree struct {
	Dir  string
	repo Repository
	lock *os.File
}

// CheckOut puts a commit into a folder below dir, which is made; key tells apart the
// trees that are there at the same time. The same commit and key give the same path,
// which programs that are built there may hold: what is built again is the same then.
// What a killed servebench left there is replaced. It fails where another one has it.
func (r Repository) CheckOut(ctx context.Context, dir, key, commit string) (t *Tree, err error) {
	holder := filepath.Join(dir, commit[:12]+"-"+key)
	t = &Tree{Dir: filepath.Join(holder, filepath.Base(r.top)), repo: r}
	if t.lock, err = holdFolder(holder); err != nil {
		return nil, fmt.Errorf("check out %s: %w", commit, err)
	}
	if err = t.removeTree(ctx); err == nil {
		_, err = runGit(ctx, r.top, "-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", "--force", t.Dir, commit)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("check out %s: %w", commit, err), t.Close())
	}
	return t, nil
}

// drain is how long is waited for what a command printed after its end, or after it was
// told to end: a daemon that it leaves behind holds its output open for ever.
const drain = time.Second

// Build runs a shell command in the tree. Its error quotes the end of what the command
// printed. When it or ctx ends, everything that it started does, but for what made
// itself a session or a group of its own.
func (t *Tree) Build(ctx context.Context, command string) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Dir, cmd.Env = t.Dir, environmentWithoutGit()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	end := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel, cmd.WaitDelay = end, drain
	out, err := cmd.CombinedOutput()
	if cmd.Process != nil {
		_ = end() // fails where nothing is left
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("build in %s: %s: %w\n%s", t.Dir, command, err, lastLines(string(out)))
	}
	return nil
}

// Close removes the tree.
func (t *Tree) Close() error {
	// It is made under the lock, and another one may have it only afterwards.
	ctx := context.Background() // that of the A/B test may be over
	return errors.Join(t.removeTree(ctx), os.RemoveAll(filepath.Dir(t.Dir)), t.lock.Close())
}

// removeTree removes what is in the tree's place, and what git knows of it: of this tree
// alone, since another one that git misses may lie on a disk that is away just now.
func (t *Tree) removeTree(ctx context.Context) error {
	if err := os.RemoveAll(t.Dir); err != nil {
		return err
	}
	known, err := t.gitKnows(ctx)
	if err != nil || !known {
		return err
	}
	// Twice forced, it also removes one that a killed git left locked.
	_, err = runGit(ctx, t.repo.top, "worktree", "remove", "--force", "--force", t.Dir)
	return err
}

func (t *Tree) gitKnows(ctx context.Context) (bool, error) {
	list, err := runGit(ctx, t.repo.top, "worktree", "list", "--porcelain")
	if err != nil {
		return false, err
	}
	holder, err := filepath.EvalSymlinks(filepath.Dir(t.Dir)) // as git has it
	if err != nil {
		return false, err
	}
	line := "worktree " + filepath.Join(holder, filepath.Base(t.Dir))
	return slices.Contains(strings.Split(list, "\n"), line), nil
}

// holdFolder makes a folder and takes it for this process, until the file is closed. Who holds
// it removes it at the end, so that it may go at any moment before it is taken.
func holdFolder(dir string) (file *os.File, err error) {
	const tries = 1000
	for range tries {
		if err = os.MkdirAll(dir, 0o755); err == nil {
			file, err = lockFolder(dir)
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return file, err
}

// lockFolder takes a folder for this process, until the file is closed. The error is
// fs.ErrNotExist where its holder has removed it meanwhile.
func lockFolder(dir string) (*os.File, error) {
	folder, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = userfile.Lock(folder)
	if errors.Is(err, userfile.ErrLocked) {
		err = fmt.Errorf("another servebench is using %s", dir)
	}
	if err == nil {
		err = stillAt(folder, dir)
	}
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return folder, nil
}

// stillAt returns fs.ErrNotExist unless the open folder is the one at the path still:
// one that was removed can be locked as well.
func stillAt(folder *os.File, path string) error {
	opened, err := folder.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(path)
	if err == nil && !os.SameFile(opened, there) {
		err = fs.ErrNotExist
	}
	return err
}

func runGit(ctx context.Context, folder string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env = folder, environmentWithoutGit()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// It removes its lock files then. What it started gets the signal as well, and may
	// hold its output open.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = drain
	out, err := cmd.Output()
	if cause := context.Cause(ctx); cause != nil {
		if cmd.Process != nil {
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // fails where nothing is left
		}
		return "", fmt.Errorf("git %s: %w", args[0], cause)
	}
	if errors.Is(err, exec.ErrWaitDelay) { // it did its work
		err = nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		err = errors.New(lastLines(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// environmentWithoutGit is this process's, without what binds git to one repository: in a hook
// its variables would have a tree written into the index of the user's own.
func environmentWithoutGit() []string {
	bound := []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(bound, name)
	})
}

func lastLines(text string) string {
	const most = 20
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > most {
		lines = append([]string{"…"}, lines[len(lines)-most:]...)
	}
	return strings.Join(lines, "\n")
}

// Left returns the working trees below dir, as of CheckOut, that a killed servebench
// left there. Those that are in use are none.
func Left(dir string) ([]string, error) {
	trees, err := findLeft(dir)
	var paths []string
	for _, t := range trees {
		paths = append(paths, t.Dir)
		err = errors.Join(err, t.lock.Close())
	}
	return paths, err
}

// Sweep removes the working trees that Left returns, and what git knows of them. It
// returns those that are removed.
func Sweep(ctx context.Context, dir string) (removed []string, err error) {
	trees, err := findLeft(dir)
	for _, t := range trees {
		// A repository that is gone knows nothing of its trees.
		if t.repo.top, _ = runGit(ctx, t.Dir, "rev-parse", "--path-format=absolute", "--git-common-dir"); t.repo.top == "" {
			err = errors.Join(err, os.RemoveAll(filepath.Dir(t.Dir)), t.lock.Close())
		} else {
			err = errors.Join(err, t.Close())
		}
		if _, there := os.Stat(t.Dir); errors.Is(there, fs.ErrNotExist) {
			removed = append(removed, t.Dir)
		}
	}
	return removed, err
}

// findLeft returns the trees that nobody uses, locked, without their repositories.
func findLeft(dir string) ([]*Tree, error) {
	holders, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find working trees: %w", err)
	}
	var trees []*Tree
	for _, h := range holders {
		holder := filepath.Join(dir, h.Name())
		inside, err := os.ReadDir(holder)
		if err != nil || len(inside) == 0 { // somebody else's by now, or about to be
			continue
		}
		if file, err := lockFolder(holder); err == nil { // else somebody uses it
			trees = append(trees, &Tree{Dir: filepath.Join(holder, inside[0].Name()), lock: file})
		}
	}
	return trees, nil
}
