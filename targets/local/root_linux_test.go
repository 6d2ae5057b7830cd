package local

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/targets"
)

// rooted is the root of an image of which the files are given by name: text, "-> TARGET"
// of a link, or "" of a folder. Below them are the programs of a script. What is written is
// kept in upper.
type rooted struct {
	*Root
	image, upper string
}

func newRooted(t *testing.T, below string, files map[string]string) rooted {
	t.Helper()
	if unavailable := CheckRoot(); unavailable != nil {
		t.Skip(unavailable)
	}
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	folder := map[string]string{}
	for _, name := range []string{"points", "image", "upper", "mount"} {
		folder[name] = filepath.Join(below, name)
		if err := os.Mkdir(folder[name], 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		file := filepath.Join(folder["image"], name)
		err := os.MkdirAll(filepath.Dir(file), 0o755)
		if link, is := strings.CutPrefix(content, "-> "); err == nil && is {
			err = os.Symlink(link, file)
		} else if err == nil && content == "" {
			err = os.Mkdir(file, 0o755)
		} else if err == nil {
			err = os.WriteFile(file, []byte(content), 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteMountPoints(folder["points"], folder["image"]); err != nil {
		t.Fatal(err)
	}
	return rooted{
		&Root{Layers: []string{folder["points"], folder["image"], programs(t)}, Upper: folder["upper"], Mount: folder["mount"], Enter: true},
		folder["image"], folder["upper"],
	}
}

// programs is a folder with the programs of a script and the libraries that they need.
func programs(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, program := range []string{"sh", "cat", "ls", "id", "stat", "touch", "grep", "sleep", "true"} {
		program, err := exec.LookPath(program)
		if err != nil {
			t.Skipf("a script needs it: %v", err)
		}
		found, err := exec.Command("ldd", program).Output()
		if err != nil {
			t.Skipf("which libraries %s needs is asked of ldd, which fails: %v", program, err)
		}
		for _, word := range append(strings.Fields(string(found)), program) {
			if !strings.HasPrefix(word, "/") {
				continue
			}
			text, err := os.ReadFile(word)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, word)
			if word == program {
				file = filepath.Join(folder, "bin", filepath.Base(word))
			}
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, text, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// says runs a script in the root to its end and returns what it prints.
func (r rooted) says(t *testing.T, script string, adjust ...func(*Command)) string {
	t.Helper()
	p := r.run(t, script, adjust...)
	<-p.Done()
	if code, signal := p.Status(); code != 0 || signal != 0 {
		t.Fatalf("%s: status %d, signal %d: %s", script, code, signal, p.Output)
	}
	return p.Output.String()
}

func (r rooted) run(t *testing.T, script string, adjust ...func(*Command)) *Process {
	t.Helper()
	return shell(t, script, append([]func(*Command){func(c *Command) { c.Path, c.Root = "/bin/sh", r.Root }}, adjust...)...)
}

// nothingMounted fails the test where something is mounted below the folder, here or in the
// view of any other process, and removes the folder.
func nothingMounted(t *testing.T, folder string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); len(all) > 0; time.Sleep(time.Millisecond) {
		text, _ := os.ReadFile(all[0]) // it may be gone
		if !strings.Contains(string(text), folder) {
			all = all[1:]
		} else if time.Now().After(deadline) {
			t.Fatalf("%s has a mount in %s:\n%s", all[0], folder, text)
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Error(err)
	}
}

func TestRootIsTheProcessesOwn(t *testing.T) {
	below := filepath.Join(t.TempDir(), `odd, name: with \ in it`)
	r := newRooted(t, below, map[string]string{"srv/model": "weights"})
	got := r.says(t, "cat /srv/model; echo; pwd; echo $(id -u) $(id -g) $(id -G); echo changed >/srv/model; cat /srv/model; echo new >/srv/new",
		func(c *Command) { c.Dir = "/srv" })
	if want := "weights\n/srv\n0 0 0\nchanged"; got != want {
		t.Errorf("the process says %q, want %q", got, want)
	}
	got = r.says(t, `test -e /proc/self/status && test -c /dev/null && test -d /sys/class && cat /etc/resolv.conf >/dev/null && echo furnished
		echo $(stat -c %a / /tmp) $(umask)
		touch /sys/x 2>/dev/null || echo sys is read-only
		echo $(($(stat -f -c '%b * %S' /dev/shm))) bytes of shared memory
		echo x >/dev/shm/left-by-a-test && ls /dev/shm
		grep -E 'NoNewPrivs|CapBnd' /proc/self/status`)
	if want := "furnished\n755 1777 0022\nsys is read-only\n67108864 bytes of shared memory\nleft-by-a-test\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t1"; got != want {
		t.Errorf("the process says %q, want %q", got, want)
	}
	if text, err := os.ReadFile(filepath.Join(r.image, "srv/model")); err != nil || string(text) != "weights" {
		t.Errorf("the image's file is %q, %v", text, err)
	}
	if text, err := os.ReadFile(filepath.Join(r.upper, "files/srv/new")); err != nil || string(text) != "new\n" {
		t.Errorf("the file written is %q, %v", text, err)
	}
	if _, err := os.Stat("/dev/shm/left-by-a-test"); err == nil {
		t.Error("/dev/shm is this machine's")
	}
	nothingMounted(t, below)
}

func TestRootThatIsReadOnly(t *testing.T) {
	below := filepath.Join(t.TempDir(), "root")
	r := newRooted(t, below, map[string]string{"file": "x"})
	r.Upper = ""
	if got := r.says(t, "touch /new 2>/dev/null || echo read-only"); got != "read-only" {
		t.Errorf("the process says %q, want that its root is read-only", got)
	}
	// A single layer, to be found at its mount.
	r.Layers, r.Enter = []string{r.image}, false
	if got := r.says(t, "ls "+r.Mount+"; touch "+r.Mount+"/file 2>/dev/null || echo read-only", func(c *Command) { c.Path = "/bin/sh" }); got != "file\nread-only" {
		t.Errorf("the process says %q", got)
	}
	nothingMounted(t, below)
}

func TestRootOfAnotherUser(t *testing.T) {
	below := filepath.Join(t.TempDir(), "root")
	r := newRooted(t, below, map[string]string{"work": "", "bin-of-its-own/hello": "#!/bin/sh\necho hello\n"})
	as := func(c *Command) {
		c.User = &syscall.Credential{Uid: 1234, Gid: 2345, Groups: []uint32{7, 8}}
		c.Env, c.Dir = []string{"PATH=/bin:/usr/bin:/bin-of-its-own"}, "/work"
	}
	got := r.says(t, "id -u; id -g; id -G; pwd; hello; touch /mine 2>/dev/null || echo no; grep CapEff /proc/self/status", as)
	if want := "1234\n2345\n2345 7 8\n/work\nhello\nno\nCapEff:\t0000000000000000"; got != want {
		t.Errorf("the process says %q, want %q", got, want)
	}
	nothingMounted(t, below)
}

// Where the file system cannot hold what is written, such as another overlay, it is held
// in memory, and that is said.
func TestRootInMemory(t *testing.T) {
	below := filepath.Join(t.TempDir(), "root")
	r := newRooted(t, below, nil)
	if err := os.WriteFile(filepath.Join(r.upper, "work"), nil, 0o600); err != nil { // no folder can be made there
		t.Fatal(err)
	}
	p := r.run(t, "echo written >/new && cat /new")
	<-p.Done()
	if got := p.Output.String(); got != "written" {
		t.Errorf("the process says %q", got)
	}
	if fact := p.RootFact(); !fact.Unequal || !strings.Contains(fact.Value, "in memory") {
		t.Errorf("the fact is %+v", fact)
	}
	nothingMounted(t, below)
}

// An image's links lead nowhere but to its own files.
func TestRootWithHostileLinks(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	up := strings.Repeat("../", 20)
	for name, files := range map[string]map[string]string{
		"files":   {"etc/resolv.conf": "-> " + up + secret[1:], "etc/hosts": "-> " + secret},
		"folders": {"proc": "-> " + up + filepath.Dir(secret)[1:], "dev": "-> /etc", "sys": "-> " + up, "etc": "-> " + filepath.Dir(secret), "tmp": "-> " + filepath.Dir(secret)},
	} {
		t.Run(name, func(t *testing.T) {
			below := filepath.Join(t.TempDir(), "root")
			r := newRooted(t, below, files)
			p := r.run(t, "cat /etc/resolv.conf /etc/hosts; cat "+secret+"; echo overwritten >"+secret+"; echo x >/etc/hosts; echo x >/etc/resolv.conf")
			<-p.Done()
			hosts, _ := os.ReadFile("/etc/hosts")
			if got := p.Output.String(); strings.Contains(got, "secret\n") || !strings.Contains(got, strings.TrimSpace(string(hosts))) {
				t.Errorf("the process says %q, want this machine's names and no secret", got)
			}
			if text, err := os.ReadFile(secret); err != nil || string(text) != "secret" {
				t.Errorf("the secret is %q, %v", text, err)
			}
			if now, _ := os.ReadFile("/etc/hosts"); string(now) != string(hosts) {
				t.Error("the process wrote this machine's /etc/hosts")
			}
			if entries, err := os.ReadDir(filepath.Dir(secret)); err != nil || len(entries) != 1 {
				t.Errorf("beside the secret there is %v, %v", entries, err)
			}
			nothingMounted(t, below)
		})
	}
}

func TestRootNamesWhatIsMissing(t *testing.T) {
	for script, tc := range map[string]struct {
		path, dir, want string
		adjust          func(*rooted)
	}{
		"a path":        {"/no/such/program", "", "no such file or directory", nil},
		"a script":      {"./script", "/sub", "the interpreter that it names, in its #! line or as its loader, does not exist", nil},
		"no program":    {"/text", "", "it is neither a binary for this machine nor a script", nil},
		"a layer":       {"/bin/sh", "", "/no/such/layer", func(r *rooted) { r.Layers = append([]string{"/no/such/layer"}, r.Layers...) }},
		"a mount point": {"/bin/sh", "", "mount the image", func(r *rooted) { r.Mount += "/nowhere" }},
	} {
		t.Run(script, func(t *testing.T) {
			below := filepath.Join(t.TempDir(), "root")
			r := newRooted(t, below, map[string]string{"sub/script": "#!/no/such/interpreter\n", "text": "hello"})
			if tc.adjust != nil {
				tc.adjust(&r)
			}
			p, err := Start(Command{Path: tc.path, Dir: tc.dir, Args: []string{"x"}, Env: []string{"PATH=" + targets.SearchPath}, Root: r.Root})
			if err == nil {
				p.Kill()
				t.Fatal("Start succeeded")
			}
			if !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.path) {
				t.Errorf("Start: %v, want %q", err, tc.want)
			}
			nothingMounted(t, below)
		})
	}
}

// Nothing runs on a thread of which a process was started, and this process sees no mount.
func TestRootIsNotThisProcesses(t *testing.T) {
	before, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		t.Skipf("no mount namespaces here: %v", err)
	}
	below := filepath.Join(t.TempDir(), "root")
	r := newRooted(t, below, nil)
	for range 20 {
		r.says(t, "true")
		seen := make(chan string)
		for range 8 {
			go func() {
				link, _ := os.Readlink("/proc/thread-self/ns/mnt")
				seen <- link
			}()
		}
		for range 8 {
			if link := <-seen; link != before {
				t.Fatalf("a goroutine runs in the mount namespace %s, the process is in %s", link, before)
			}
		}
	}
	if now, _ := os.Readlink("/proc/self/ns/mnt"); now != before {
		t.Errorf("the process is in the mount namespace %s, it was in %s", now, before)
	}
	nothingMounted(t, below)
}

// When this process is killed, its processes and their mounts go. The test runs itself
// once more as who is killed.
func TestRootOfAnOrphan(t *testing.T) {
	const folder = "TEST_ROOT_TO_ORPHAN"
	if below := os.Getenv(folder); below != "" {
		r := newRooted(t, below, nil)
		p := r.run(t, "echo x >/new; exec sleep 600")
		fmt.Printf("child %d\n", p.PID())
		<-p.Done()
		return
	}
	below := filepath.Join(t.TempDir(), "root")
	newRooted(t, filepath.Join(t.TempDir(), "probe"), nil) // or skips
	parent := exec.Command(os.Args[0], "-test.run=^TestRootOfAnOrphan$")
	parent.Env = append(os.Environ(), folder+"="+below)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	child := 0
	for lines := bufio.NewScanner(out); child == 0 && lines.Scan(); {
		if _, id, ok := strings.Cut(lines.Text(), "child "); ok {
			child, _ = strconv.Atoi(id)
		}
	}
	if child == 0 {
		t.Fatalf("the parent started nothing: %v", parent.Wait())
	}
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", child)); err != nil || !strings.Contains(string(text), "overlay") {
		t.Errorf("the child has no root of its own: %v\n%s", err, text)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	nothingMounted(t, below)
}

func TestStopSendsTheStopSignal(t *testing.T) {
	p := shell(t, "trap 'exit 3' QUIT; trap '' TERM; echo ready; while :; do sleep 0.01; done", func(c *Command) { c.StopSignal = syscall.SIGQUIT })
	for deadline := time.Now().Add(10 * time.Second); p.Output.String() == "" && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	p.Stop(t.Context(), 10*time.Second)
	if code, signal := p.Status(); code != 3 {
		t.Errorf("status %d, signal %d, want 3", code, signal)
	}
}
