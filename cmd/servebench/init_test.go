package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"servebench/scenarios"

	"github.com/goccy/go-yaml"
)

// The scenario to start from is one, and has what the workflows ask of it.
func TestStarterScenario(t *testing.T) {
	s, err := scenarios.Parse("servebench.yaml", []byte(starterScenario), catalogue())
	if err != nil {
		t.Fatal(err)
	}
	if s.Regression == nil || s.SLO.P99 == 0 || len(s.Workload.Command) == 0 {
		t.Errorf("regression %v, slo %+v, command %q", s.Regression, s.SLO, s.Workload.Command)
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
	own, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(own, "starter/github.yml") {
		if out, err := lint(file); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
	broken := filepath.Join(t.TempDir(), "broken.yml")
	if err := os.WriteFile(broken, []byte(strings.Replace(starterGitHub, "runs-on:", "run-on:", 1)), 0o644); err != nil {
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
		If string `yaml:"if"`
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

// Each job of the file for GitLab is complete with what it extends, and an exit of 11
// is allowed to fail.
func TestGitLabJobs(t *testing.T) {
	var jobs map[string]gitlabJob
	if err := yaml.UnmarshalWithOptions([]byte(starterGitLab), &jobs, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	count := 0
	for name, job := range jobs {
		if strings.HasPrefix(name, ".") {
			continue
		}
		count++
		base, ok := jobs[job.Extends]
		if !ok || len(job.Script) == 0 || base.Image == "" || len(base.AllowFailure.ExitCodes) != 1 || base.AllowFailure.ExitCodes[0] != exitInconclusive {
			t.Errorf("%s: %+v, which extends %+v", name, job, base)
		}
		if base.Artifacts.Reports["junit"] != "runs/*/ci/junit.xml" || base.Artifacts.When != "always" {
			t.Errorf("%s: its artifacts are %+v", name, base.Artifacts)
		}
	}
	if count != 2 {
		t.Errorf("%d jobs", count)
	}
}

// The commands in the workflows are ones that servebench knows, with flags that it has.
func TestWorkflowCommands(t *testing.T) {
	known := map[string]bool{"run --help": true, "duet --help": true} // which cobra adds later
	for _, cmd := range newRoot(nil, nil).Commands() {
		known[cmd.Name()] = true
		for _, flag := range strings.Fields(strings.ReplaceAll(cmd.LocalFlags().FlagUsages(), ",", " ")) {
			if strings.HasPrefix(flag, "--") {
				known[cmd.Name()+" "+flag] = true
			}
		}
	}
	found := 0
	for _, text := range []string{starterGitHub, starterGitLab, starterScenario} {
		for _, line := range strings.Split(text, "\n") {
			line, _, _ = strings.Cut(line, "||")
			_, command, ok := strings.Cut(line, "servebench run ")
			name := "run"
			if !ok {
				name = "duet"
				if _, command, ok = strings.Cut(line, "servebench duet "); !ok {
					continue
				}
			}
			found++
			for _, word := range strings.Fields(command) {
				if flag := strings.TrimRight(word, `":.`); strings.HasPrefix(flag, "--") && !known[name+" "+flag] {
					t.Errorf("%s has no %s: %s", name, flag, strings.TrimSpace(line))
				}
			}
		}
	}
	if found < 6 {
		t.Errorf("%d commands were found", found)
	}
}

// A file that exists is not written over, whatever it is.
func TestWriteNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	if err := writeNew(path, "one", false); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(path, "two", false); !os.IsExist(err) {
		t.Errorf("%v, want %v", err, fs.ErrExist)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "one" {
		t.Errorf("%q, %v", text, err)
	}
	if err := writeNew(path, "two", true); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "two" {
		t.Errorf("%q, %v", text, err)
	}
}
