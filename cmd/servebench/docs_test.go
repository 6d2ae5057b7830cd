package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"servebench/cmd/cli"
	"servebench/reports/record/recordtest"
	"servebench/scenarios"
	"servebench/scenarios/arrivals"
	"servebench/scenarios/pricefile"
	"servebench/targets"
)

// documents are the pages of the documentation, with slashes, from the module's root.
var documents = []string{
	"README.md",
	"generators/README.md",
	"reports/README.md",
	"scenarios/README.md",
	"scenarios/attack/peers/README.md",
	"targets/README.md",
	".github/CONTRIBUTING.md",
}

const moduleRoot = "../.."

func readDocument(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(moduleRoot, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	fence      = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	inlineCode = regexp.MustCompile("`([^`\n]+)`")
	link       = regexp.MustCompile(`\]\(([^)]+)\)`)
	heading    = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// blocks returns the fenced blocks of a language.
func blocks(text, language string) []string {
	var all []string
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		if m[1] == language {
			all = append(all, m[2])
		}
	}
	return all
}

// prose is a document without its fenced blocks.
func prose(text string) string { return fence.ReplaceAllString(text, "") }

// commands returns what a reader can type: the lines of blocks of sh, and code within
// sentences and tables that begins with bin/ or make.
func commands(text string) []string {
	var all []string
	for _, block := range blocks(text, "sh") {
		all = append(all, strings.Split(strings.TrimSpace(block), "\n")...)
	}
	for _, m := range inlineCode.FindAllStringSubmatch(prose(text), -1) {
		if program, rest, _ := strings.Cut(m[1], " "); rest != "" && (strings.HasPrefix(program, "bin/") || program == "make") {
			all = append(all, m[1])
		}
	}
	return all
}

func TestReadmeIsShort(t *testing.T) {
	if n := len(readDocument(t, "README.md")); n > 9*1024 {
		t.Errorf("README.md has %d bytes, want at most %d: move what only some readers need to the README of its folder", n, 9*1024)
	}
}

// TestDocumentsAreComplete wants everything that the lists hold to be named where a
// reader would look for it.
func TestDocumentsAreComplete(t *testing.T) {
	named := map[string][]string{}
	for _, cmd := range newRoot().Commands() {
		if cmd.Name() != "version" && cmd.Name() != "help" && !cmd.Hidden {
			named["README.md"] = append(named["README.md"], "bin/servebench "+cmd.Name())
		}
	}
	for _, kind := range targetKinds() {
		named["README.md"] = append(named["README.md"], "| `"+kind.Name+"` |")
		named["targets/README.md"] = append(named["targets/README.md"], "| `"+kind.Name+"` |")
	}
	for _, kind := range protocolKinds() {
		named["README.md"] = append(named["README.md"], "`"+kind.Name+"`")
		named["targets/README.md"] = append(named["targets/README.md"], "protocol: "+kind.Name)
	}
	for _, kind := range generatorKinds() {
		named["generators/README.md"] = append(named["generators/README.md"], "| `"+kind.Name+"` |")
	}
	for _, builtin := range scenarios.Builtins() {
		named["scenarios/README.md"] = append(named["scenarios/README.md"], "`"+builtin.Name+"`")
	}
	for _, kind := range arrivals.Kinds() {
		named["scenarios/README.md"] = append(named["scenarios/README.md"], "`"+kind.Name+"`")
	}
	for document, names := range named {
		text := readDocument(t, document)
		for _, name := range names {
			if !strings.Contains(text, name) {
				t.Errorf("%s does not mention %q", document, name)
			}
		}
	}
}

// TestLinksLead wants every link to a file or heading of ours to lead somewhere.
func TestLinksLead(t *testing.T) {
	for _, document := range documents {
		for _, m := range link.FindAllStringSubmatch(prose(readDocument(t, document)), -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(file, "://") {
				continue
			}
			path := document
			if file != "" {
				path = filepath.ToSlash(filepath.Join(filepath.Dir(filepath.FromSlash(document)), file))
			}
			if _, err := os.Stat(filepath.Join(moduleRoot, path)); err != nil {
				t.Errorf("%s: link to %s: %v", document, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(readDocument(t, path)), anchor) {
				t.Errorf("%s: link to %s: %s has no such heading", document, m[1], path)
			}
		}
	}
}

// TestNamedFilesExist wants every file and folder of the house that is named as code
// to be there.
func TestNamedFilesExist(t *testing.T) {
	named := regexp.MustCompile(`^(\.ci|\.github|cmd|generators|reports|scenarios|targets)/[a-z0-9_./]+$`)
	for _, document := range documents {
		for _, m := range inlineCode.FindAllStringSubmatch(prose(readDocument(t, document)), -1) {
			if !named.MatchString(m[1]) {
				continue
			}
			if _, err := os.Stat(filepath.Join(moduleRoot, m[1])); err != nil {
				t.Errorf("%s: %v", document, err)
			}
		}
	}
}

// anchors are the names that GitHub gives the headings of a document.
func anchors(text string) []string {
	dropped := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	var all []string
	for _, m := range heading.FindAllStringSubmatch(prose(text), -1) {
		all = append(all, strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// TestDocumentedYAML decodes every piece of YAML as a scenario, or as the part of one
// that it is.
func TestDocumentedYAML(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "yesterday.txt"), "0\n0.5\n1\n")
	cat := catalogue()
	cat.Environment = func(string) (string, bool) { return "value", true }
	for _, document := range documents {
		for _, block := range blocks(readDocument(t, document), "yaml") {
			if strings.HasPrefix(block, pricesBegin) {
				if _, err := pricefile.Read("mine.yaml", []byte(block), time.Now()); err != nil {
					t.Errorf("%s: %v", document, err)
				}
				continue
			}
			text := completeScenario(block)
			if _, err := scenarios.Parse(filepath.Join(dir, "scenario.yaml"), []byte(text), cat); err != nil {
				t.Errorf("%s: %v\nin\n%s", document, err, text)
			}
		}
	}
}

// pricesBegin begins a piece of YAML that is a file of prices.
const pricesBegin = "currency: "

// completeScenario puts the keys that a part of a scenario lacks in front of it.
func completeScenario(part string) string {
	keys := []string{"name: part", "targets: [physical]", "load: [{name: steady, rate: 200, duration: 20s}]"}
	if !strings.Contains(part, "protocol: template") {
		keys = append(keys, "workload: {server: reference, model: credit}", "data: {generator: credit}")
	}
	for _, key := range keys {
		if name, _, _ := strings.Cut(key, " "); !strings.HasPrefix(part, name) && !strings.Contains(part, "\n"+name) {
			part = key + "\n" + part
		}
	}
	return part
}

// TestMentionedCommands parses what sentences say of servebench's command line, with
// its flags.
func TestMentionedCommands(t *testing.T) {
	for _, document := range documents {
		for _, m := range inlineCode.FindAllStringSubmatch(prose(readDocument(t, document)), -1) {
			words := strings.Fields(m[1])
			if len(words) < 2 || words[0] != "servebench" {
				continue
			}
			cmd, rest, err := newRoot().Find(words[1:])
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err != nil || !cmd.HasParent() {
				t.Errorf("%s: %s: no such command: %v", document, m[1], err)
			}
		}
	}
}

// TestDocumentedCommands runs every command of the documentation as a reader would,
// one after the other in a folder that has what they name.
func TestDocumentedCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute; run it without -short")
	}
	reader := newReader(t)
	for _, document := range documents {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if err := errors.Join(os.CopyFS(folder, os.DirFS(reader.folder)), os.Symlink(reader.bin, filepath.Join(folder, "bin"))); err != nil {
				t.Fatal(err)
			}
			for _, command := range commands(readDocument(t, document)) {
				reader.types(t, folder, command)
			}
		})
	}
}

