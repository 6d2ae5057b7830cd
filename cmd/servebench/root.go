package main

import (
	"servebench/cmd/cli"
	"servebench/cmd/servebench/costs"
	"servebench/cmd/servebench/option"
	"servebench/cmd/servebench/outcome"
	"servebench/cmd/servebench/starter"

	"github.com/spf13/cobra"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "servebench",
		Short: "Measure where a model should be served, and whether it holds under load",
		Long: `servebench puts one model server on several deployment targets, drives each
with the same synthetic load, and reports latency, throughput, cold start,
accuracy and errors side by side.

  servebench run compare       compare the targets that can run on this machine
  servebench list scenarios    what else there is to run

A flag may also be given by the environment: --out as SERVEBENCH_OUT. Flags come
before the environment, the environment before the scenario file, the file
before the defaults. SERVEBENCH_SET holds settings with commas between them; those
of --set are added, and win.

` + outcome.Help,
		Args:              cli.NoArguments,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version:           cli.Version(),
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return option.FromEnvironment(cmd.Flags()) },
	}
	root.AddCommand(
		runCommand(),
		abCommand(),
		capacityCommand(),
		gateCommand(),
		reportCommand(),
		trackCommand(),
		compareCommand(),
		baselineCommand(),
		starter.InitCommand(catalogue()),
		starter.ImportCommand(),
		starter.ProbeCommand(protocolKinds()),
		generateCommand(),
		costs.PricesCommand(),
		costs.CostCommand(),
		costs.AdviseCommand(),
		listCommand(),
		schemaCommand(),
		doctorCommand(),
		calibrateCommand(),
		proveCommand(),
		cleanCommand(),
		loadCommand(),
		cli.VersionCommand(),
	)
	return root
}
