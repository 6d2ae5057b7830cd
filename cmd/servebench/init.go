package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"servebench/cmd/cli"
	"servebench/scenarios/draft"
	"servebench/scenarios/probe"

	"github.com/spf13/cobra"
)

//go:embed starter/servebench.yaml
var starterScenario string

//go:embed starter/github.yml
var starterGitHub string

//go:embed starter/gitlab.yml
var starterGitLab string

func initCommand() *cobra.Command {
	force := false
	ci := newOneOf("none", "github", "gitlab")
	opts := draft.Options{Catalogue: catalogue(), Probe: probe.Options{Protocols: protocolKinds()}}
	var tensors []string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a scenario to start from, and a workflow that gates on it",
		Long: `Write servebench.yaml, a scenario with comments to adapt to your server, and with
--ci a workflow that holds the server to its limits and compares each change with
what was before. A file that exists is left as it is, unless --force is given.

With --image, --build or --command the scenario is one that runs your server: it is
started once, on the first target that can run it here, and asked what it speaks, as
probe does. The scenario has its port, a path that shows its readiness, a request that
it answers, and every target that can run it here; comments say what the others lack.
The server is ended, and nothing of it is left but its image in the cache.

A command is one line with quotes as in a shell. It runs in the folder of the scenario
(--dir), and a program without a path is looked for in the virtual environments there
(.venv, node_modules/.bin) before PATH. Its environment and the files that it names are
taken along to every target. Of a script or an interpreter, all that lies in the folder
goes along but hidden files and runs/; --files names what does instead.`,
		Example: `  servebench init                 servebench.yaml alone
  servebench init --ci github     and .github/workflows/servebench.yml
  servebench init --image registry.example/scorer:1.4
  servebench init --image scorer.tar --env MODEL=credit --env 'API_KEY=${API_KEY}'
  servebench init --command 'uvicorn app:app --host {host} --port {port}'
  servebench init --command './server --model model.bin'
  servebench init --command 'node server.js' --files server.js --files node_modules`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			files := starters(ci.value)
			if opts.Image+opts.Build+opts.Command != "" {
				if err := readTensors(tensors, &opts.Probe); err != nil {
					return fail(exitUsage, err)
				}
				own, err := draftScenario(cmd, opts, force)
				if err != nil {
					return withCode(err)
				}
				files = append(own, files[1:]...)
			} else if err := withoutArtifact(cmd); err != nil {
				return err
			}
			return initialise(cmd.OutOrStdout(), opts.Dir, files, force)
		},
	}
	flags := cmd.Flags()
	flags.Var(ci, "ci", "write a workflow for")
	flags.StringVar(&opts.Dir, "dir", ".", "folder to write into: the root of your repository")
	flags.BoolVar(&force, "force", false, "write over files that exist")
	flags.StringVar(&opts.Image, "image", "", "container image of your server: a reference, or a `file` or folder with one")
	flags.StringVar(&opts.Build, "build", "", "`folder` with a Dockerfile to build the image from")
	flags.StringVar(&opts.Command, "command", "", "command `line` of your server, on this machine or in the image")
	flags.StringArrayVar(&opts.Files, "files", nil, "file or folder that the command needs; the scenario's folder is all that lies in it")
	flags.StringArrayVar(&opts.Env, "env", nil, "variable of the server's environment: NAME=VALUE; ${NAME} is one of servebench's")
	flags.IntVar(&opts.Port, "port", 0, "port that the server listens on whatever PORT says (default: found out)")
	flags.DurationVar(&opts.StartTimeout, "start-timeout", time.Minute, "longest time until the server is ready")
	flags.StringVar(&opts.Protocol, "protocol", "", "protocol of the scenario (default: the first that gives an answer)")
	flags.StringVar(&opts.Probe.Model, "model", "", "model of the scenario (default: the first that gives an answer)")
	flags.StringVar(&opts.Probe.Path, "path", "", "route of the scenario, of a server with an OpenAPI description")
	flags.StringArrayVar(&tensors, "tensor", nil, "input of a model whose server does not name any: NAME=FP32[4], without the batch")
	return cmd
}

