// Package artifact makes the container images that every target has to run unchanged, of
// what is on this machine and without a registry or an engine: servers that others wrote,
// with models whose answers are known, and images that are odd in one way each. A test
// for which something is missing here is skipped, and says what.
package artifact

import (
	"bytes"
	"embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/image/bundle"
	"servebench/targets/targettest/python"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
)

//go:embed fastapi mlserver node *.py
var sources embed.FS

// Server is a server in an image, or a command and its files, and what it has to answer.
type Server struct {
	targets.Workload
	Rows []Row
	// Data is a CSV file of the rows, with the answers in the column "prediction"; "": none.
	Data string
	// V2 says that it speaks the Open Inference Protocol; otherwise POST /predict with
	// {"features":[…]} is answered with {"label":…}, GET /report with its surroundings, and
	// POST /burn?ms=N after N milliseconds of CPU time.
	V2 bool
	// Refused are words of the error with which every target has to refuse it; none: it serves.
	Refused []string
	// Sees checks what the server says about its surroundings; nil: they do not matter.
	Sees func(testing.TB, Surroundings)
}

// Surroundings are what a server says about where it runs.
type Surroundings struct {
	Env      []string
	Dir      string
	UID, GID int
	Groups   []int
	// SharedMemory is how many bytes /dev/shm has; the servers in Python do not say it.
	SharedMemory uint64
}