// reader is somebody with the documentation, a git repository and two recorded runs.
type reader struct {
	folder string            // to be copied, without bin
	bin    string            // the programs
	names  *strings.Replacer // of what stands for something in the documentation
}

func newReader(t *testing.T) reader {
	folder, bin := t.TempDir(), t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin+string(filepath.Separator), "servebench/cmd/...")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	must(t, build)
	refserver := filepath.Join(bin, "refserver")
	for _, path := range []string{"old/server", "new/server"} {
		copyFile(t, refserver, filepath.Join(folder, path))
	}
	const scenario = "name: my\ntargets: [physical]\nworkload: {server: reference, model: credit}\n" +
		"data: {generator: credit, corpus: 100}\nload: [{name: steady, rate: 1000, duration: 300ms}]\n" +
		"rounds: 1\nslo: {p99: 50ms}\nregression: {metrics: [p50], rounds: 10}\n"
	writeFile(t, filepath.Join(folder, "my.yaml"), scenario)
	writeFile(t, filepath.Join(folder, "checkout.yaml"), scenario)
	for _, block := range blocks(readDocument(t, "scenarios/README.md"), "yaml") {
		if strings.HasPrefix(block, "name: applications\n") {
			writeFile(t, filepath.Join(folder, "applications.yaml"), block)
		}
	}
	for _, block := range blocks(readDocument(t, "scenarios/README.md"), "") {
		if strings.HasPrefix(block, "customer,") {
			writeFile(t, filepath.Join(folder, "loans.csv"), block)
		}
	}
	for _, name := range []string{"session.har", "access.log", "targets.txt", "capture.jsonl", "input.json", "bodies.jsonl"} {
		copyFile(t, filepath.Join(moduleRoot, "scenarios", "recording", "testdata", name), filepath.Join(folder, name))
	}
	for _, block := range blocks(readDocument(t, "reports/README.md"), "yaml") {
		if strings.HasPrefix(block, pricesBegin) {
			writeFile(t, filepath.Join(folder, "mine.yaml"), block)
		}
		if strings.HasPrefix(block, "name: own\n") {
			writeFile(t, filepath.Join(folder, "own.yaml"), block)
		}
	}
	copyFile(t, filepath.Join(moduleRoot, "reports", "prices", "testdata", "aws-products.json"), filepath.Join(folder, "products.json"))
	for _, block := range blocks(readDocument(t, "targets/README.md"), "yaml") {
		for _, name := range []string{"steady", "elastic"} {
			if strings.HasPrefix(block, "name: "+name+"\n") {
				writeFile(t, filepath.Join(folder, name+".yaml"), block)
			}
		}
	}
	writeFile(t, filepath.Join(folder, "Makefile"), "build:\n\tmkdir -p bin && cp "+refserver+" bin/refserver\n")
	writeFile(t, filepath.Join(folder, ".gitignore"), "/bin\n/runs/\n/.cache/\n")
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "."},
		{"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "one"},
	} {
		must(t, inFolder(folder, exec.Command("git", args...)))
	}
	r := reader{folder: folder, bin: bin}
	link := filepath.Join(folder, "bin")
	if err := os.Symlink(bin, link); err != nil {
		t.Fatal(err)
	}
	r.types(t, folder, "bin/servebench ab my.yaml --candidate workload.delay=100us")
	ab := onlyRun(t, folder)
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	recorded, err := recordtest.Write(filepath.Join(folder, "runs"), recordtest.Compare())
	if err != nil {
		t.Fatal(err)
	}
	search, err := recordtest.Write(t.TempDir(), recordtest.Sized())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(folder, "runs", "search"), os.DirFS(search)); err != nil {
		t.Fatal(err)
	}
	const logged = `10.0.0.1 - - [29/Nov/2026:10:%02d:00 +0000] "GET / HTTP/1.1" 200 5` + "\n"
	writeFile(t, filepath.Join(folder, "yesterday.log"), fmt.Sprintf(logged+logged, 0, 3))
	id, url := filepath.Base(recorded), serve(t, refserver)
	r.names = strings.NewReplacer("<id>", id, "<search>", "search", "<a>", id, "<b>", id, "<ab>", ab,
		"http://127.0.0.1:8080", url, "https://host/base", url, "--port 9000", "--port 0")
	return r
}

