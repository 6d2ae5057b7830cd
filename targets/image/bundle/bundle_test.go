package bundle

import (
	"archive/tar"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/targets"
)

// folder returns a new folder for the files of a test, outside of /tmp, whose files no
// image can have.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "servebench-test-bundle-")
	if err != nil {
		t.Skipf("no folder outside of /tmp: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// write writes a file, for all to read, and the folders above it.
func write(t testing.TB, path, content string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

func symlink(t testing.TB, to, path string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(to, path)); err != nil {
		t.Fatal(err)
	}
}

// program copies a program of this machine that needs libraries, as one of another name.
func program(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile("/bin/true")
	if err != nil || !strings.HasPrefix(string(text), "\x7fELF") {
		t.Skipf("/bin/true is no program to make an image of: %v", err)
	}
	write(t, path, string(text), 0o755)
	return text
}

// script writes a script that runs with the shell.
func script(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "server.sh")
	write(t, path, "#!/bin/sh\nexec true\n", 0o755)
	return path
}

type made struct {
	digest string
	notes  []string
	layers [][]string             // names in each
	files  map[string]*tar.Header // by name
	text   map[string]string      // contents of small files
}

// makeImage makes the image and reads all that is in it.
func makeImage(t testing.TB, w targets.Workload, memos string) made {
	t.Helper()
	b, err := Make(t.Context(), w, memos)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := b.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	m := made{digest: digest.String(), notes: b.Notes, files: map[string]*tar.Header{}, text: map[string]string{}}
	layers, err := b.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for archive := tar.NewReader(r); ; {
			header, err := archive.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			name := "/" + strings.TrimSuffix(header.Name, "/")
			names = append(names, name)
			m.files[name] = header
			if header.Size < 1<<16 {
				text, err := io.ReadAll(archive)
				if err != nil {
					t.Fatal(err)
				}
				m.text[name] = string(text)
			}
		}
		m.layers = append(m.layers, names)
	}
	return m
}

