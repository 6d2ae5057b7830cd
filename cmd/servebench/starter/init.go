// Package starter is the commands of servebench that give a user a scenario to start from:
// that of a template or of a server that they start (init), of a server that runs (probe),
// and of recorded requests (import).
package starter

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/outcome"
	"servebench/scenarios"
	"servebench/scenarios/draft"
	"servebench/scenarios/probe"
	"servebench/targets"

	"github.com/spf13/cobra"
)

//go:embed servebench.yaml
var starterScenario string

func InitCommand(c scenarios.Catalogue) *cobra.Command {
	force := false
	ci := option.NewOneOf("none", "github", "gitlab")
	opts := draft.Options{Catalogue: c, Probe: probe.Options{Protocols: c.Protocols}}
	var tensors []string
	var body string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a scenario to start from, and a workflow that gates on it",
		Long: `Write servebench.yaml, a scenario with comments to adapt to your server, and with
--ci a workflow that holds the server to its limits and compares each change with
what was before. A file that exists is left as it is, unless --force is given.

With --image, --build or --command the scenario is one that runs your server: it is
started on each target that can run here, and asked what it speaks, as probe does. The
scenario has its port, a path that shows its readiness, a request that it answers, a
rate that the slowest target bears, and the targets that it ran on; comments say what
the others lack. A guest without KVM is tried only where --target names it. The server
is ended, and nothing of it is left but its image in the cache. ^C ends that within
seconds, and the scenario has the targets that were tried by then. Exit code 20: no
target gave a right answer, and the scenario needs a request that you write.

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
  servebench init --command 'node server.js' --path /predict --body '{"features": [1, 2]}'`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			files, flow, out := []starter{ownScenario()}, starterWorkflow(), cmd.OutOrStdout()
			if opts.Image+opts.Build+opts.Command != "" {
				if err := errors.Join(readTensors(tensors, &opts.Probe), readBody(body, &opts.Probe)); err != nil {
					return cli.Fail(cli.Usage, err)
				}
				d, files, err := draftScenario(cmd, opts, force)
				if err != nil {
					return outcome.OfError(err)
				}
				files = append(files, workflowOf(opts, d).starters(ci.Value)...)
				return cli.Worst(initialise(out, opts.Dir, files, force), lacking(d))
			}
			if err := withoutArtifact(cmd); err != nil {
				return err
			}
			return initialise(out, opts.Dir, append(files, flow.starters(ci.Value)...), force)
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
	flags.StringSliceVarP(&opts.Targets, "target", "t", nil, "targets of the scenario (default: all that can run the server here, but for emulated and very slow ones): "+strings.Join(option.Names(c.Targets, func(k targets.Kind) string { return k.Name }), ", "))
	flags.StringVar(&opts.Protocol, "protocol", "", "protocol of the scenario (default: the first that gives an answer)")
	flags.StringVar(&opts.Probe.Model, "model", "", "model of the scenario (default: the first that gives an answer)")
	flags.StringVar(&opts.Probe.Path, "path", "", pathHelp)
	flags.StringVar(&body, "body", "", bodyHelp)
	flags.StringArrayVar(&tensors, "tensor", nil, "input of a model whose server does not name any: NAME=FP32[4], without the batch")
	return cmd
}

// withoutArtifact refuses flags that say something of a server, where none is named.
func withoutArtifact(cmd *cobra.Command) error {
	for _, flag := range []string{"files", "env", "port", "start-timeout", "target", "protocol", "model", "path", "body", "tensor"} {
		if option.OnCommandLine(cmd, flag) {
			return cli.Fail(cli.Usage, fmt.Errorf("--%s goes with --image, --build or --command, which name a server", flag))
		}
	}
	return nil
}