// Variable returns a variable of the environment; "" where it has none.
func (s Surroundings) Variable(name string) string {
	for _, pair := range s.Env {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// Row is an example, and what the model says to it.
type Row struct {
	Features []float64
	Label    int
}

// folder returns a folder for what images are made of. It is outside of /tmp, which every
// target has as a folder of its own.
func folder(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "servebench-test-artifact-")
	if err != nil {
		tb.Skipf("no folder outside of /tmp: %v", err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Cache gives a test a cache folder of its own, which is removed with the images in it at
// the end, and has what make setup put into the user's.
func Cache(tb testing.TB) {
	tb.Helper()
	own := folder(tb)
	users, err := targets.CacheDir("")
	if err != nil {
		tb.Fatal(err)
	}
	if err := LinkCache(users, own); err != nil {
		tb.Fatal(err)
	}
	tb.Setenv("SERVEBENCH_CACHE", own)
}

// LinkCache has the folder own know what was set up in the cache folder users.
func LinkCache(users, own string) error {
	for _, name := range []string{"guest", "kubernetes", "python", "node"} {
		if err := os.Symlink(filepath.Join(users, name), filepath.Join(own, name)); err != nil {
			return err
		}
	}
	return nil
}

// copySources copies a folder of sources, or one file.
func copySources(tb testing.TB, from, to string) {
	tb.Helper()
	sub, err := sources.ReadDir(from)
	if err != nil { // a file
		text, err := sources.ReadFile(from)
		if err = errors.Join(err, os.WriteFile(to, text, 0o644)); err != nil {
			tb.Fatal(err)
		}
		return
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		tb.Fatal(err)
	}
	for _, entry := range sub {
		copySources(tb, path.Join(from, entry.Name()), filepath.Join(to, entry.Name()))
	}
}

// run runs a command in a folder and returns what it prints.
func run(tb testing.TB, dir, program string, args ...string) []byte {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), python.Settings()...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%s: %v\n%s%s", cmd, err, out, stderr.Bytes())
	}
	return out
}

// train trains the model of train.py with an environment's Python: model.joblib in the
// folder, and rows.csv, which is returned.
func train(tb testing.TB, environment, dir string) []Row {
	tb.Helper()
	copySources(tb, "train.py", filepath.Join(dir, "train.py"))
	run(tb, dir, filepath.Join(environment, "bin", "python"), "train.py")
	text, err := os.ReadFile(filepath.Join(dir, "rows.csv"))
	if err != nil {
		tb.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var rows []Row
	for _, line := range lines[1:] {
		numbers := make([]float64, len(line))
		for i, field := range line {
			if numbers[i], err = strconv.ParseFloat(field, 64); err != nil {
				tb.Fatal(err)
			}
		}
		rows = append(rows, Row{Features: numbers[:4], Label: int(numbers[len(numbers)-1])})
	}
	return rows
}

// FastAPI is an image of FastAPI with a model of scikit-learn, as a Dockerfile would make
// it: an environment with what the server needs and nothing else, the user model, PATH,
// a working folder, an entry point without a path. It listens on PORT. Its folder has
// rows.csv beside the image.
func FastAPI(tb testing.TB) Server {
	tb.Helper()
	serving := python.Environment(tb, "serving")
	dir := folder(tb)
	app, environment := filepath.Join(dir, "app"), filepath.Join(dir, "venv")
	copySources(tb, "fastapi", app)
	rows := train(tb, serving, app)
	install(tb, serving, environment, "fastapi", "uvicorn", "scikit-learn")
	w := targets.Workload{Command: []string{filepath.Join(environment, "bin", "python")}, Files: []string{app}, Dir: app}
	made, err := bundle.Make(tb.Context(), w, filepath.Join(dir, "memo"))
	if err != nil {
		tb.Fatal(err)
	}
	accounts := "root:x:0:0:root:/root:/bin/sh\nmodel:x:1234:1234::" + app + ":/bin/sh\n"
	img := add(tb, made.Image, Text("/etc/passwd", accounts), Text("/etc/group", "root:x:0:\nmodel:x:1234:\ndata:x:2345:model\n"))
	img = configure(tb, img, func(c *v1.Config) {
		*c = v1.Config{
			Entrypoint: []string{"python"}, Cmd: []string{"server.py"}, WorkingDir: app, User: "model",
			Env: []string{"PATH=" + environment + "/bin:/usr/bin:/bin", "MODEL_NAME=iris"},
		}
	})
	return Server{Workload: targets.Workload{Image: save(tb, img, filepath.Join(dir, "fastapi.tar")), Env: []string{"WEB_CONCURRENCY=2"}, Ready: "/health"}, Rows: rows, Data: filepath.Join(app, "rows.csv"), Sees: func(tb testing.TB, s Surroundings) {
		if s.UID != 1234 || s.GID != 1234 || !slices.Contains(s.Groups, 2345) || s.Dir != app {
			tb.Errorf("it runs as %d:%d, groups %v, in %s; want 1234:1234, 2345 among them, in %s", s.UID, s.GID, s.Groups, s.Dir, app)
		}
		for name, want := range map[string]string{"MODEL_NAME": "iris", "HOME": app, "PATH": environment + "/bin:/usr/bin:/bin"} {
			if got := s.Variable(name); got != want {
				tb.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	}}
}

// install makes an environment of another one's packages: those named, and what they
// require.
func install(tb testing.TB, from, to string, packages ...string) {
	tb.Helper()
	copySources(tb, "closure.py", filepath.Join(filepath.Dir(to), "closure.py"))
	interpreter := filepath.Join(from, "bin", "python")
	list := run(tb, filepath.Dir(to), interpreter, append([]string{"closure.py"}, packages...)...)
	installed, err := filepath.Glob(filepath.Join(from, "lib", "python3*", "site-packages"))
	if err != nil || len(installed) != 1 {
		tb.Fatalf("packages of %s: %q, %v", from, installed, err)
	}
	below, err := filepath.Rel(from, installed[0])
	if err != nil {
		tb.Fatal(err)
	}
	for name := range strings.Lines(string(list)) {
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, "..") { // programs
			continue
		}
		if err := copyFile(filepath.Join(installed[0], name), filepath.Join(to, below, name)); err != nil {
			tb.Fatal(err)
		}
	}
	program, err := filepath.EvalSymlinks(interpreter)
	if err != nil {
		tb.Fatal(err)
	}
	err = errors.Join(os.Mkdir(filepath.Join(to, "bin"), 0o755), os.Symlink(program, filepath.Join(to, "bin", "python")),
		copyFile(filepath.Join(from, "pyvenv.cfg"), filepath.Join(to, "pyvenv.cfg")))
	if err != nil {
		tb.Fatal(err)
	}
}

// copyFile copies a file with its time, by which Python knows its compiled form.
func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, info.Mode().Perm()), os.Chtimes(to, info.ModTime(), info.ModTime()))
}

// MLServer is a command and a folder: MLServer with a model of scikit-learn. Its workers are
// left out, which end with the version of uvloop that its pins allow.
func MLServer(tb testing.TB) Server {
	tb.Helper()
	environment := python.Environment(tb, "mlserver")
	dir := filepath.Join(folder(tb), "models")
	copySources(tb, "mlserver", dir)
	rows := train(tb, environment, dir)
	env := []string{"MLSERVER_HTTP_PORT={port}", "MLSERVER_GRPC_PORT=0", "MLSERVER_METRICS_ENDPOINT=", "MLSERVER_PARALLEL_WORKERS=0"}
	return Server{
		Workload: targets.Workload{
			Command: []string{filepath.Join(environment, "bin", "mlserver"), "start", "."}, Files: []string{dir}, Dir: dir,
			Env: append(env, python.Settings()...), Ready: "/v2/models/iris/ready", Model: "iris",
		},
		Rows: rows, V2: true,
	}
}

// linear is a model that the servers have which are not written in Python.
type linear struct {
	Weights [][]float64 `json:"weights"`
	Bias    []float64   `json:"bias"`
}

// rows are examples and what the model says to them.
func (l linear) rows() []Row {
	var rows []Row
	for i := range 50 {
		x := []float64{float64(i%7) - 3, float64(i%5) - 2, float64(i%11) - 5, 1}
		best, label := 0.0, 0
		for class, weights := range l.Weights {
			score := l.Bias[class]
			for j, w := range weights {
				score += w * x[j]
			}
			if class == 0 || score > best {
				best, label = score, class
			}
		}
		rows = append(rows, Row{x, label})
	}
	return rows
}

var someModel = linear{Weights: [][]float64{{1, -2, 0.5, 0}, {-1, 1, 0.25, 0.1}, {0.5, 0.5, -0.75, 0}}, Bias: []float64{0.1, -0.2, 0.3}}

func (l linear) write(tb testing.TB, file string) {
	tb.Helper()
	text, err := json.Marshal(l)
	if err = errors.Join(err, os.WriteFile(file, text, 0o644)); err != nil {
		tb.Fatal(err)
	}
}

// Node is an image of Fastify on Node.js. It listens on the port that it exposes.
func Node(tb testing.TB) Server {
	tb.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		tb.Skip("node is not in PATH; install Node.js to run this test")
	}
	packages := python.Installed(tb, "node", "--find")
	dir := folder(tb)
	app := filepath.Join(dir, "app")
	copySources(tb, "node", app)
	someModel.write(tb, filepath.Join(app, "model.json"))
	if err := os.Symlink(filepath.Join(packages, "node_modules"), filepath.Join(app, "node_modules")); err != nil {
		tb.Fatal(err)
	}
	w := targets.Workload{Command: []string{"node"}, Files: []string{app}, Dir: app}
	made, err := bundle.Make(tb.Context(), w, filepath.Join(dir, "memo"))
	if err != nil {
		tb.Fatal(err)
	}
	img := configure(tb, made.Image, func(c *v1.Config) {
		c.Entrypoint = append(c.Entrypoint, "server.js")
		c.ExposedPorts = map[string]struct{}{"18473/tcp": {}}
	})
	return Server{Workload: targets.Workload{Image: save(tb, img, filepath.Join(dir, "node.tar")), Ready: "/health"}, Rows: someModel.rows()}
}

// Static is an image with one static program and a model.
func Static(tb testing.TB, program string) Server {
	tb.Helper()
	dir := folder(tb)
	text, err := json.Marshal(someModel)
	if err != nil {
		tb.Fatal(err)
	}
	img := add(tb, empty.Image, Executable(tb, program, "/server"), Text("/model.json", string(text)))
	img = configure(tb, img, func(c *v1.Config) {
		c.Entrypoint, c.Env = []string{"/server"}, []string{"TEST_START=web", "TEST_MODEL=/model.json"}
	})
	return Server{Workload: targets.Workload{Image: save(tb, img, filepath.Join(dir, "static.tar")), Ready: "/ready"}, Rows: someModel.rows()}
}
