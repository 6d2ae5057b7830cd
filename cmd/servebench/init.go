package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"servebench/cmd/cli"

	"github.com/spf13/cobra"
)

//go:embed starter/servebench.yaml
var starterScenario string

//go:embed starter/github.yml
var starterGitHub string

//go:embed starter/gitlab.yml
var starterGitLab string

func initCommand() *cobra.Command {
	dir, force := ".", false
	ci := newOneOf("none", "github", "gitlab")
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a scenario to start from, and a workflow that gates on it",
		Long: `Write servebench.yaml, a scenario with comments to adapt to your server, and with
--ci a workflow that holds the server to its limits and compares each change with
what was before. A file that exists is left as it is, unless --force is given.`,
		Example: `  servebench init                 servebench.yaml alone
  servebench init --ci github     and .github/workflows/servebench.yml
  servebench init --ci gitlab     and .gitlab/servebench.yml`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return initialise(cmd.OutOrStdout(), dir, starters(ci.value), force)
		},
	}
	cmd.Flags().Var(ci, "ci", "write a workflow for")
	cmd.Flags().StringVar(&dir, "dir", dir, "folder to write into: the root of your repository")
	cmd.Flags().BoolVar(&force, "force", false, "write over files that exist")
	return cmd
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