func TestFilesAreTakenAsTheyAre(t *testing.T) {
	dir := folder(t)
	server := script(t, dir)
	write(t, dir+"/app/model.bin", "model", 0o640)
	write(t, dir+"/elsewhere/weights", "weights", 0o644)
	symlink(t, "../elsewhere/weights", dir+"/app/relative")
	symlink(t, dir+"/elsewhere", dir+"/app/absolute")
	symlink(t, "nowhere", dir+"/app/dangling")
	symlink(t, ".", dir+"/app/loop")
	symlink(t, "/proc/self", dir+"/app/process")
	socket, err := net.Listen("unix", dir+"/app/socket")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	m := makeImage(t, targets.Workload{Command: []string{server}, Files: []string{dir + "/app"}, Dir: dir + "/app"}, dir+"/memo")
	for name, want := range map[string]string{
		"/app/model.bin": "model", "/elsewhere/weights": "weights", "/server.sh": "#!/bin/sh\nexec true\n",
	} {
		if m.text[dir+name] != want {
			t.Errorf("%s holds %q, want %q", name, m.text[dir+name], want)
		}
	}
	for name, want := range map[string]string{
		"/app/relative": "../elsewhere/weights", "/app/absolute": dir + "/elsewhere", "/app/dangling": "nowhere", "/app/loop": ".", "/app/process": "/proc/self",
	} {
		if h := m.files[dir+name]; h == nil || h.Linkname != want {
			t.Errorf("%s is not a link to %s: %+v", name, want, h)
		}
	}
	if h := m.files[dir+"/app/model.bin"]; h.Mode != 0o640 || h.Uid != 0 || h.Gid != 0 || h.ModTime.Unix() != 0 {
		t.Errorf("the header %+v", h)
	}
	if m.files[dir+"/app/socket"] != nil || len(m.notes) != 1 || !strings.Contains(m.notes[0], dir+"/app/socket") {
		t.Errorf("notes %q: want the socket left out and named", m.notes)
	}
	for _, name := range []string{"/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/tmp", "/proc", "/dev", "/sys"} {
		if m.files[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	for name := range m.files {
		if strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "/etc/ssl/private") {
			t.Errorf("%s is in the image", name)
		}
	}
}

func TestDigestIsThatOfTheContents(t *testing.T) {
	dir := folder(t)
	server := script(t, dir)
	write(t, dir+"/app/app.py", "1", 0o644)
	w := targets.Workload{Command: []string{server}, Files: []string{dir + "/app"}}
	first := makeImage(t, w, dir+"/memo").digest
	for _, same := range []struct {
		what   string
		change func() error
	}{
		{"nothing", func() error { return nil }},
		{"the times", func() error { return os.Chtimes(dir+"/app/app.py", time.Now(), time.Unix(1, 0)) }},
		{"compiled forms that Python adds as it runs", func() error {
			return errors.Join(os.Mkdir(dir+"/app/__pycache__", 0o755), os.WriteFile(dir+"/app/__pycache__/app.cpython-311.pyc", make([]byte, 100), 0o644))
		}},
		{"the file, by an equal one", func() error {
			return errors.Join(os.Remove(dir+"/app/app.py"), os.WriteFile(dir+"/app/app.py", []byte("1"), 0o644))
		}},
	} {
		if err := same.change(); err != nil {
			t.Fatal(err)
		}
		if got := makeImage(t, w, dir+"/memo").digest; got != first {
			t.Errorf("after changing %s the digest is another one", same.what)
		}
	}
	for _, other := range []func() error{
		func() error { return os.WriteFile(dir+"/app/app.py", []byte("2"), 0o644) },
		func() error { return os.Chmod(dir+"/app/app.py", 0o600) },
		func() error { return os.WriteFile(dir+"/app/more.py", nil, 0o644) },
		func() error { return os.Remove(dir + "/app/app.py") },
	} {
		if err := other(); err != nil {
			t.Fatal(err)
		}
		got := makeImage(t, w, dir+"/memo").digest
		if got == first {
			t.Error("the files changed, and the digest did not")
		}
		if fresh := makeImage(t, w, dir+"/other").digest; fresh != got {
			t.Errorf("with what is remembered the digest is %s, without %s", got, fresh)
		}
		if err := os.RemoveAll(dir + "/other"); err != nil {
			t.Fatal(err)
		}
		first = got
	}
}

// TestWhatIsRememberedIsNotReadAgain shows it by files that could not be read: a layer whose
// files did not change keeps its digest, and the whole image if none did.
func TestWhatIsRememberedIsNotReadAgain(t *testing.T) {
	dir := folder(t)
	server := script(t, dir)
	write(t, dir+"/app/node_modules/big.js", "big", 0o644)
	write(t, dir+"/app/app.js", "app", 0o644)
	w := targets.Workload{Command: []string{server}, Files: []string{dir + "/app"}}
	if _, err := Make(t.Context(), w, dir+"/memo"); err != nil {
		t.Fatal(err)
	}
	m := memoFor(w, server, dir+"/memo")
	if !m.unchanged(t.Context()) {
		t.Error("nothing changed, and all is read again")
	}
	write(t, dir+"/app/app.js", "changed", 0o644)
	if m = memoFor(w, server, dir+"/memo"); m.unchanged(t.Context()) {
		t.Fatal("a file changed, and what is remembered is taken")
	}
	for _, l := range m.Layers {
		l.Diff = "sha256:" + strings.Repeat("0", 64) // as only what was remembered has it
	}
	if err := m.renew(t.Context(), w, server); err != nil {
		t.Fatal(err)
	}
	kept := 0
	for _, l := range m.Layers {
		if strings.HasSuffix(l.Diff, strings.Repeat("0", 64)) {
			kept++
		}
	}
	if kept != len(m.Layers)-1 {
		t.Errorf("%d of %d layers were kept, want all but the one that changed", kept, len(m.Layers))
	}
}

func TestFileThatChangesWhileTheImageIsUsed(t *testing.T) {
	dir := folder(t)
	server := script(t, dir)
	b, err := Make(t.Context(), targets.Workload{Command: []string{server}, Files: []string{server}}, dir+"/memo")
	if err != nil {
		t.Fatal(err)
	}
	write(t, server, "#!/bin/sh\nexec false\n", 0o755)
	layers, _ := b.Layers()
	r, _ := layers[len(layers)-1].Uncompressed()
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err == nil || !strings.Contains(err.Error(), server+" was changed") {
		t.Errorf("error %v", err)
	}
}

func TestLayersBeginWithWhatChangesLeast(t *testing.T) {
	dir := folder(t)
	server := dir + "/app/server.sh"
	write(t, server, "#!/bin/sh\n", 0o755)
	write(t, dir+"/app/node_modules/a/node_modules/b.js", "", 0o644)
	write(t, dir+"/app/model.bin", "", 0o644)
	if err := os.Truncate(dir+"/app/model.bin", large); err != nil {
		t.Fatal(err)
	}
	m := makeImage(t, targets.Workload{Command: []string{server}, Files: []string{dir + "/app"}}, dir+"/memo")
	want := []string{"/etc/passwd", dir + "/app/node_modules/a/node_modules/b.js", dir + "/app/model.bin", server}
	if len(m.layers) != len(want) {
		t.Fatalf("%d layers, want %d", len(m.layers), len(want))
	}
	for i, name := range want {
		if !slices.Contains(m.layers[i], name) {
			t.Errorf("layer %d has no %s", i, name)
		}
	}
}

func TestFaultsAreNamed(t *testing.T) {
	dir := folder(t)
	server := script(t, dir)
	plain := dir + "/plain"
	write(t, plain, "hello", 0o755)
	lost := dir + "/lost"
	write(t, lost, "#!/no/such/interpreter\n", 0o755)
	byEnv := dir + "/byenv"
	write(t, byEnv, "#!/usr/bin/env no-such-interpreter\n", 0o755)
	shim := dir + "/shims/python3"
	write(t, shim, "#!/bin/sh\n", 0o755)
	needy := dir + "/needy"
	text := program(t, needy)
	write(t, needy, strings.ReplaceAll(string(text), "libc.so.6\x00", "libq.so.6\x00"), 0o755)
	turning := dir + "/turning"
	write(t, turning, "#!"+turning+"\n", 0o755)
	temporary := filepath.Join(t.TempDir(), "model")
	write(t, temporary, "", 0o644)
	for name, tc := range map[string]struct {
		w     targets.Workload
		words []string
	}{
		"no program":           {targets.Workload{Command: []string{plain}}, []string{plain, "neither a Linux executable nor a script"}},
		"no interpreter":       {targets.Workload{Command: []string{lost}}, []string{"/no/such/interpreter"}},
		"none in PATH":         {targets.Workload{Command: []string{byEnv}}, []string{"no-such-interpreter is in no folder of the server's PATH", "/usr/bin"}},
		"a version manager's":  {targets.Workload{Command: []string{shim}}, []string{shim, "version manager", "pyenv which python3"}},
		"a missing library":    {targets.Workload{Command: []string{needy}}, []string{"libq.so.6 (for " + needy}},
		"its own interpreter":  {targets.Workload{Command: []string{turning}}, []string{turning, "interpreter"}},
		"two faults":           {targets.Workload{Command: []string{server}, Files: []string{dir + "/a", dir + "/b"}}, []string{dir + "/a", dir + "/b"}},
		"a folder of targets'": {targets.Workload{Command: []string{server}, Files: []string{temporary}}, []string{temporary, "/tmp", "move it"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Make(t.Context(), tc.w, dir+"/memo")
			for _, word := range tc.words {
				if err == nil || !strings.Contains(err.Error(), word) {
					t.Errorf("error %v\ndoes not say %q", err, word)
				}
			}
		})
	}
}

// TestLibrariesOfFilesMayBeMissing: what nothing can load here, nothing can load in the
// image either, and a server that does not try runs on both.
func TestLibrariesOfFilesMayBeMissing(t *testing.T) {
	dir := folder(t)
	server := script(t, dir)
	text := program(t, dir+"/app/extension.so")
	write(t, dir+"/app/extension.so", strings.ReplaceAll(string(text), "libc.so.6\x00", "libq.so.6\x00"), 0o755)
	w := targets.Workload{Command: []string{server}, Files: []string{dir + "/app"}}
	if m := makeImage(t, w, dir+"/memo"); len(m.notes) != 1 || !strings.Contains(m.notes[0], "libq.so.6 (for "+dir+"/app/extension.so)") {
		t.Errorf("notes %q", m.notes)
	}
	program(t, dir+"/app/libs/libq.so.6") // it is loaded before by whoever needs it
	if m := makeImage(t, w, dir+"/memo"); len(m.notes) != 0 {
		t.Errorf("notes %q, want none", m.notes)
	}
}

var byLoader = regexp.MustCompile(`(?m)(?:=> |^\t)(/\S+) \(0x`)

// TestLibrariesAreTheLoaders compares what is taken with what the loader says that it loads.
func TestLibrariesAreTheLoaders(t *testing.T) {
	if _, err := exec.LookPath("ldd"); err != nil {
		t.Skip("ldd, which asks the loader, is not here")
	}
	dir := folder(t)
	compared := 0
	for _, name := range []string{"node", "git", "openssl", "qemu-system-x86_64", "bash"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		said, err := exec.Command("ldd", path).Output()
		if err != nil {
			continue // a script, or static
		}
		m := makeImage(t, targets.Workload{Command: []string{path}}, dir)
		for _, match := range byLoader.FindAllStringSubmatch(string(said), -1) {
			real, err := filepath.EvalSymlinks(match[1])
			if err != nil {
				t.Fatal(err)
			}
			compared++
			if m.files[real] == nil {
				t.Errorf("%s loads %s, which is not in the image", name, match[1])
			}
		}
	}
	if compared == 0 {
		t.Skip("no program of this machine loads libraries")
	}
	t.Logf("%d libraries", compared)
}

// TestPythonEnvironment makes an environment as venv does, with a library of a few files.
func TestPythonEnvironment(t *testing.T) {
	dir := folder(t)
	base, env := dir+"/base", dir+"/project/.venv"
	program(t, base+"/bin/python3.11")
	symlink(t, "python3.11", base+"/bin/python3")
	for _, name := range []string{"os.py", "lib-dynload/_json.so", "test/test_os.py", "config-3.11-x86_64/libpython.a", "site-packages/system.py"} {
		write(t, base+"/lib/python3.11/"+name, "", 0o644)
	}
	write(t, base+"/lib/python3.12/os.py", "", 0o644)
	write(t, env+"/pyvenv.cfg", "home = "+base+"/bin\ninclude-system-site-packages = false\nversion = 3.11.7\n", 0o644)
	symlink(t, base+"/bin/python3", env+"/bin/python")
	write(t, env+"/bin/uvicorn", "#!"+env+"/bin/python\n", 0o755)
	packages := env + "/lib/python3.11/site-packages"
	write(t, packages+"/fresh.py", "x = 1\n", 0o644)
	write(t, packages+"/stale.py", "x = 1\n", 0o644)
	write(t, packages+"/hashed.py", "x = 1\n", 0o644)
	info, err := os.Stat(packages + "/fresh.py")
	if err != nil {
		t.Fatal(err)
	}
	compiled := func(flags, modified uint32) string {
		head := binary.LittleEndian.AppendUint32([]byte("\xa7\x0d\r\n"), flags)
		return string(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(head, modified), uint32(info.Size()))) + "code"
	}
	write(t, packages+"/__pycache__/fresh.cpython-311.pyc", compiled(0, uint32(info.ModTime().Unix())), 0o644)
	write(t, packages+"/__pycache__/stale.cpython-311.pyc", compiled(0, 1), 0o644)
	write(t, packages+"/__pycache__/hashed.cpython-311.pyc", compiled(1, 77), 0o644)
	write(t, dir+"/editable/package.py", "", 0o644)
	write(t, packages+"/editable.pth", "import something\n"+dir+"/editable\n", 0o644)

	m := makeImage(t, targets.Workload{Command: []string{env + "/bin/uvicorn"}}, dir+"/memo")
	for _, name := range []string{
		base + "/bin/python3.11", base + "/bin/python3", base + "/lib/python3.11/os.py", base + "/lib/python3.11/lib-dynload/_json.so",
		env + "/pyvenv.cfg", env + "/bin/python", env + "/bin/uvicorn", packages + "/fresh.py", dir + "/editable/package.py",
		packages + "/__pycache__/hashed.cpython-311.pyc",
	} {
		if m.files[name] == nil {
			t.Errorf("%s is not in the image", name)
		}
	}
	for _, name := range []string{
		base + "/lib/python3.11/test", base + "/lib/python3.11/site-packages", base + "/lib/python3.11/config-3.11-x86_64", base + "/lib/python3.12",
		packages + "/__pycache__/stale.cpython-311.pyc",
	} {
		if m.files[name] != nil {
			t.Errorf("%s is in the image", name)
		}
	}
	if got := m.text[packages+"/__pycache__/fresh.cpython-311.pyc"]; got != compiled(0, 0) {
		t.Errorf("the compiled module %q has not its source's time in the image", got)
	}
	if !strings.Contains(strings.Join(m.notes, "\n"), "have no compiled form") {
		t.Errorf("notes %q", m.notes)
	}
	write(t, env+"/pyvenv.cfg", "home = "+base+"/bin\ninclude-system-site-packages = true\nversion_info = 3.11.7.final.0\n", 0o644)
	m = makeImage(t, targets.Workload{Command: []string{env + "/bin/uvicorn"}}, dir+"/memo")
	if m.files[base+"/lib/python3.11/site-packages/system.py"] == nil {
		t.Error("the environment includes the system's packages, and the image does not")
	}
	m = makeImage(t, targets.Workload{Command: []string{base + "/bin/python3"}}, dir+"/memo")
	if m.files[base+"/lib/python3.11/site-packages/system.py"] == nil || m.files[base+"/lib/python3.12"] != nil {
		t.Error("without an environment, an interpreter has its own packages, and no other's library")
	}
}