// withoutArtifact refuses flags that say something of a server, where none is named.
func withoutArtifact(cmd *cobra.Command) error {
	for _, flag := range []string{"files", "env", "port", "start-timeout", "protocol", "model", "path", "tensor"} {
		if onCommandLine(cmd, flag) {
			return fail(exitUsage, fmt.Errorf("--%s goes with --image, --build or --command, which name a server", flag))
		}
	}
	return nil
}

// draftScenario starts the user's server and returns the files of a scenario for it.
func draftScenario(cmd *cobra.Command, opts draft.Options, force bool) ([]starter, error) {
	path := filepath.Join(opts.Dir, draft.File)
	if err := free(path, force); err != nil {
		return nil, err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opts.Say = func(what string) { say(cmd.ErrOrStderr(), what) }
	d, err := draft.Make(ctx, opts)
	if ctx.Err() != nil {
		return nil, fail(exitInterrupted, errors.New("interrupted: the server is ended, and nothing was written"))
	}
	if err != nil {
		return nil, err
	}
	files := []starter{{path: draft.File, text: string(d.Scenario), next: []string{
		"run it: servebench run " + path,
		"adapt its requests and load in " + path + ", and add limits (slo)",
		"add runs/, where every run leaves its folder, to .gitignore",
	}}}
	if d.Data != nil {
		if err := free(filepath.Join(opts.Dir, probe.DataFile), force); err != nil {
			return nil, err
		}
		files = append(files, starter{path: probe.DataFile, text: string(d.Data)})
	}
	return files, fail(exitRuntime, d.WriteText(cmd.OutOrStdout()))
}

// free refuses a file that exists, unless forced.
func free(path string, force bool) error {
	if _, err := os.Lstat(path); err != nil || force {
		return nil
	}
	return fail(exitUsage, fmt.Errorf("%s exists; give another folder with --dir, or write over it with --force", path))
}

// starter is a file to start from, and what to do with it.
type starter struct {
	path string // with slashes, relative to the repository
	text string
	next []string
}

// starters are those for a continuous integration, or for none.
func starters(ci string) []starter {
	all := []starter{{
		path: "servebench.yaml", text: starterScenario,
		next: []string{
			"adapt servebench.yaml: workload.command, template, load, slo",
			"try it: servebench run servebench.yaml",
			"add runs/, where every run leaves its folder, to .gitignore",
		},
	}}
	switch ci {
	case "github":
		all = append(all, starter{
			path: ".github/workflows/servebench.yml", text: starterGitHub,
			next: []string{
				"adapt BUILD in .github/workflows/servebench.yml",
				"set the repository's variable SERVEBENCH_REPOSITORY (Settings → Secrets and variables → Actions → Variables) " +
					"to owner/name of a repository with servebench's source",
			},
		})
	case "gitlab":
		all = append(all, starter{
			path: ".gitlab/servebench.yml", text: starterGitLab,
			next: []string{
				"adapt BUILD in .gitlab/servebench.yml",
				"add to .gitlab-ci.yml: include: {local: .gitlab/servebench.yml}",
				"set the project's variable SERVEBENCH_URL (Settings → CI/CD → Variables) to a Git repository with servebench's source",
			},
		})
	}
	return all
}

// initialise writes the files that are not there, and says what to do next.
func initialise(w io.Writer, dir string, files []starter, force bool) error {
	var next, kept []string
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		switch err := writeNew(path, f.text, force); {
		case errors.Is(err, fs.ErrExist):
			kept = append(kept, path)
			fmt.Fprintf(w, "kept   %s, which exists\n", path)
			continue
		case err != nil:
			return fail(exitRuntime, fmt.Errorf("write %s: %w", path, err))
		}
		fmt.Fprintf(w, "wrote  %s\n", path)
		next = append(next, f.next...)
	}
	if len(next) == 0 {
		return fail(exitUsage, fmt.Errorf("nothing was written, as there is already %s; --force writes over it", strings.Join(kept, " and ")))
	}
	fmt.Fprintln(w, "\nNext:")
	for i, step := range next {
		fmt.Fprintf(w, "  %d. %s\n", i+1, step)
	}
	return nil
}

// writeNew writes a file with its folders; over one that exists only when forced to, else
// the error is fs.ErrExist.
func writeNew(path, text string, force bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, how, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
