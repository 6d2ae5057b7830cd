package container_test

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/container"
	"servebench/targets/local"
	"servebench/targets/physical"
	"servebench/targets/targettest"
	"servebench/targets/targettest/artifact"
	"servebench/targets/vm"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// userImage makes an image as a user would have one: an entrypoint with
// arguments, an environment, a user by name and a folder to work in.
func userImage(t *testing.T) v1.Image {
	t.Helper()
	return artifact.Image(t, v1.Config{
		Entrypoint: []string{"/srv/server"}, Cmd: []string{"--model", "credit"},
		Env: []string{"PATH=/srv:/bin", "MODE=image", "KEPT=yes"}, User: "app", WorkingDir: "/srv/made", StopSignal: "SIGINT",
	},
		artifact.Executable(t, targettest.Build(t), "/srv/server"),
		artifact.Text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/srv:/bin/false\n"),
		artifact.Text("/etc/group", "root:x:0:\napp:x:1001:\ndata:x:2345:app\n"))
}

// asReference pushes the image to a registry that lives as long as the test.
func asReference(t *testing.T, img v1.Image) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/servebench-test/user-image:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

func TestUserImageOnRunc(t *testing.T) {
	needRunc(t)
	img := userImage(t)
	for how, ref := range map[string]string{"file": artifact.Save(t, img), "registry": asReference(t, img)} {
		t.Run(how, func(t *testing.T) { honoured(t, "runc", ref) })
	}
}

