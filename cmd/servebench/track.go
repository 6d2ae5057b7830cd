package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/recorded"
	"servebench/reports/analysis"
	"servebench/reports/mlflow"
	"servebench/reports/record"
	"servebench/reports/tracking"
	"servebench/scenarios"
	"servebench/scenarios/revision"

	"github.com/spf13/cobra"
)

// trackOptions are the flags of track.
type trackOptions struct {
	address, experiment, commit string
	dry                         bool
}

func trackCommand() *cobra.Command {
	var opts trackOptions
	cmd := &cobra.Command{
		Use:   "track RUN...",
		Short: "Log runs to an MLflow server",
		Long: `Log runs to an MLflow tracking server. RUN is the folder of a run. In MLflow it is
a run with the report and the record as artifacts, and below it a run for each target
and phase with its figures, the ends of their intervals and n as metrics. One that is
tracked again is updated, and is not there twice.

Credentials are those of MLflow's own clients: MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.

Exit codes:
  0    the runs are tracked, also those that are INVALID
  1    a run could not be read, or not be tracked
  64   a mistake in the command line, such as a folder that holds no run
`,
		Example: `  servebench track runs/20261122-101530-compare-a1b2 --mlflow http://127.0.0.1:5000
  servebench track runs/* --dry-run`,
		Args: cli.Arguments(1, -1),
		RunE: func(cmd *cobra.Command, dirs []string) error { return trackRuns(cmd, dirs, opts) },
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.address, "mlflow", "", "`URL` of the MLflow server; "+mlflow.AddressVariable+" is taken without it")
	flags.StringVar(&opts.experiment, "experiment", "", "`name` of the experiment (default "+mlflow.ExperimentVariable+", else servebench-SCENARIO)")
	flags.StringVar(&opts.commit, "commit", "", "git `commit` of what was measured, where it is known")
	flags.BoolVar(&opts.dry, "dry-run", false, "print as JSON what would be logged, and send nothing")
	return cmd
}

func trackRuns(cmd *cobra.Command, dirs []string, opts trackOptions) error {
	var server *mlflow.Server
	if !opts.dry {
		if opts.address == "" {
			opts.address = os.Getenv(mlflow.AddressVariable)
		}
		var err error
		if server, err = newTracker(opts.address); err != nil {
			return err
		}
	}
	var faults []error
	for _, dir := range dirs {
		a, err := recorded.Analyse(dir)
		if err == nil && a.Run.Hold == record.Held {
			err = cli.Fail(cli.Runtime, fmt.Errorf("%s: another servebench is writing it; track it when it has ended", dir))
		}
		switch {
		case err != nil:
		case opts.dry:
			err = cli.Fail(cli.Runtime, printTracking(cmd, a, opts))
		default:
			err = cli.Fail(cli.Runtime, track(cmd, server, a, opts))
		}
		faults = append(faults, err)
	}
	return cli.Worst(faults...)
}

// newTracker is the MLflow server at a URL; the error is one of usage.
func newTracker(address string) (*mlflow.Server, error) {
	server, err := mlflow.New(address, os.LookupEnv)
	if err != nil {
		return nil, cli.Fail(cli.Usage, fmt.Errorf("--mlflow: %w", err))
	}
	return server, nil
}

// experimentOf is the experiment that a run is logged into.
func experimentOf(run *record.Run, named string) string {
	for _, name := range []string{named, os.Getenv(mlflow.ExperimentVariable)} {
		if name != "" {
			return name
		}
	}
	return "servebench-" + run.Scenario.Name
}

// track logs a run and says where it is to be seen.
func track(cmd *cobra.Command, server *mlflow.Server, a *analysis.Analysis, opts trackOptions) error {
	logged, err := tracking.Send(cmd.Context(), server, experimentOf(a.Run, opts.experiment), tracking.New(a, opts.commit), a.Run.Dir)
	if err != nil {
		return fmt.Errorf("track %s: %w", a.Run.Dir, err)
	}
	say(cmd.ErrOrStderr(), a.Run.Dir+": tracked as "+server.Page(logged))
	return nil
}

// printTracking prints what would be logged.
func printTracking(cmd *cobra.Command, a *analysis.Analysis, opts trackOptions) error {
	files, err := tracking.Artifacts(a.Run.Dir)
	if err != nil {
		return err
	}
	return cli.PrintAs(cmd.OutOrStdout(), "json", struct {
		Experiment string `json:"experiment"`
		tracking.Run
		Artifacts []string `json:"artifacts"`
	}{experimentOf(a.Run, opts.experiment), tracking.New(a, opts.commit), files}, nil)
}

// trackAfter logs a run that has just been made. Where that fails, the run is what it is, and the
// user is told how to do it later.
func trackAfter(ctx context.Context, cmd *cobra.Command, server *mlflow.Server, s *scenarios.Scenario, a *analysis.Analysis) {
	cmd.SetContext(ctx)
	err := track(cmd, server, a, trackOptions{commit: commitOf(ctx, s)})
	if err == nil {
		return
	}
	if _, kept := errors.AsType[*mlflow.NotServedError](err); !kept {
		err = fmt.Errorf("%w\n  -> the run is complete; to track it: servebench track %s --mlflow %s", err, a.Run.Dir, server.Address())
	}
	say(cmd.ErrOrStderr(), "warning: "+err.Error())
}

// commitOf is the git commit of the folder of a scenario; "" where there is none.
func commitOf(ctx context.Context, s *scenarios.Scenario) string {
	repository, err := revision.Find(ctx, filepath.Join(s.Dir, "."))
	if err != nil {
		return ""
	}
	commit, _ := repository.Describe(ctx)
	return commit
}
