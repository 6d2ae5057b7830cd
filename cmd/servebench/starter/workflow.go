package starter

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"servebench/scenarios/decode"
	"servebench/scenarios/draft"
	"servebench/scenarios/probe"
)

//go:embed github.yml
var starterGitHub string

//go:embed gitlab.yml
var starterGitLab string

// workflow is what a workflow for continuous integration has of the server that it measures.
type workflow struct {
	Target string // where it is measured
	Build  string // the shell command that builds the server, or its image from Folder
	Folder string // with the Dockerfile, from the root of the repository; "": there is none
	Image  string // that is there already, in the place of Build
	NoAB   string // why no version is compared with another; "": it is
	Rounds string // the flag of an A/B test, with a space before it; "": as in the scenario
	// Load are flags for the load that Target bears, where that of the scenario is less as
	// others are slower, with a space before them; "": it is the scenario's.
	Load string
	Run  string // how long a run takes
	Test string // and an A/B test
}

const (
	usualRounds = 40               // of an A/B test at most
	leastRounds = 10               // which it has in any case
	longestTest = 20 * time.Minute // that it is given
)

// starterWorkflow is that of the scenario to adapt.
func starterWorkflow() workflow {
	w := workflow{Target: "physical", Build: "make build"}
	w.last(5, 8*time.Second)
	return w
}

// workflowOf is that of a server which was started.
func workflowOf(opts draft.Options, d *draft.Draft) workflow {
	w := workflow{Target: d.Targets[0], Image: opts.Image}
	switch {
	case opts.Build != "":
		w.Build = "true" // servebench builds the image
		w.Folder, _ = filepath.Rel(opts.Dir, opts.Build)
	case opts.Image == "":
		w.Build = buildCommand(opts.Dir, opts.Command)
	}
	if d.OwnRate != 0 {
		w.Load = fmt.Sprintf(" --set load.steady.rate=%.6g --set load.steady.duration=%s", d.OwnRate, decode.FormatDuration(probe.PhaseAt(d.OwnRate)))
	}
	w.last(probe.Rounds, d.Trial)
	if d.Requests < probe.LeastForAB {
		w.NoAB = fmt.Sprintf("a round has\n# %d requests, and it takes %d to compare their p50. Where the server bears a higher rate,\n# give load more requests, and add a step with servebench ab.", d.Requests, probe.LeastForAB)
	}
	return w
}

// last sets how long it takes, with trials that take so long.
func (w *workflow) last(rounds int, trial time.Duration) {
	most := min(max(int(longestTest/(2*trial)), leastRounds), usualRounds)
	if most < usualRounds {
		w.Rounds = fmt.Sprintf(" --rounds %d", most)
	}
	about := func(trials int) string {
		return decode.FormatDuration(max((time.Duration(trials) * trial).Round(time.Minute), time.Minute))
	}
	w.Run, w.Test = about(rounds), "about "+about(2*most)
	if least := about(2 * leastRounds); least != about(2*most) {
		w.Test = "from " + least + ", where the answer is clear, to " + about(2*most)
	}
}

// buildCommand is how a server in a folder is probably built: that of the first of the usual
// files that is there.
func buildCommand(dir, command string) string {
	program, _, _ := strings.Cut(command, " ")
	environment := ".venv"
	if found, err := filepath.Glob(filepath.Join(dir, "*", "pyvenv.cfg")); err == nil && len(found) > 0 {
		environment = filepath.Base(filepath.Dir(found[0]))
	}
	for _, usual := range [][2]string{
		{"package-lock.json", "npm ci"},
		{"package.json", "npm install"},
		{"requirements.txt", "python3 -m venv " + environment + " && " + environment + "/bin/pip install -r requirements.txt"},
		{"go.mod", "CGO_ENABLED=0 go build -o " + program + " ."},
		{"Cargo.toml", "cargo build --release"},
		{"Makefile", "make"},
	} {
		if _, err := os.Stat(filepath.Join(dir, usual[0])); err == nil {
			return usual[1]
		}
	}
	return "true"
}

// write writes a workflow by a text with places for what it has.
func (w workflow) write(text string) string {
	var b strings.Builder
	err := template.Must(template.New("workflow").Delims("[[", "]]").Parse(text)).Execute(&b, w)
	if err != nil { // it has a place for something else
		panic(err)
	}
	return b.String()
}

// starters are the files for a continuous integration; "none" has none.
func (w workflow) starters(ci string) []starter {
	adapt := "BUILD"
	if w.Image != "" {
		adapt = "IMAGE and BASELINE"
	}
	switch ci {
	case "github":
		return []starter{{
			path: ".github/workflows/servebench.yml", text: w.write(starterGitHub),
			next: []string{
				"adapt " + adapt + " in .github/workflows/servebench.yml",
				"set the repository's variable SERVEBENCH_REPOSITORY (Settings → Secrets and variables → Actions → Variables) " +
					"to owner/name of a repository with servebench's source",
			},
		}}
	case "gitlab":
		return []starter{{
			path: ".gitlab/servebench.yml", text: w.write(starterGitLab),
			next: []string{
				"adapt " + adapt + " in .gitlab/servebench.yml",
				"add to .gitlab-ci.yml: include: {local: .gitlab/servebench.yml}",
				"set the project's variable SERVEBENCH_URL (Settings → CI/CD → Variables) to a Git repository with servebench's source",
			},
		}}
	}
	return nil
}