func TestUserImageOnDocker(t *testing.T) {
	cli := dockerClient(t)
	img := userImage(t)
	for how, ref := range map[string]string{"file": artifact.Save(t, img), "registry": asReference(t, img)} {
		t.Run(how, func(t *testing.T) { honoured(t, "docker", ref) })
	}
	left, err := leftovers(cli)(t.Context(), os.Getpid())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// honoured deploys the user's image and checks that what it says counts.
func honoured(t *testing.T, engine, ref string) {
	t.Helper()
	t.Setenv("SERVEBENCH_CACHE", t.TempDir())
	dir := t.TempDir()
	target, err := container.Kind().Open(targets.Config{Options: map[string]string{"engine": engine}, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := target.Deploy(ctx, targets.Workload{Image: ref, Env: []string{"MODE=scenario"}, Ready: "/ready"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := target.Close(ctx); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}()
	report := ask(t, d, "/report?write=1")
	if report.UID != 1000 || report.Writable {
		t.Errorf("user %d, root folder writable for it: %t; want 1000, whom it does not belong to", report.UID, report.Writable)
	}
	if want := []string{"/srv/server", "--model", "credit"}; !slices.Equal(report.Args, want) {
		t.Errorf("arguments %q, want %q", report.Args, want)
	}
	for _, want := range []string{"PATH=/srv:/bin", "MODE=scenario", "KEPT=yes", "HOME=/srv", "HOST=127.0.0.1"} {
		if !slices.Contains(report.Env, want) {
			t.Errorf("environment %q lacks %s", report.Env, want)
		}
	}
}

// One image gives the same process whatever runs it: on the machine itself, by runc and by
// the Docker Engine.
func TestTheSameProcessEverywhere(t *testing.T) {
	img := userImage(t)
	artifact.Cache(t)
	for user, want := range map[string]report{
		"app": {
			UID: 1000, GID: 1001, Groups: []int{2345}, Capabilities: "0000000000000000",
			Env: []string{
				"GOMAXPROCS=1", "HOME=/srv", "KEPT=yes", "MKL_NUM_THREADS=1", "MODE=image", "OMP_NUM_THREADS=1",
				"OPENBLAS_NUM_THREADS=1", "PATH=/srv:/bin", "TEST_TERM=interrupt",
			},
		},
		"": {
			Capabilities: "00000000a80425fb", Writable: true,
			Env: []string{
				"GOMAXPROCS=1", "HOME=/root", "KEPT=yes", "MKL_NUM_THREADS=1", "MODE=image", "OMP_NUM_THREADS=1",
				"OPENBLAS_NUM_THREADS=1", "PATH=/srv:/bin", "TEST_TERM=interrupt",
			},
		},
	} {
		want.Args, want.Dir = []string{"/srv/server", "--model", "credit"}, "/srv/made"
		want.NoNewPrivileges, want.Umask, want.GOMAXPROCS = "1", "0022", 1
		file := artifact.Save(t, as(t, img, user))
		t.Run("user "+cmp.Or(user, "of none"), func(t *testing.T) { sameProcess(t, file, want) })
	}
}

// as is an image whose server runs as a user.
func as(t *testing.T, img v1.Image, user string) v1.Image {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.Config.User = user
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// sameProcess runs an image on every target that can run here and compares what its server
// says of itself.
func sameProcess(t *testing.T, file string, want report) {
	seen := map[string]report{}
	for where, opened := range map[string]func(t *testing.T) (targets.Kind, map[string]string){
		"physical": func(t *testing.T) (targets.Kind, map[string]string) {
			if err := physical.Kind().CheckImage(t.Context()); err != nil {
				t.Skip(err)
			}
			return physical.Kind(), nil
		},
		"runc": func(t *testing.T) (targets.Kind, map[string]string) {
			needRunc(t)
			return container.Kind(), map[string]string{"engine": "runc"}
		},
		"docker": func(t *testing.T) (targets.Kind, map[string]string) {
			dockerClient(t)
			return container.Kind(), map[string]string{"engine": "docker"}
		},
		"vm": func(t *testing.T) (targets.Kind, map[string]string) {
			return guests(t), map[string]string{"accel": "tcg"}
		},
	} {
		t.Run(where, func(t *testing.T) {
			kind, options := opened(t)
			seen[where] = reported(t, kind, options, file)
		})
	}
	for where, r := range seen {
		want.CPUs, want.Visible, want.Hostname = r.CPUs, r.Visible, r.Hostname
		if diff := gocmp.Diff(want, r, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", where, diff)
		}
		for other, o := range seen {
			// A guest has its own.
			if where != "vm" && other != "vm" && (r.CPUs != o.CPUs || r.Visible != o.Visible || r.Hostname != o.Hostname) {
				t.Errorf("%s sees the CPUs %s of %d on %s, %s %s of %d on %s", where, r.CPUs, r.Visible, r.Hostname, other, o.CPUs, o.Visible, o.Hostname)
			}
		}
	}
}

// guests is the target that runs the server in a guest, if that can run here.
func guests(t *testing.T) targets.Kind {
	t.Helper()
	guestinit := targettest.Program(t, "guestinit")
	kind := vm.Kind(func() (string, error) { return guestinit, nil })
	if err := kind.Check(t.Context(), nil); err != nil {
		t.Skip(err)
	}
	return kind
}

// reported is what the server of an image says of its surroundings on a target, where its
// stop signal has to end it.
func reported(t *testing.T, kind targets.Kind, options map[string]string, file string) report {
	t.Helper()
	target, err := kind.Open(targets.Config{Options: options, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close(context.Background())
	cpus, err := local.Pinned(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	output := new(local.Tail)
	d, err := target.Deploy(t.Context(), targets.Workload{
		Image: file, Env: []string{"TEST_TERM=interrupt"}, Ready: "/ready", Output: output,
		CPUSet: cpus[:1], Limits: targets.Limits{CPUs: 1, Memory: 128 * targets.MiB},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(context.Background())
	r := ask(t, d, "/report?write=1")
	if where := "HOST=" + map[bool]string{true: "0.0.0.0", false: "127.0.0.1"}[kind.Name == "vm"]; !slices.Contains(r.Env, where) {
		t.Errorf("environment %q lacks %s", r.Env, where)
	}
	r.Env = slices.DeleteFunc(r.Env, func(pair string) bool { return strings.HasPrefix(pair, "PORT=") || strings.HasPrefix(pair, "HOST=") })
	slices.Sort(r.Env)
	// The engine lists the user's own group once more, which gives it no rights.
	r.Groups = slices.DeleteFunc(r.Groups, func(group int) bool { return group == r.GID })
	if err := d.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(output.String(), "ended by interrupt") {
		t.Errorf("the server wrote %q, want that the image's stop signal ended it", output)
	}
	return r
}

// A server of ours can change nothing and is nobody, in a guest as well.
func TestBuiltImageIsClosed(t *testing.T) {
	server := targettest.Build(t)
	artifact.Cache(t)
	for engine, opened := range map[string]func() (targets.Kind, map[string]string){
		"docker": func() (targets.Kind, map[string]string) {
			return container.Kind(), map[string]string{"engine": "docker"}
		},
		"runc": func() (targets.Kind, map[string]string) { return container.Kind(), map[string]string{"engine": "runc"} },
		"vm":   func() (targets.Kind, map[string]string) { return guests(t), map[string]string{"accel": "tcg"} },
	} {
		t.Run(engine, func(t *testing.T) {
			kind, options := opened()
			if err := kind.Check(t.Context(), options); err != nil {
				t.Skip(err)
			}
			target, err := kind.Open(targets.Config{Options: options, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			d, err := target.Deploy(t.Context(), targets.Workload{Command: []string{server}, Ready: "/ready"})
			if err != nil {
				t.Fatal(err)
			}
			defer target.Close(context.Background())
			defer d.Close(context.Background())
			report := ask(t, d, "/report?write=1&file=/tmp")
			if report.UID != 65534 || report.GID != 65534 || len(report.Groups) > 0 && !slices.Equal(report.Groups, []int{65534}) || report.Writable {
				t.Errorf("user %d:%d, groups %v, root folder writable: %t; want nobody and not", report.UID, report.GID, report.Groups, report.Writable)
			}
			if report.Capabilities != "0000000000000000" || report.NoNewPrivileges != "1" || report.Umask != "0022" || report.Modes["/tmp"] != "dtrwxrwxrwx" {
				t.Errorf("capabilities %s, no new privileges %s, umask %s, /tmp %s", report.Capabilities, report.NoNewPrivileges, report.Umask, report.Modes["/tmp"])
			}
		})
	}
}

func TestMissingImageIsNamed(t *testing.T) {
	for _, engine := range []string{"docker", "runc"} {
		t.Run(engine, func(t *testing.T) {
			if engine == "docker" {
				dockerClient(t)
			} else {
				needRunc(t)
			}
			target, err := container.Kind().Open(targets.Config{Options: map[string]string{"engine": engine}, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			gone := httptest.NewServer(http.NotFoundHandler())
			defer gone.Close()
			ref := strings.TrimPrefix(gone.URL, "http://") + "/no-such/image:1"
			_, err = target.Deploy(t.Context(), targets.Workload{Image: ref, Ready: "/ready"})
			if err == nil || !strings.Contains(err.Error(), ref) || !strings.Contains(err.Error(), "neither") {
				t.Errorf("Deploy of an image that is not there: %v", err)
			}
		})
	}
}

// report is what the test server says about its surroundings.
type report struct {
	Args, Env                     []string
	GOMAXPROCS, Visible           int
	CPUs, Dir, Hostname, Umask    string
	UID, GID                      int
	Groups                        []int
	Writable                      bool
	Capabilities, NoNewPrivileges string
	Modes                         map[string]string
}

func ask(t *testing.T, d *targets.Deployment, path string) report {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Get(d.Endpoint.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var r report
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}
