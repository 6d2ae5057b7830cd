package starter

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/cmd/cli"
	"servebench/scenarios/draft"
	"servebench/scenarios/probe"

	"github.com/goccy/go-yaml"
)

// workflows are those of each kind of server.
func workflows() map[string]workflow {
	all := map[string]workflow{
		"starter": starterWorkflow(),
		"command": {Target: "physical", Build: "npm ci"},
		"image":   {Target: "container", Image: "registry.example/server:1"},
		"build":   {Target: "physical", Build: "true", Folder: "server"},
		"alone":   {Target: "physical", Build: "make", Load: " --set load.steady.rate=100 --set load.steady.duration=5s"},
		"slow":    {Target: "physical", Build: "make", NoAB: "a round has\n# 5 requests."},
	}
	for name, w := range all {
		w.last(probe.Rounds, 44*time.Second)
		all[name] = w
	}
	return all
}

// Where another target lowers the load of the scenario, the workflow has the load that its own
// target bears.
func TestWorkflowLoad(t *testing.T) {
	for _, opts := range []draft.Options{{Image: "a:1"}, {Build: "server"}, {Command: "./server"}} {
		w := workflowOf(opts, &draft.Draft{Targets: []string{"physical", "vm"}, Requests: 500, Trial: 10 * time.Second, OwnRate: 0.1 * 3})
		const load = " --set load.steady.rate=0.3 --set load.steady.duration=1m40s"
		for name, text := range map[string]string{"github": w.write(starterGitHub), "gitlab": w.write(starterGitLab)} {
			if n := strings.Count(text, load); n != 2 {
				t.Errorf("%s, %+v: the load is set %d times, want 2", name, opts, n)
			}
		}
	}
}

// A server is built as the files in its folder say.
func TestBuildCommand(t *testing.T) {
	for want, files := range map[string][]string{
		"npm ci": {"package.json", "package-lock.json", "Makefile"},
		"python3 -m venv env && env/bin/pip install -r requirements.txt": {"requirements.txt", "env/pyvenv.cfg"},
		"CGO_ENABLED=0 go build -o ./server .":                           {"go.mod"},
		"true":                                                           {"server.py"},
	} {
		dir := t.TempDir()
		for _, file := range files {
			path := filepath.Join(dir, file)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		if got := buildCommand(dir, "./server --fast"); got != want {
			t.Errorf("%v: %s, want %s", files, got, want)
		}
	}
}

// A slow server has an A/B test of fewer rounds, and one with too few requests in them none.
func TestWorkflowOfASlowServer(t *testing.T) {
	d := &draft.Draft{Targets: []string{"container", "lambda"}, Requests: probe.LeastForAB, Trial: 50 * time.Second}
	w := workflowOf(draft.Options{Image: "a:1"}, d)
	if w.Target != "container" || w.Image != "a:1" || w.Rounds != " --rounds 12" || w.Run != "3m" || w.Test != "from 17m, where the answer is clear, to 20m" || w.Load != "" || w.NoAB != "" {
		t.Errorf("%+v", w)
	}
	if d.Requests--; !strings.Contains(workflowOf(draft.Options{Build: "srv"}, d).NoAB, "199 requests, and it takes 200") {
		t.Error("an A/B test of 199 requests")
	}
	d.Trial = 2 * time.Minute
	if w = workflowOf(draft.Options{Image: "a:1"}, d); w.Test != "about 40m" {
		t.Errorf("an A/B test takes %s", w.Test)
	}
}

// Workflows for GitHub, this project's own among them, are held to what GitHub takes.
func TestGitHubWorkflows(t *testing.T) {
	path, err := exec.Command("go", "tool", "-n", "actionlint").Output()
	if err != nil {
		t.Skipf("actionlint cannot be built: %v; it is a tool of this module and needs its dependencies to be in the module cache: go mod download", err)
	}
	lint := func(file string) (string, error) {
		out, err := exec.Command(strings.TrimSpace(string(path)), "-no-color", "-shellcheck=", "-pyflakes=", file).CombinedOutput()
		return string(out), err
	}
	own, err := filepath.Glob("../../../.github/workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range workflows() {
		file := filepath.Join(t.TempDir(), name+".yml")
		if err := os.WriteFile(file, []byte(w.write(starterGitHub)), 0o644); err != nil {
			t.Fatal(err)
		}
		own = append(own, file)
	}
	for _, file := range own {
		if out, err := lint(file); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
	broken := filepath.Join(t.TempDir(), "broken.yml")
	if err := os.WriteFile(broken, []byte(strings.Replace(starterWorkflow().write(starterGitHub), "runs-on:", "run-on:", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := lint(broken); err == nil {
		t.Error("a mistake in a workflow is not found")
	}
}

// gitlabJob has the keys of a GitLab job that the file uses.
type gitlabJob struct {
	Stage         string            `yaml:"stage"`
	Image         string            `yaml:"image"`
	Extends       string            `yaml:"extends"`
	Timeout       string            `yaml:"timeout"`
	ResourceGroup string            `yaml:"resource_group"`
	Variables     map[string]string `yaml:"variables"`
	Before        []string          `yaml:"before_script"`
	Script        []string          `yaml:"script"`
	After         []string          `yaml:"after_script"`
	Rules         []struct {
		If   string `yaml:"if"`
		When string `yaml:"when"`
	} `yaml:"rules"`
	AllowFailure struct {
		ExitCodes []int `yaml:"exit_codes"`
	} `yaml:"allow_failure"`
	Artifacts struct {
		When     string            `yaml:"when"`
		ExpireIn string            `yaml:"expire_in"`
		Paths    []string          `yaml:"paths"`
		Reports  map[string]string `yaml:"reports"`
	} `yaml:"artifacts"`
}

// Each job of a file for GitLab is complete with what it extends, is there for merge
// requests, and may end with 11 or 12.
func TestGitLabJobs(t *testing.T) {
	for server, w := range workflows() {
		var jobs map[string]gitlabJob
		if err := yaml.UnmarshalWithOptions([]byte(w.write(starterGitLab)), &jobs, yaml.Strict()); err != nil {
			t.Fatalf("%s: %v", server, err)
		}
		for name, job := range jobs {
			if strings.HasPrefix(name, ".") {
				continue
			}
			base, ok := jobs[job.Extends]
			if !ok || len(job.Script) == 0 || base.Image == "" || !slices.Equal(base.AllowFailure.ExitCodes, []int{cli.Inconclusive, cli.Invalid}) {
				t.Errorf("%s, %s: %+v, which extends %+v", server, name, job, base)
			}
			if len(job.Rules) == 0 || !strings.HasPrefix(job.Rules[0].If, `$CI_PIPELINE_SOURCE == "merge_request_event"`) {
				t.Errorf("%s, %s: its rules are %+v", server, name, job.Rules)
			}
			if base.Artifacts.Reports["junit"] != "runs/*/ci/junit.xml" || base.Artifacts.When != "always" {
				t.Errorf("%s, %s: its artifacts are %+v", server, name, base.Artifacts)
			}
		}
		if _, ab := jobs["servebench-ab"]; ab != (w.NoAB == "") || jobs["servebench-gate"].Script == nil {
			t.Errorf("%s: the jobs are %+v", server, jobs)
		}
	}
}
