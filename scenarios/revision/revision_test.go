package revision

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// repository makes one with two commits of a file, "one" and "two".
func repository(t *testing.T) (Repository, string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not in PATH; install it to test revisions")
	}
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		if _, err := runGit(t.Context(), dir, args...); err != nil {
			t.Fatal(err)
		}
	}
	run("init", "-q")
	for _, text := range []string{"one", "two"} {
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		run("add", "file")
		run("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", text)
	}
	repo, err := Find(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return repo, dir
}

func TestCheckOutAndBuild(t *testing.T) {
	repo, dir := repository(t)
	trees := t.TempDir()
	commit, err := repo.Commit(t.Context(), "HEAD~1")
	if err != nil || len(commit) != 40 {
		t.Fatalf("commit %q, error %v", commit, err)
	}
	tree, err := repo.CheckOut(t.Context(), trees, "baseline", commit)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repo.CheckOut(t.Context(), trees, "baseline", commit); err == nil || !strings.Contains(err.Error(), "another servebench is using") {
		t.Errorf("a second one: error %v, want that it is in use", err)
	}
	if err := tree.Build(t.Context(), "cat file file > built"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(tree.Dir, "built")); string(text) != "oneone" {
		t.Errorf("built %q, error %v, want it of the first commit", text, err)
	}
	err = tree.Build(t.Context(), "seq 100; echo broken >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "exit status 3\n…\n82\n") || !strings.HasSuffix(err.Error(), "100\nbroken") {
		t.Errorf("error %v, want the status and the end of what it printed", err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(trees); err != nil || len(left) > 0 {
		t.Errorf("left: %v, error %v", left, err)
	}
	if list, err := runGit(t.Context(), dir, "worktree", "list"); err != nil || strings.Contains(list, "\n") {
		t.Errorf("git knows %s, error %v, want the repository alone", list, err)
	}
}

// TestCheckOutReplacesWhatWasLeft leaves a tree as a killed servebench would.
func TestCheckOutReplacesWhatWasLeft(t *testing.T) {
	repo, _ := repository(t)
	trees := t.TempDir()
	commit, err := repo.Commit(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	left, err := repo.CheckOut(t.Context(), trees, "candidate", commit)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left.Dir, "dirt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := left.lock.Close(); err != nil { // as the kernel does
		t.Fatal(err)
	}
	tree, err := repo.CheckOut(t.Context(), trees, "candidate", commit)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(tree.Dir, "dirt")); !os.IsNotExist(err) {
		t.Errorf("what was left is there still: %v", err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkedOut checks out the HEAD of a repository of its own.
func checkedOut(t *testing.T) *Tree {
	t.Helper()
	repo, _ := repository(t)
	commit, err := repo.Commit(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repo.CheckOut(t.Context(), t.TempDir(), "candidate", commit)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestBuildEndsWithTheContext(t *testing.T) {
	tree := checkedOut(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if err := tree.Build(ctx, "sleep 600 & sleep 600"); err != context.Canceled {
		t.Errorf("error %v, want that it was cancelled", err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestGitEndsWithTheContext has git start what outlives it, holds its output open and
// does not mind being told to end; and a daemon, which holds nothing up either.
func TestGitEndsWithTheContext(t *testing.T) {
	_, dir := repository(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	began := time.Now()
	_, err := runGit(ctx, dir, "-c", "alias.hang=!trap '' TERM; echo $$ > pid; sleep 60 & sleep 60", "hang")
	if took := time.Since(began); !errors.Is(err, context.Canceled) || took > 30*time.Second {
		t.Errorf("error %v after %v, want that it was cancelled", err, took)
	}
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 { // until somebody has reaped it
		if err = syscall.Kill(pid, 0); err != nil || zombie(pid) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err == nil && !zombie(pid) {
		t.Errorf("process %d, which git started, is there still", pid)
	}
	began = time.Now()
	out, err := runGit(t.Context(), dir, "-c", "alias.leaves=!sleep 20 & echo done", "leaves")
	if took := time.Since(began); err != nil || out != "done" || took > 15*time.Second {
		t.Errorf("%q and error %v after %v, want what git said before the daemon ends", out, err, took)
	}
}

// zombie reports whether a process has ended and was not reaped.
func zombie(pid int) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && strings.Contains(string(text), ") Z ")
}

// TestHoldIsForOne has many take a folder that each removes in the end: nobody is ever
// in it beside another one, or holds a folder that is gone.
func TestHoldIsForOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "holder")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for held := 0; held < 100; {
				file, err := holdFolder(dir)
				if err != nil {
					if !strings.Contains(err.Error(), "another servebench is using") {
						t.Error(err)
						return
					}
					runtime.Gosched()
					continue
				}
				mark, err := os.OpenFile(filepath.Join(dir, "mark"), os.O_CREATE|os.O_EXCL, 0o644)
				if err != nil {
					t.Errorf("in a folder that is held: %v", err)
				} else {
					mark.Close()
				}
				held++
				if err := errors.Join(os.RemoveAll(dir), file.Close()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestUnknownRevision(t *testing.T) {
	repo, dir := repository(t)
	for _, revision := range []string{"nonesuch", "--all", ""} {
		if commit, err := repo.Commit(t.Context(), revision); err == nil {
			t.Errorf("%q is commit %s, want an error", revision, commit)
		}
	}
	if inside, ok := repo.Inside(filepath.Join(dir, "bin", "server")); !ok || inside != "bin/server" {
		t.Errorf("inside is %q, %t", inside, ok)
	}
	if inside, ok := repo.Inside("/bin/sh"); ok {
		t.Errorf("/bin/sh is inside as %q", inside)
	}
}

// TestOtherWorktreesStay moves a worktree of the user's away, as a disk may be.
func TestOtherWorktreesStay(t *testing.T) {
	repo, dir := repository(t)
	away := filepath.Join(t.TempDir(), "away")
	if _, err := runGit(t.Context(), dir, "worktree", "add", "--detach", away); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, away+".not"); err != nil {
		t.Fatal(err)
	}
	commit, err := repo.Commit(t.Context(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := repo.CheckOut(t.Context(), t.TempDir(), "candidate", commit)
	if err != nil {
		t.Fatal(err)
	}
	// A git that is killed while it makes a tree leaves it locked.
	if _, err := runGit(t.Context(), dir, "worktree", "lock", tree.Dir); err != nil {
		t.Fatal(err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := runGit(t.Context(), dir, "worktree", "list", "--porcelain")
	if err != nil || !strings.Contains(list, filepath.Base(filepath.Dir(away))+"/away") || strings.Contains(list, tree.Dir) {
		t.Errorf("git knows %s, error %v, want the user's own and not %s", list, err, tree.Dir)
	}
}

// TestInAHook has the variables set that git sets there.
func TestInAHook(t *testing.T) {
	repo, dir := repository(t)
	index := filepath.Join(dir, ".git", "index")
	before, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	commit, err := repo.Commit(t.Context(), "HEAD~1")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_DIR", filepath.Join(dir, ".git"))
	t.Setenv("GIT_INDEX_FILE", index)
	tree, err := repo.CheckOut(t.Context(), t.TempDir(), "candidate", commit)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Build(t.Context(), `test -z "$GIT_DIR" && git reset -q --hard`); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(tree.Dir, "file")); string(text) != "one" {
		t.Errorf("the tree has %q, error %v, want the first commit", text, err)
	}
	if after, err := os.ReadFile(index); err != nil || string(after) != string(before) {
		t.Errorf("the user's own index has changed, error %v", err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBuildLeavesADaemon has one that holds the output of the build open.
func TestBuildLeavesADaemon(t *testing.T) {
	tree := checkedOut(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := tree.Build(ctx, "sleep 600 & echo $! >pid"); err != nil {
		t.Errorf("error %v, want that the build has ended", err)
	}
	if err := tree.Build(ctx, `while kill -0 "$(cat pid)"; do sleep 0.01; done 2>/dev/null`); err != nil {
		t.Errorf("what the build left runs still: %v", err)
	}
	if err := tree.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSweep leaves one tree as a killed servebench would, and one whose repository is
// gone since, beside one that is in use.
func TestSweep(t *testing.T) {
	repo, dir := repository(t)
	gone, goneDir := repository(t)
	trees := t.TempDir()
	checkOut := func(repo Repository, key string) *Tree {
		t.Helper()
		commit, err := repo.Commit(t.Context(), "HEAD")
		if err != nil {
			t.Fatal(err)
		}
		tree, err := repo.CheckOut(t.Context(), trees, key, commit)
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	used := checkOut(repo, "used")
	var want []string
	for _, tree := range []*Tree{checkOut(repo, "left"), checkOut(gone, "orphan")} {
		want = append(want, tree.Dir)
		if err := tree.lock.Close(); err != nil { // as the kernel does
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(goneDir); err != nil {
		t.Fatal(err)
	}
	found, err := Left(trees)
	if err != nil {
		t.Fatal(err)
	}
	removed, err := Sweep(t.Context(), trees)
	if err != nil {
		t.Fatal(err)
	}
	for _, all := range [][]string{want, found, removed} {
		slices.Sort(all)
	}
	if !slices.Equal(found, want) || !slices.Equal(removed, want) {
		t.Errorf("found %q, removed %q, want %q", found, removed, want)
	}
	if list, err := runGit(t.Context(), dir, "worktree", "list"); err != nil || strings.Contains(list, "-left/") || !strings.Contains(list, "-used/") {
		t.Errorf("git knows %s, error %v, want the one in use", list, err)
	}
	if err := used.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadDir(trees); err != nil || len(again) > 0 {
		t.Errorf("there is %v still, error %v", again, err)
	}
	if none, err := Left(filepath.Join(trees, "nonesuch")); err != nil || len(none) > 0 {
		t.Errorf("no folder: %q, error %v", none, err)
	}
}
