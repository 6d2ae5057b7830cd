package main

import (
	"errors"
	"fmt"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/recorded"
	"servebench/reports/analysis"
	"servebench/reports/baseline"
	"servebench/reports/document"
	"servebench/reports/record"
	"servebench/reports/text"

	"github.com/spf13/cobra"
)

// baselineDir is the folder with the stored baselines where no other is given. It is
// one that can be committed.
const baselineDir = ".servebench"

func baselineCommand() *cobra.Command {
	return cli.Group("baseline", "Store runs that later ones are compared with",
		baselineSetCommand(),
		baselineShowCommand(),
	)
}

func baselineSetCommand() *cobra.Command {
	var store baseline.Store
	var name string
	var force bool
	cmd := &cobra.Command{
		Use:   "set RUN",
		Short: "Store a run as the baseline of its scenario",
		Long: `Store a run as the baseline of its scenario, in the place of an earlier one. What is
kept is a copy of its record: run.json and the interval logs, which every figure can
be made from again. It lies in DIR/baselines/NAME/SCENARIO, to be committed or cached,
and is a run's folder like any other.

A run that is INVALID, did not come to its end or measured nothing is refused without
--force.`,
		Example: `  servebench baseline set runs/20261122-101530-compare-a1b2
  servebench baseline set runs/20261122-101530-compare-a1b2 --name release`,
		Args: cli.Arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := fitBaseline(args[0], force)
			if err != nil {
				return err
			}
			folder, err := store.Set(name, run)
			if err != nil {
				return baselineError(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n", folder)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", baseline.DefaultName, "name of the baseline")
	cmd.Flags().StringVar(&store.Dir, "dir", baselineDir, "folder with the stored baselines")
	cmd.Flags().BoolVar(&force, "force", false, "store a run that is INVALID or not complete as well")
	return cmd
}

// fitBaseline opens a run that may become a baseline.
func fitBaseline(dir string, force bool) (*record.Run, error) {
	a, err := recorded.Analyse(dir)
	if err != nil {
		return nil, err
	}
	if why := baseline.Unfit(a); why != "" && !force {
		return nil, cli.Fail(cli.Runtime, fmt.Errorf("%s is no baseline: %s (--force stores it nevertheless)", dir, why))
	}
	return a.Run, nil
}

func baselineShowCommand() *cobra.Command {
	var store baseline.Store
	cmd := &cobra.Command{
		Use:   "show [NAME]",
		Short: "Say what the stored baselines are: all of them, or those of a name",
		Args:  cli.Arguments(0, 1),
		RunE: func(cmd *cobra.Command, names []string) error {
			stored, err := chosen(store, names)
			if err != nil {
				return err
			}
			if len(stored) == 0 {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "no baseline in %s; servebench baseline set RUN stores one\n", store.Dir)
				return cli.Fail(cli.Runtime, err)
			}
			for i, b := range stored {
				a, err := analysis.Analyse(b.Run)
				if err != nil {
					return cli.Fail(cli.Runtime, err)
				}
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				if err := text.Write(cmd.OutOrStdout(), document.Summary(a), text.StyleOf(cmd.OutOrStdout())); err != nil {
					return cli.Fail(cli.Runtime, err)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&store.Dir, "dir", baselineDir, "folder with the stored baselines")
	return cmd
}

// chosen are the stored baselines of the name given, or all without one. Where there
// is none of a name, that is a mistake.
func chosen(store baseline.Store, names []string) ([]baseline.Stored, error) {
	all, err := store.List()
	if err != nil {
		return nil, cli.Fail(cli.Runtime, err)
	}
	var found []baseline.Stored
	for _, b := range all {
		if len(names) == 0 || b.Name == names[0] {
			found = append(found, b)
		}
	}
	if len(found) == 0 && len(names) > 0 {
		return nil, cli.Fail(cli.Usage, fmt.Errorf("no baseline %q in %s; servebench baseline set RUN --name %s stores one", names[0], store.Dir, names[0]))
	}
	return found, nil
}

// baselineError tells the user's mistakes from what failed.
func baselineError(err error) error {
	if _, missing := errors.AsType[*baseline.NotSetError](err); missing || errors.Is(err, baseline.ErrName) {
		return cli.Fail(cli.Usage, err)
	}
	return cli.Fail(cli.Runtime, err)
}
