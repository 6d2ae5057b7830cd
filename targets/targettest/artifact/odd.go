package artifact

import (
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"servebench/targets"
	"servebench/targets/image/bundle"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
)

// Odd are images that are unlike most in one way each, by what that is. program is the
// suite's test server, a static one.
func Odd(tb testing.TB, program string) map[string]Server {
	tb.Helper()
	dir := folder(tb)
	server := func(path string) File { return Executable(tb, program, path) }
	scratch := func(configure_ func(*v1.Config), files ...File) v1.Image {
		return configure(tb, add(tb, empty.Image, files...), func(c *v1.Config) {
			c.Env = []string{"TEST_START=web"}
			configure_(c)
		})
	}
	accounts := Text("/etc/passwd", "app:x:1234:1235::/home/app:/bin/sh\n")
	groups := Text("/etc/group", "app:x:1235:\ndata:x:2345:other,app\n")
	other := "arm64"
	if runtime.GOARCH == other {
		other = "amd64"
	}
	made := func(name string, img v1.Image, refused ...string) Server {
		return Server{Workload: targets.Workload{Image: save(tb, img, filepath.Join(dir, name+".tar")), Ready: "/ready"}, Refused: refused}
	}
	seeing := func(s Server, what string, holds func(Surroundings) bool) Server {
		s.Sees = func(tb testing.TB, seen Surroundings) {
			if !holds(seen) {
				tb.Errorf("%+v: want %s", seen, what)
			}
		}
		return s
	}
	return map[string]Server{
		"a user by name": seeing(made("user", scratch(func(c *v1.Config) { c.Entrypoint, c.User = []string{"/server"}, "app" }, accounts, groups, server("/server"))),
			"1234:1235 with group 2345 and its HOME", func(s Surroundings) bool {
				return s.UID == 1234 && s.GID == 1235 && slices.Contains(s.Groups, 2345) && s.Variable("HOME") == "/home/app"
			}),
		"a user by numbers": seeing(made("numbers", scratch(func(c *v1.Config) { c.Entrypoint, c.User = []string{"/server"}, "4321:5432" }, server("/server"))),
			"4321:5432, and 64 MiB of shared memory", func(s Surroundings) bool { return s.UID == 4321 && s.GID == 5432 && s.SharedMemory == 64<<20 }),
		"a relative entry point": seeing(made("relative", scratch(func(c *v1.Config) { c.Entrypoint, c.WorkingDir = []string{"bin/server"}, "/srv/app" }, server("/srv/app/bin/server"))),
			"the folder /srv/app", func(s Surroundings) bool { return s.Dir == "/srv/app" }),
		"an entry point in PATH": seeing(made("path", scratch(func(c *v1.Config) {
			c.Entrypoint, c.Env = []string{"server"}, append(c.Env, "PATH=/opt/bin")
		}, server("/opt/bin/server"))),
			"the image's PATH", func(s Surroundings) bool { return s.Variable("PATH") == "/opt/bin" }),
		"a command in shell form": made("shell", shell(tb, dir, server("/server"), `test -n "$PORT" && /server`)),
		"a log of 100 MiB": made("log", scratch(func(c *v1.Config) {
			c.Entrypoint, c.Env = []string{"/server"}, append(c.Env, "TEST_LOG_MIB=100")
		}, server("/server"))),
		"a server that leaves its work to a child": made("daemon", scratch(func(c *v1.Config) {
			c.Entrypoint, c.Env = []string{"/server"}, []string{"TEST_START=background"}
		}, server("/server")), "ended before it was ready", "status 0"),
		"another architecture": made("architecture", describe(tb, scratch(func(c *v1.Config) { c.Entrypoint = []string{"/server"} }, server("/server")), func(f *v1.ConfigFile) { f.Architecture = other }),
			other, runtime.GOARCH),
		"nothing to start":            made("nothing", scratch(func(*v1.Config) {}, server("/server")), "entry point", "workload.command"),
		"an entry point that is lost": made("lost", scratch(func(c *v1.Config) { c.Entrypoint = []string{"/no/such/server"} }, server("/server")), "/no/such/server"),
		"a user that is not there":    made("nobody", scratch(func(c *v1.Config) { c.Entrypoint, c.User = []string{"/server"}, "ghost" }, accounts, server("/server")), "ghost", "passwd"),
	}
}

// shell is an image with a shell, which starts the server as a child of its own.
func shell(tb testing.TB, dir string, server File, command string) v1.Image {
	tb.Helper()
	made, err := bundle.Make(tb.Context(), targets.Workload{Command: []string{"/bin/sh"}}, filepath.Join(dir, "memo"))
	if err != nil {
		tb.Fatal(err)
	}
	return configure(tb, add(tb, made.Image, server), func(c *v1.Config) {
		c.Entrypoint, c.Cmd, c.Env = nil, []string{"/bin/sh", "-c", command}, append(c.Env, "TEST_START=web")
	})
}