// serve runs a server that answers the reference server's paths and / until the test
// ends, and returns its URL.
func serve(t *testing.T, refserver string) string {
	t.Helper()
	port, err := targets.FreePort(targets.Loopback)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(refserver, "serve", "--port", strconv.Itoa(port))
	done := make(chan struct{})
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(done)
		_ = cmd.Wait() // it is killed below
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	at := &url.URL{Scheme: "http", Host: targets.Address(targets.Loopback, port)}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := (targets.Probe{URL: at.String(), Path: "/v2/health/ready", Began: started, Done: done}).Wait(ctx); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") })
	mux.HandleFunc("/score/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"decision": "yes"}`) })
	mux.Handle("/v2", httputil.NewSingleHostReverseProxy(at))
	mux.Handle("/v2/", httputil.NewSingleHostReverseProxy(at))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// onlyRun is the name of the one run of a folder.
func onlyRun(t *testing.T, folder string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, "runs", "*", "run.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d runs in %s, want one: %v", len(found), folder, err)
	}
	return filepath.Base(filepath.Dir(found[0]))
}

// endless are the commands that are interrupted after a second: they send load,
// simulate or serve, which takes from minutes to for ever.
var endless = regexp.MustCompile(`^bin/(servebench (run|ab|calibrate|capacity|prove)|refserver serve)\b`)

// types runs a command in a folder. What it came to is this machine's; only mistakes
// and failures are faults of the documentation.
func (r reader) types(t *testing.T, folder, command string) {
	t.Helper()
	if dry, isMake := strings.CutPrefix(command, "make "); isMake {
		must(t, inFolder(moduleRoot, exec.Command("sh", "-c", "exec make --dry-run "+dry)))
		return
	}
	if r.names != nil {
		command = r.names.Replace(command)
	}
	cmd := inFolder(folder, exec.Command("sh", "-c", "exec "+command))
	cmd.Env = append(os.Environ(), "SERVEBENCH_CACHE="+filepath.Join(folder, ".cache"), "PORT=0")
	if !strings.Contains(command, "endpoint.") {
		cmd.Env = append(cmd.Env, "SERVEBENCH_TARGET=physical")
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if endless.MatchString(command) {
		stop := make(chan struct{})
		defer close(stop)
		go interrupt(cmd.Process, stop)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", command, err)
	}
	allowed := []int{cli.OK, cli.Failed, cli.Inconclusive, cli.Invalid, cli.NotComparable, cli.NotAvailable, cli.Interrupted}
	if strings.HasPrefix(command, "bin/servebench doctor") {
		allowed = append(allowed, cli.Runtime) // something on this machine keeps runs from working
	}
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(allowed, code) {
		t.Errorf("%s exits with %d:\n%s", command, code, out.String())
	}
}

// interrupt interrupts a program after a while, and again where that does not end it.
func interrupt(program *os.Process, stop <-chan struct{}) {
	for wait := time.Second; ; wait = 20 * time.Second {
		select {
		case <-stop:
			return
		case <-time.After(wait):
			_ = program.Signal(syscall.SIGINT) // it may just have ended
		}
	}
}

func inFolder(folder string, cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir = folder
	return cmd
}

func must(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, content, 0o755))
	}
	if err != nil {
		t.Fatal(err)
	}
}