func TestInterpreter(t *testing.T) {
	for head, want := range map[string]string{
		"#!/bin/sh\n":                       "/bin/sh",
		"#! /usr/bin/env  python3 -u\nx":    "/usr/bin/env python3 -u",
		"#!/usr/bin/env -S uv run python\n": "/usr/bin/env -S uv run python",
		"#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\nimport sys\n": "/a b/python",
		"#!/bin/sh\n'''exec' /long/python \"$0\" \"$@\"\n' '''\n":                "/long/python",
		"#!":         "",
		"print(1)\n": "",
		"":           "",
	} {
		if got := strings.Join(interpreter([]byte(head)), " "); got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}

func BenchmarkUnchanged(b *testing.B) {
	dir := folder(b)
	server := script(b, dir)
	const files = 30_000 // of an environment with 700 MB
	for i := range files {
		write(b, filepath.Join(dir, "app", string(rune('a'+i%20)), string(rune('a'+i/20%20)), string(rune('a'+i/400))+"module.py"), "pass\n", 0o644)
	}
	w := targets.Workload{Command: []string{server}, Files: []string{dir + "/app"}}
	if _, err := Make(b.Context(), w, dir+"/memo"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Make(b.Context(), w, dir+"/memo"); err != nil {
			b.Fatal(err)
		}
	}
}
