package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"text/tabwriter"

	"servebench/reports/analysis/validity"
	"servebench/scenarios"

	"servebench/cmd/cli"

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
	// Settings are what can be set, with their defaults.
	Settings []setting `json:"settings,omitempty"`
}

type setting struct {
	Name    string `json:"name"`
	Default string `json:"default"`
	Doc     string `json:"doc"`
}

func listCommand() *cobra.Command {
	return group("list", "List what there is",
		listOf("targets", "the targets that a server can be deployed on, and whether they can run here", listTargets),
		listOf("scenarios", "the built-in scenarios", listScenarios),
		listOf("generators", "the synthetic data", listGenerators),
		listOf("protocols", "the wire protocols", listProtocols),
		listOf("formats", "the report formats, and the data formats of generate", listFormats),
		listOf("checks", "what is checked before a run is believed: severity, limit and fix", listChecks),
	)
}

func listOf(what, doc string, entries func(context.Context) []listed) *cobra.Command {
	output := newOneOf("text", "json")
	cmd := &cobra.Command{
		Use:   what,
		Short: "List " + doc,
		Args:  cli.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write := writeList
			if output.value == "json" {
				write = writeListJSON
			}
			return fail(exitRuntime, write(cmd.OutOrStdout(), entries(cmd.Context())))
		},
	}
	cmd.Flags().VarP(output, "output", "o", "print as")
	return cmd
}

func writeListJSON(w io.Writer, entries []listed) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(entries)
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

func listChecks(context.Context) []listed {
	var entries []listed
	for _, r := range validity.Rules() {
		limit := ""
		if r.Limit != "" {
			limit = ", limit " + r.Limit
		}
		text := fmt.Sprintf("%s%s: %s; to fix it: %s", r.Severity, limit, figureLast.ReplaceAllString(r.Text, "$1"), r.Fix)
		entries = append(entries, listed{Name: r.ID, Doc: placeholder.ReplaceAllString(text, "…")})
	}
	return entries
}

func listTargets(ctx context.Context) []listed {
	var entries []listed
	for _, kind := range targetKinds() {
		available := true
		e := listed{Name: kind.Name, Doc: kind.Doc, Available: &available}
		if err := kind.Available(ctx); err != nil {
			available, e.Unavailable = false, err.Error()
		}
		for _, o := range kind.Options {
			e.Settings = append(e.Settings, setting{Name: kind.Name + "." + o.Name, Default: o.Default, Doc: o.Doc})
		}
		entries = append(entries, e)
	}
	return entries
}

func listScenarios(context.Context) []listed {
	var entries []listed
	for _, b := range scenarios.Builtins() {
		entries = append(entries, listed{Name: b.Name, Doc: b.Doc})
	}
	return entries
}

func listGenerators(context.Context) []listed {
	var entries []listed
	for _, kind := range generatorKinds() {
		e := listed{Name: kind.Name, Doc: kind.Doc}
		for _, p := range kind.Params {
			e.Settings = append(e.Settings, setting{Name: "data." + p.Name, Default: fmt.Sprint(p.Default), Doc: p.Doc})
		}
		entries = append(entries, e)
	}
	return entries
}

func listProtocols(context.Context) []listed {
	var entries []listed
	for _, kind := range protocolKinds() {
		entries = append(entries, listed{Name: kind.Name, Doc: kind.Doc})
	}
	return entries
}

func listFormats(context.Context) []listed {
	var entries []listed
	for _, f := range reportFormats() {
		entries = append(entries, listed{Name: f.Name, Doc: "report: " + f.Doc})
	}
	for _, f := range dataFormats() {
		entries = append(entries, listed{Name: f.Name, Doc: "data: " + f.Doc})
	}
	return entries
}
