package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"servebench/cmd/cli"
	"servebench/scenarios/ab"
	"servebench/scenarios/revision"
	"servebench/targets"
	"servebench/targets/image"

	"github.com/spf13/cobra"
)

func cleanCommand() *cobra.Command {
	var dry, images bool
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove what a killed servebench left on this machine",
		Long: `Remove what a servebench that was killed left on this machine: containers,
images, virtual machines, control groups and the processes in them, temporary
files, checked out revisions. What belongs to a servebench that is still running
is left alone, and so are the results of runs. Every run does this by itself
before it starts, of the targets it uses.

The images of servers are kept below servebench's cache folder, so that they are
pulled and unpacked once. A run removes those that were not used for 7 days. With
--images all are removed.`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			act := clean
			if dry {
				act = dryClean
			}
			count, err := act(cmd.Context(), cmd.OutOrStdout())
			if of, failed := cleanImages(cmd.Context(), cmd.OutOrStdout(), images, dry); of || failed != nil {
				count, err = count+1, errors.Join(err, failed)
			}
			if count == 0 && err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), "nothing was left")
			}
			return cli.Fail(cli.Runtime, err)
		},
	}
	cmd.Flags().BoolVar(&images, "images", false, "also remove the images that are kept for further runs")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "remove nothing, and say what would be removed")
	return cmd
}

// clean removes what was left, says so, and returns how much it was.
func clean(ctx context.Context, stdout io.Writer) (count int, err error) {
	var faults []error
	for _, kind := range targetKinds() {
		removed, err := kind.Sweep(ctx)
		if err != nil {
			faults = append(faults, fmt.Errorf("clean %s: %w", kind.Name, err))
		}
		for _, thing := range removed {
			fmt.Fprintf(stdout, "removed %s\n", thing)
		}
		count += len(removed)
	}
	trees, err := sweepRevisions(ctx)
	for _, tree := range trees {
		fmt.Fprintf(stdout, "removed revision %s\n", tree)
	}
	return count + len(trees), errors.Join(append(faults, err)...)
}

// cleanImages removes the images that are kept, where that is asked for, or says how much
// they are. It returns whether there was something to say.
func cleanImages(ctx context.Context, stdout io.Writer, remove, dry bool) (bool, error) {
	if !remove && !dry {
		return false, nil
	}
	kept, err := image.Stored(ctx)
	if err != nil || kept.Files == 0 {
		return false, err
	}
	switch {
	case !remove:
		fmt.Fprintf(stdout, "would keep %s; --images removes them\n", kept)
	case dry:
		fmt.Fprintf(stdout, "would remove %s\n", kept)
	default:
		if err := image.Clean(); err != nil {
			return false, err
		}
		fmt.Fprintf(stdout, "removed %s\n", kept)
	}
	return true, nil
}

// sweepRevisions removes the revisions that killed A/B tests left checked out.
func sweepRevisions(ctx context.Context) ([]string, error) {
	dir, err := ab.RevisionsDir()
	if err != nil {
		return nil, err
	}
	removed, err := revision.Sweep(ctx, dir)
	if err != nil {
		err = fmt.Errorf("clean revisions: %w", err)
	}
	return removed, err
}

// dryClean only says what clean would remove. One thing may go with another, so
// that clean itself says less.
func dryClean(ctx context.Context, stdout io.Writer) (count int, err error) {
	found, err := targets.FindLeftovers(ctx, targetKinds())
	for _, left := range found {
		fmt.Fprintf(stdout, "would remove %s\n", left.What)
	}
	dir, errDir := ab.RevisionsDir()
	if errDir != nil {
		return len(found), errors.Join(err, errDir)
	}
	trees, errTrees := revision.Left(dir)
	for _, tree := range trees {
		fmt.Fprintf(stdout, "would remove revision %s\n", tree)
	}
	return len(found) + len(trees), errors.Join(err, errTrees)
}
