package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"

	"servebench/cmd/cli"
	"servebench/cmd/servebench/costs"
	"servebench/cmd/servebench/option"
	"servebench/generators"
	"servebench/generators/export"
	"servebench/reports"
	"servebench/reports/analysis/validity"
	"servebench/scenarios"
	"servebench/targets"
	"servebench/targets/protocol"

	"github.com/spf13/cobra"
)

// listed is one line of a list.
type listed struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
	// Available says whether a target can run here; nil for what is no target.
	Available *bool `json:"available,omitempty"`
	// Unavailable says why it cannot and what would change that.
	Unavailable string `json:"unavailable,omitempty"`
	// Faults are the kinds of faults that can be injected into servers on a target.
	Faults []string `json:"faults,omitempty"`
	// Settings are what can be set, with their defaults.
	Settings []setting `json:"settings,omitempty"`
}

type setting struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Doc     string `json:"doc"`
}

func listCommand() *cobra.Command {
	return cli.Group("list", "List what there is",
		listOf("targets", "the targets that a server can be deployed on, and whether they can run here", listTargets),
		listOf("scenarios", "the built-in scenarios", listAll(scenarios.Builtins(), func(b scenarios.Builtin) listed { return listed{Name: b.Name, Doc: b.Doc} })),
		listOf("generators", "the synthetic data", listAll(generatorKinds(), listGenerator)),
		listOf("protocols", "the wire protocols", listAll(protocolKinds(), func(k protocol.Kind) listed { return listed{Name: k.Name, Doc: k.Doc} })),
		listOf("formats", "the report formats, and the data formats of generate", listFormats),
		listOf("checks", "what is checked before a run is believed: severity, limit and fix", listAll(validity.Rules(), listCheck)),
	)
}

func listOf(what, doc string, entries func(context.Context) []listed) *cobra.Command {
	output := option.NewOneOf("text", "json")
	cmd := &cobra.Command{
		Use:   what,
		Short: "List " + doc,
		Args:  cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := entries(cmd.Context())
			text := func(w io.Writer) error { return writeList(w, all) }
			return cli.Fail(cli.Runtime, cli.PrintAs(cmd.OutOrStdout(), output.Value, all, text))
		},
	}
	cmd.Flags().VarP(output, "output", "o", "print as")
	return cmd
}

func writeList(w io.Writer, entries []listed) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, e := range entries {
		fmt.Fprintf(tw, "%s\t%s\n", e.Name, e.Doc)
		switch {
		case e.Available == nil:
		case *e.Available:
			fmt.Fprintf(tw, "\tavailable here\n")
		default:
			fmt.Fprintf(tw, "\tNOT AVAILABLE here: %s\n", e.Unavailable)
		}
		if len(e.Faults) > 0 {
			fmt.Fprintf(tw, "\tfaults: %s\n", strings.Join(e.Faults, ", "))
		}
		for _, s := range e.Settings {
			fallback := "no default"
			if s.Default != "" {
				fallback = "default " + s.Default
			}
			fmt.Fprintf(tw, "\t%s (%s): %s\n", s.Name, fallback, s.Doc)
		}
	}
	return tw.Flush()
}

// placeholder is what stands in a check's words for what a run has, figureLast for the
// figure at the end of a sentence.
var placeholder, figureLast = regexp.MustCompile(`\{[a-z]+\}`), regexp.MustCompile(`: \{figure\}($|[.,;])`)

func listCheck(r validity.Rule) listed {
	limit := ""
	if r.Limit != "" {
		limit = ", limit " + r.Limit
	}
	text := fmt.Sprintf("%s%s: %s; to fix it: %s", r.Severity, limit, figureLast.ReplaceAllString(r.Text, "$1"), r.Fix)
	return listed{Name: r.ID, Doc: placeholder.ReplaceAllString(text, "…")}
}

// listAll lists what a list holds.
func listAll[K any](all []K, entry func(K) listed) func(context.Context) []listed {
	return func(context.Context) (entries []listed) {
		for _, k := range all {
			entries = append(entries, entry(k))
		}
		return entries
	}
}

func listTargets(ctx context.Context) []listed {
	return listAll(targetKinds(), func(kind targets.Kind) listed {
		available := true
		e := listed{Name: kind.Name, Doc: kind.Doc, Available: &available, Faults: kind.Faults}
		if err := kind.Available(ctx, nil); err != nil {
			available, e.Unavailable = false, err.Error()
		}
		for _, o := range kind.Options {
			e.Settings = append(e.Settings, setting{Name: kind.Name + "." + o.Name, Default: o.Default, Doc: o.Doc})
		}
		return e
	})(ctx)
}

func listGenerator(kind generators.Kind) listed {
	e := listed{Name: kind.Name, Doc: kind.Doc}
	for _, p := range kind.Params {
		e.Settings = append(e.Settings, setting{Name: "data." + p.Name, Default: fmt.Sprint(p.Default), Doc: p.Doc})
	}
	return e
}

func listFormats(ctx context.Context) []listed {
	written := listAll(reportFormats(), func(f reports.Format) listed { return listed{Name: f.Name, Doc: "report: " + f.Doc} })
	data := listAll(dataFormats(), func(f export.Format) listed { return listed{Name: f.Name, Doc: "data: " + f.Doc} })
	return append(written(ctx), data(ctx)...)
}

func schemaCommand() *cobra.Command {
	output := option.NewOneOf("json", "text")
	scenario := &cobra.Command{
		Use:   "scenario",
		Short: "Print the JSON Schema of scenario files, or every key with its default",
		Long: `Print the JSON Schema of scenario files. An editor that knows YAML schemas
completes and checks a file that begins with

  # yaml-language-server: $schema=scenario.schema.json

With -o text, print every key with its meaning and default.`,
		Args: cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output.Value == "text" {
				_, err := io.WriteString(cmd.OutOrStdout(), scenarios.FormatReference(catalogue()))
				return cli.Fail(cli.Runtime, err)
			}
			text, err := scenarios.JSONSchema(catalogue())
			if err == nil {
				_, err = cmd.OutOrStdout().Write(append(text, '\n'))
			}
			return cli.Fail(cli.Runtime, err)
		},
	}
	scenario.Flags().VarP(output, "output", "o", "print as")
	return cli.Group("schema", "Print the schema of a file format", scenario, costs.PricesSchemaCommand())
}
