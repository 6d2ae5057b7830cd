package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// Each job of the file for GitLab is complete with what it extends, is there for merge
// requests, and may end with 11 or 12.
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
		if !ok || len(job.Script) == 0 || base.Image == "" || !slices.Equal(base.AllowFailure.ExitCodes, []int{exitInconclusive, exitInvalid}) {
			t.Errorf("%s: %+v, which extends %+v", name, job, base)
		}
		if len(job.Rules) == 0 || job.Rules[0].If != `$CI_PIPELINE_SOURCE == "merge_request_event"` {
			t.Errorf("%s: its rules are %+v", name, job.Rules)
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
	known := map[string]bool{"run --help": true, "ab --help": true} // which cobra adds later
	for _, cmd := range newRoot().Commands() {
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
			line = strings.ReplaceAll(line, "judged ", "servebench ")
			_, command, ok := strings.Cut(line, "servebench run ")
			name := "run"
			if !ok {
				name = "ab"
				if _, command, ok = strings.Cut(line, "servebench ab "); !ok {
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

// The workflows rerun what is INVALID, once, and end as their policies say.
func TestJudged(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash, which the workflows are run by")
	}
	github := githubJudged(t)
	var jobs map[string]gitlabJob
	if err := yaml.Unmarshal([]byte(starterGitLab), &jobs); err != nil {
		t.Fatal(err)
	}
	before := jobs[".servebench"].Before
	gitlab := "set -e\n" + before[len(before)-1] + "judged \"$@\"\n"
	for _, c := range []struct {
		script, codes, policy string
		code, plays           int
	}{
		{github, "0", "warn", 0, 1},
		{github, "10", "warn", 10, 1},
		{github, "11", "warn", 0, 1},
		{github, "11", "fail", 11, 1},
		{github, "12 0", "fail", 0, 2},
		{github, "12 10", "warn", 10, 2},
		{github, "12 12", "warn", 0, 2},
		{github, "12 12", "fail", 12, 2},
		{gitlab, "0", "", 0, 1},
		{gitlab, "11", "", 11, 1},
		{gitlab, "12 0", "", 0, 2},
		{gitlab, "12 12", "", 12, 2},
	} {
		code, plays, out := playJudged(t, bash, c.script, c.codes, c.policy)
		if code != c.code || len(plays) != c.plays {
			t.Errorf("%s, %s: exit code %d after %q, want %d after %d\n%s", c.codes, c.policy, code, plays, c.code, c.plays, out)
		}
		for _, play := range plays {
			if play != "ab a b" {
				t.Errorf("servebench %s was played", play)
			}
		}
		if told := strings.Contains(out, "::warning title=servebench::no result"); told != (c.codes == "12 12" && c.policy == "warn") {
			t.Errorf("%s, %s: %s", c.codes, c.policy, out)
		}
	}
}

// githubJudged is the script that the workflow for GitHub writes.
func githubJudged(t *testing.T) string {
	t.Helper()
	var flow struct {
		Jobs map[string]struct {
			Steps []struct {
				Run string `yaml:"run"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}
	if err := yaml.Unmarshal([]byte(starterGitHub), &flow); err != nil {
		t.Fatal(err)
	}
	for _, step := range flow.Jobs["performance"].Steps {
		if _, rest, ok := strings.Cut(step.Run, "<<'END'\n"); ok {
			script, _, _ := strings.Cut(rest, "\nEND\n")
			return script
		}
	}
	t.Fatal("the workflow for GitHub writes no script")
	return ""
}

// playJudged runs a script with a servebench that ends with one code after the other,
// and a sudo that asks for no password. It returns how the script ended, how servebench
// was called, and what was printed.
func playJudged(t *testing.T, bash, script, codes, policy string) (code int, plays []string, out string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"script":     script,
		"servebench": "#!" + bash + "\necho \"$*\" >>plays; set -- $CODES; exit \"$(eval echo \\$$(wc -l <plays))\"\n",
		"sudo":       "#!" + bash + "\nwhile [[ \"$1\" == -* ]]; do shift; done; \"$@\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(bash, "script", "ab", "a", "b")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"), "CODES="+codes, "INCONCLUSIVE="+policy, "INVALID="+policy)
	text, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	called, err := os.ReadFile(filepath.Join(dir, "plays"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return cmd.ProcessState.ExitCode(), strings.Split(strings.TrimSpace(string(called)), "\n"), string(text)
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
