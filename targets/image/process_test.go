package image

import (
	"archive/tar"
	"slices"
	"strings"
	"syscall"
	"testing"

	"servebench/targets"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// configured opens an image of a few programs with that configuration.
func configured(t *testing.T, config v1.Config) *Image {
	t.Helper()
	alone(t)
	program := func(name string) entry { return entry{name: name, body: "x", kind: tar.TypeReg, mode: 0o755} }
	img, err := describe(stack(t, archive(t,
		program("srv/server"), program("usr/bin/tool"), symlink("bin", "/usr/bin"), text("srv/notes", ""), dir("srv/folder"),
		symlink("srv/lost", "nowhere"), symlink("srv/loop", "loop"), symlink("srv/out", "../../../usr/bin/tool"),
		text("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/srv/app:/bin/false\n"),
		text("etc/group", "video:x:44:other,app\naudio:x:63:app\nwheel:x:10:root\nodd:x:y:app\n"))))
	if err != nil {
		t.Fatal(err)
	}
	img.Config = config
	return img
}

func TestProcess(t *testing.T) {
	named := targets.Workload{Image: "x", Env: []string{"ADDRESS={host}:{port}"}, Limits: targets.Limits{CPUs: 2}}
	command := named
	command.Command = []string{"tool", "--port={port}"}
	threads := []string{"GOMAXPROCS=2", "OMP_NUM_THREADS=2", "OPENBLAS_NUM_THREADS=2", "MKL_NUM_THREADS=2"}
	env := func(first ...string) []string {
		return slices.Concat(first, []string{"HOST=h", "PORT=7"}, threads, []string{"ADDRESS=h:7"})
	}
	usual := []string{"PATH=" + targets.SearchPath, "HOME=/root"}
	for name, tt := range map[string]struct {
		config v1.Config
		w      targets.Workload
		want   Process
	}{
		"entry point and command": {
			v1.Config{Entrypoint: []string{"/srv/server", "-v"}, Cmd: []string{"serve"}}, named,
			Process{Path: "/srv/server", Args: []string{"/srv/server", "-v", "serve"}, Env: env(usual...), Dir: "/"},
		},
		"shell form": {
			v1.Config{Cmd: []string{"/bin/tool", "-c", "exec server"}}, named,
			Process{Path: "/bin/tool", Args: []string{"/bin/tool", "-c", "exec server"}, Env: env(usual...), Dir: "/"},
		},
		"relative entry point": {
			v1.Config{Entrypoint: []string{"./server"}, WorkingDir: "/srv"}, named,
			Process{Path: "/srv/server", Args: []string{"./server"}, Env: env(usual...), Dir: "/srv"},
		},
		"relative working folder": {
			v1.Config{Entrypoint: []string{"../srv/out"}, WorkingDir: "srv"}, named,
			Process{Path: "/srv/out", Args: []string{"../srv/out"}, Env: env(usual...), Dir: "/srv"},
		},
		"name in the image's PATH": {
			v1.Config{Entrypoint: []string{"server"}, Env: []string{"PATH=/no:/bin:/srv", "OMP_NUM_THREADS=8"}}, named,
			Process{Path: "/srv/server", Args: []string{"server"}, Dir: "/", Env: []string{
				"PATH=/no:/bin:/srv", "HOME=/root", "OMP_NUM_THREADS=8", "HOST=h", "PORT=7", "GOMAXPROCS=2", "OPENBLAS_NUM_THREADS=2", "MKL_NUM_THREADS=2", "ADDRESS=h:7",
			}},
		},
		"variables that are none": {
			v1.Config{Entrypoint: []string{"/srv/server"}, Env: []string{"NONE", "=x", "LINES=a\nb=c"}}, named,
			Process{Path: "/srv/server", Args: []string{"/srv/server"}, Env: env(append(usual, "LINES=a\nb=c")...), Dir: "/"},
		},
		"name in a relative PATH": {
			v1.Config{Entrypoint: []string{"server"}, Env: []string{"PATH=srv"}}, named,
			Process{Path: "/srv/server", Args: []string{"server"}, Env: env("PATH=srv", "HOME=/root"), Dir: "/"},
		},
		"command of the workload": {
			v1.Config{Entrypoint: []string{"/srv/server"}, Cmd: []string{"serve"}, Env: []string{"PORT=1", "A=b"}}, command,
			Process{Path: "/usr/bin/tool", Args: []string{"tool", "--port=7"}, Dir: "/", Env: slices.Concat(usual, []string{"PORT=7", "A=b", "HOST=h"}, threads, []string{"ADDRESS=h:7"})},
		},
		"user, its groups and home": {
			v1.Config{Entrypoint: []string{"/srv/server"}, User: "app", StopSignal: "SIGQUIT"}, named,
			Process{Path: "/srv/server", Args: []string{"/srv/server"}, Env: env(usual[0], "HOME=/srv/app"), Dir: "/", UID: 1000, GID: 1001, Groups: []uint32{44, 63}, StopSignal: syscall.SIGQUIT},
		},
		"user by number": {
			v1.Config{Entrypoint: []string{"/srv/server"}, User: "1000"}, named,
			Process{Path: "/srv/server", Args: []string{"/srv/server"}, Env: env(usual[0], "HOME=/srv/app"), Dir: "/", UID: 1000, GID: 1001, Groups: []uint32{44, 63}},
		},
		"user and group": {
			v1.Config{Entrypoint: []string{"/srv/server"}, User: "app:wheel"}, named,
			Process{Path: "/srv/server", Args: []string{"/srv/server"}, Env: env(usual[0], "HOME=/srv/app"), Dir: "/", UID: 1000, GID: 10},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.want.StopSignal == 0 {
				tt.want.StopSignal = syscall.SIGTERM
			}
			if tt.config.User == "" {
				tt.want.Groups = []uint32{10}
			}
			got, err := configured(t, tt.config).Process(t.Context(), tt.w, "h", 7)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What an image cannot start is said before anything is started.
func TestProcessFaults(t *testing.T) {
	for says, config := range map[string]v1.Config{
		"neither entry point nor command: name one with workload.command":     {},
		"has no executable lost in any folder of its PATH, /srv:/bin":         {Cmd: []string{"lost"}, Env: []string{"PATH=/srv:/bin"}},
		"has no file /srv/none, which it has to start":                        {Cmd: []string{"./none"}, WorkingDir: "/srv"},
		"has no file /srv/server/x, which it has to start":                    {Cmd: []string{"/srv/server/x"}},
		"has no file /srv/lost, which it has to start":                        {Cmd: []string{"/srv/lost"}},
		"passes more than 40 links":                                           {Cmd: []string{"/srv/loop"}},
		"/srv/notes in the image, which has to be started, is no executable":  {Cmd: []string{"/srv/notes"}},
		"/srv/folder in the image, which has to be started, is no executable": {Cmd: []string{"/srv/folder"}},
		"the image's working folder /srv/server is a file, or lies below":     {Cmd: []string{"/srv/server"}, WorkingDir: "/srv/server"},
		"the image's working folder /srv/server/x is a file, or lies below":   {Cmd: []string{"/srv/server"}, WorkingDir: "/srv/server/x"},
		"the image's working folder /srv/loop: its path passes more than":     {Cmd: []string{"/srv/server"}, WorkingDir: "/srv/loop"},
		"environment has a NUL byte":                                          {Cmd: []string{"/srv/server"}, Env: []string{"A=b\x00c"}},
		"command or environment has a NUL byte":                               {Cmd: []string{"/srv/server", "\x00"}},
		`user "4294967295": a user's number is 2147483647 at most`:            {Cmd: []string{"/srv/server"}, User: "4294967295"},
		`user "nobody" is not in the image's /etc/passwd`:                     {Cmd: []string{"/srv/server"}, User: "nobody"},
		`group "odd" is not in the image's /etc/group`:                        {Cmd: []string{"/srv/server"}, User: "app:odd"},
		`the image's stop signal "SIGNONE" is no signal of Linux`:             {Cmd: []string{"/srv/server"}, StopSignal: "SIGNONE"},
	} {
		if _, err := configured(t, config).Process(t.Context(), targets.Workload{Image: "x"}, "h", 1); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: error %v, want that it says %q", config, err, says)
		}
	}
}

func TestStopSignal(t *testing.T) {
	for text, want := range map[string]syscall.Signal{
		"": syscall.SIGTERM, "SIGINT": syscall.SIGINT, "quit": syscall.SIGQUIT, "9": syscall.SIGKILL, "64": 64,
		"SIGRTMIN": 34, "RTMIN+3": 37, "SIGRTMIN+30": 64,
		"0": 0, "65": 0, "-1": 0, "SIGRTMIN+31": 0, "SIGRTMIN-1": 0, "SIG": 0, "TERM ": 0,
	} {
		if got, err := stopSignal(text); got != want || (err == nil) != (want != 0) {
			t.Errorf("stopSignal(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestPort(t *testing.T) {
	exposed := func(ports ...string) v1.Config {
		c := v1.Config{ExposedPorts: map[string]struct{}{}}
		for _, p := range ports {
			c.ExposedPorts[p] = struct{}{}
		}
		return c
	}
	for _, tt := range []struct {
		config v1.Config
		port   int
		want   int
	}{
		{exposed(), 0, 0},
		{exposed("8080/tcp"), 0, 8080},
		{exposed("8080"), 0, 8080},
		{exposed("8080", "8080/tcp"), 0, 8080},
		{exposed("8080/tcp", "53/udp"), 0, 8080},
		{exposed("8080/tcp", "8081/tcp"), 0, 0},
		{exposed("8080/tcp", "8081/tcp"), 8081, 8081},
		{exposed("8080/tcp"), 9000, 9000},
		{exposed("x/tcp", "0/tcp", "70000/tcp", "-1"), 0, 0},
	} {
		if got := (&Image{Config: tt.config}).Port(targets.Workload{Port: tt.port}); got != tt.want {
			t.Errorf("Port of %v, and %d asked for: %d, want %d", tt.config.ExposedPorts, tt.port, got, tt.want)
		}
	}
}

func TestParseAccount(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv/app:/bin/false\nbad:x:y:1::/:\nshort:x\n"
	const group = "wheel:x:10:\nvideo:x:44:app\n"
	for user, want := range map[string]struct {
		uid, gid uint32
		home     string
	}{
		"":            {0, 0, "/root"},
		"root":        {0, 0, "/root"},
		"app":         {1000, 1001, "/srv/app"},
		"1000":        {1000, 1001, "/srv/app"},
		"app:video":   {1000, 44, "/srv/app"},
		"app:":        {1000, 1001, "/srv/app"},
		"12:34":       {12, 34, "/"},
		"12":          {12, 0, "/"},
		":wheel":      {0, 10, "/root"},
		"65534:44":    {65534, 44, "/"},
		"nobody":      {uid: 1 << 31},
		"app:nobody":  {uid: 1 << 31},
		"bad":         {uid: 1 << 31},
		"-1":          {uid: 1 << 31},
		"99999999999": {uid: 1 << 31},
	} {
		got, err := parseAccount(user, passwd, group)
		if want.uid == 1<<31 {
			if err == nil {
				t.Errorf("parseAccount(%q) = %+v, want an error", user, got)
			}
			continue
		}
		if err != nil || got.uid != want.uid || got.gid != want.gid || got.home != want.home {
			t.Errorf("parseAccount(%q) = %d:%d %s, %v, want %+v", user, got.uid, got.gid, got.home, err, want)
		}
	}
}

func FuzzParseAccount(f *testing.F) {
	f.Add("app:video", "app:x:1000:1001::/srv:/bin/sh", "video:x:44:")
	f.Add(":", ":::::", ":::")
	f.Fuzz(func(t *testing.T, user, passwd, group string) {
		if got, err := parseAccount(user, passwd, group); err == nil && got.home == "" {
			t.Fatalf("parseAccount(%q) = %+v", user, got)
		}
	})
}
