package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"servebench/cmd/cli"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/testscript"
)

// placeholders are those of a workflow to be filled in.
var placeholders = regexp.MustCompile(`\[\[.*?\]\]`)

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
	for _, filled := range []string{"run --set", "ab --set", "ab --rounds"} { // in the place of .Load and .Rounds
		if !known[filled] {
			t.Errorf("there is no %s", filled)
		}
	}
	found, texts := 0, []string{}
	for _, name := range []string{"servebench.yaml", "github.yml", "gitlab.yml"} {
		text, err := os.ReadFile(filepath.Join("starter", name))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, placeholders.ReplaceAllString(string(text), " "))
	}
	for _, text := range texts {
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
	if found < 13 {
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
	var jobs map[string]struct {
		Before []string `yaml:"before_script"`
	}
	if err := yaml.Unmarshal(writtenWorkflow(t, "gitlab", ".gitlab/servebench.yml"), &jobs); err != nil {
		t.Fatal(err)
	}
	before := jobs[".servebench"].Before
	gitlab := "set -e\n" + before[len(before)-1] + "judged \"$@\"\n"
	for _, c := range []struct {
		script, codes, policy string
		code, plays           int
		runs                  string // the folder of a run that is there, and has to be continued
	}{
		{github, "0", "warn", 0, 1, ""},
		{github, "10", "warn", 10, 1, ""},
		{github, "11", "warn", 0, 1, ""},
		{github, "11", "fail", 11, 1, ""},
		{github, "12 0", "fail", 0, 2, ""},
		{github, "12 10", "warn", 10, 2, ""},
		{github, "12 12", "warn", 0, 2, ""},
		{github, "12 12", "fail", 12, 2, ""},
		{gitlab, "0", "", 0, 1, ""},
		{gitlab, "11", "", 11, 1, ""},
		{gitlab, "12 0", "", 0, 2, ""},
		{gitlab, "12 12", "", 12, 2, ""},
		{github, "12 0", "fail", 0, 2, "20261130-101530-gate-a1b2"},
		{github, "12 12", "warn", 0, 2, "20261130-101530-gate-a1b2"},
		{github, "12 64 10", "warn", 10, 3, "20261130-101530-gate-a1b2"},
		{gitlab, "12 11", "", 11, 2, "20261130-101530-gate-a1b2"},
		{gitlab, "12 64 0", "", 0, 3, "20261130-101530-gate-a1b2"},
	} {
		code, plays, out := playJudged(t, bash, c.script, c.codes, c.policy, c.runs)
		if code != c.code || len(plays) != c.plays {
			t.Errorf("%s, %s: exit code %d after %q, want %d after %d\n%s", c.codes, c.policy, code, plays, c.code, c.plays, out)
		}
		for i, play := range plays {
			want := "ab a b"
			if i == 1 && c.runs != "" {
				want = "ab --continue runs/" + c.runs + "/"
			}
			if play != want {
				t.Errorf("%s: servebench %s was played, want %s", c.codes, play, want)
			}
		}
		if told := strings.Contains(out, "::warning title=servebench::no result"); told != (c.codes == "12 12" && c.policy == "warn") {
			t.Errorf("%s, %s: %s", c.codes, c.policy, out)
		}
	}
}

// writtenWorkflow is the workflow that servebench init writes for a continuous integration.
func writtenWorkflow(t *testing.T, ci, file string) []byte {
	t.Helper()
	dir := t.TempDir()
	var out bytes.Buffer
	if code := run(t.Context(), []string{"init", "--ci", ci, "--dir", dir}, &out, &out); code != cli.OK {
		t.Fatalf("servebench init exits with %d: %s", code, &out)
	}
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// githubJudged is the script that the workflow for GitHub writes.
func githubJudged(t *testing.T) string {
	t.Helper()
	flow, err := readGitHub(writtenWorkflow(t, "github", ".github/workflows/servebench.yml"))
	if err != nil {
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

// githubFlow is what the tests read of a workflow for GitHub.
type githubFlow struct {
	Env  map[string]string `yaml:"env"`
	Jobs map[string]struct {
		Steps []githubStep `yaml:"steps"`
	} `yaml:"jobs"`
}

type githubStep struct {
	Name string `yaml:"name"`
	Run  string `yaml:"run"`
}

func readGitHub(text []byte) (flow githubFlow, err error) {
	return flow, yaml.Unmarshal(text, &flow)
}

// plays runs steps of a workflow as GitHub does: plays FILE STEP... Each of them has to end
// with 0. There is no root, and servebench is the one of the script.
func plays(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: plays FILE STEP...")
	}
	flow, err := readGitHub([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	own := ts.MkAbs(".runner/servebench")
	ts.Check(os.MkdirAll(own, 0o755))
	ts.Check(os.WriteFile(filepath.Join(own, "sudo"), []byte("#!/bin/sh\nexit 1\n"), 0o755))
	ts.Setenv("RUNNER_TEMP", filepath.Dir(own))
	ts.Setenv("PATH", own+string(os.PathListSeparator)+ts.Getenv("PATH"))
	for name, value := range flow.Env {
		ts.Setenv(name, value)
	}
	for _, name := range args[1:] {
		steps := flow.Jobs["performance"].Steps
		i := slices.IndexFunc(steps, func(s githubStep) bool { return s.Name == name })
		if i < 0 {
			ts.Fatalf("%s has no step %q", args[0], name)
		}
		ts.Check(ts.Exec("bash", "-eo", "pipefail", "-c", steps[i].Run))
	}
}

// playJudged runs a script with a servebench that ends with one code after the other,
// and a sudo that asks for no password; runs is the last run's folder, "" for none. It
// returns how the script ended, how servebench was called, and what was printed.
func playJudged(t *testing.T, bash, script, codes, policy, runs string) (code int, plays []string, out string) {
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
	if runs != "" { // and one of before
		for _, name := range []string{runs, "20261129-235959-servebench-ffff"} {
			if err := os.MkdirAll(filepath.Join(dir, "runs", name), 0o755); err != nil {
				t.Fatal(err)
			}
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