// draftScenario starts the user's server and returns a scenario for it, and its files.
func draftScenario(cmd *cobra.Command, opts draft.Options, force bool) (d *draft.Draft, files []starter, err error) {
	path := filepath.Join(opts.Dir, draft.File)
	if err := free(path, "--dir", force); err != nil {
		return nil, nil, err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	opts.Say = func(what string) { cli.Say(cmd.ErrOrStderr(), "servebench", what) }
	d, err = draft.Make(ctx, opts)
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(err, draft.ErrLeft):
		return nil, nil, cli.Fail(cli.Interrupted, fmt.Errorf("interrupted, and nothing was written: the server was started, and %w", draft.ErrLeft))
	case err != nil && ctx.Err() != nil:
		return nil, nil, cli.Fail(cli.Interrupted, errors.New("interrupted: the server is ended, and nothing was written"))
	case err != nil:
		return nil, nil, err
	}
	files = []starter{{path: draft.File, text: string(d.Scenario), next: []string{
		"run it: servebench run " + path,
		"adapt its requests, load and limits (slo) in " + path,
		"add runs/, where every run leaves its folder, to .gitignore",
	}}}
	if file := outside(opts.Dir, opts.Image, opts.Build); file != "" {
		files[0].next = append(files[0].next, "before you commit it: put "+file+" into its folder, or push the image and name its reference; others do not have that path")
	}
	if d.Problem != nil {
		write := "write a request that the server takes into " + path
		if d.Choice.WithoutData() {
			write = "put your requests into " + filepath.Join(opts.Dir, probe.OwnDataFile) + ", as the scenario says"
		}
		files[0].next = slices.Insert(files[0].next, 0, write)
	}
	if d.Data != nil {
		if err := free(filepath.Join(opts.Dir, probe.DataFile), "--dir", force); err != nil {
			return nil, nil, err
		}
		files = append(files, starter{path: probe.DataFile, text: string(d.Data)})
	}
	return d, files, cli.Fail(cli.Runtime, d.WriteText(cmd.OutOrStdout()))
}

// outside is the first of the files that lies outside of the folder, so that the scenario in it
// has an absolute path; "": none does. What is no file is the reference of an image.
func outside(dir string, files ...string) string {
	for _, file := range files {
		if _, err := os.Stat(file); file == "" || err != nil {
			continue
		}
		folder, err1 := filepath.Abs(dir)
		path, err2 := filepath.Abs(file)
		if relative, err := filepath.Rel(folder, path); errors.Join(err1, err2, err) != nil || !filepath.IsLocal(relative) {
			return file
		}
	}
	return ""
}

// lacking says what a scenario that was drafted lacks; nil: it can be run.
func lacking(d *draft.Draft) error {
	var interrupted, unanswered error
	if d.Interrupted {
		interrupted = cli.Fail(cli.Interrupted, fmt.Errorf("interrupted: the scenario has the targets that were tried by then: %s", strings.Join(d.Targets, ", ")))
	}
	if d.Problem != nil {
		unanswered = cli.Fail(cli.NotAvailable, fmt.Errorf("the scenario cannot be run yet: %s was %w", d.Choice, d.Problem))
	}
	return cli.Worst(interrupted, unanswered)
}

// free refuses a file that exists, unless forced; flag is the one that names its folder.
func free(path, flag string, force bool) error {
	if _, err := os.Lstat(path); err != nil || force {
		return nil
	}
	return cli.Fail(cli.Usage, fmt.Errorf("%s exists; give another folder with %s, or write over it with --force", path, flag))
}

// starter is a file to start from, and what to do with it.
type starter struct {
	path string // with slashes, relative to the repository
	text string
	next []string
}

// ownScenario is the scenario to adapt.
func ownScenario() starter {
	return starter{path: draft.File, text: starterScenario, next: []string{
		"adapt servebench.yaml: workload.command, template, load, slo",
		"try it: servebench run servebench.yaml",
		"add runs/, where every run leaves its folder, to .gitignore",
	}}
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
			return cli.Fail(cli.Runtime, fmt.Errorf("write %s: %w", path, err))
		}
		fmt.Fprintf(w, "wrote  %s\n", path)
		next = append(next, f.next...)
	}
	if len(next) == 0 {
		return cli.Fail(cli.Usage, fmt.Errorf("nothing was written, as there is already %s; --force writes over it", strings.Join(kept, " and ")))
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
