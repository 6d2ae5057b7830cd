package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"servebench/targets"

	"github.com/spf13/cobra"
)

func doctorCommand() *cobra.Command {
	var names []string
	output := newOneOf("text", "json")
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what can run here, what is missing, and how to get it",
		Long: `Examine this machine: which targets can run and what would make the others, what
would disturb a measurement, and what a killed servebench left. Each line is ok,
warn (runs work, but not as well as they might, or without that target) or fail
(runs do not work, or something was left over), and the last two say what to do.

The clock, the steal and the load are measured for about a second, as a run would
have them: on the generator's CPUs and with its priority. Nothing is changed and
nothing is left.

Exit codes:
  0    nothing is wrong; there may be warnings
  1    something keeps runs from working, or was left over
  20   a target named with --target, or every target, is not available
  64   a mistake in the command line
`,
		Example: `  servebench doctor                                what is missing, and the command that gets it
  servebench doctor -t vm && servebench run -t vm
  servebench doctor -o json | jq '.checks[] | select(.status != "ok")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kinds, err := kindsNamed(names)
			if err != nil {
				return usageError(err)
			}
			d := examine(cmd.Context(), allChecks(kinds, len(names) > 0))
			write := writeDiagnosis
			if output.value == "json" {
				write = writeDiagnosisJSON
			}
			return worst(runtimeError(write(cmd.OutOrStdout(), d)), d.outcome())
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&names, "target", "t", nil, "examine these targets alone: "+strings.Join(targetNames(), ", "))
	flags.VarP(output, "output", "o", "print as")
	return cmd
}

// kindsNamed looks targets up by name; without names it returns all.
func kindsNamed(names []string) ([]targets.Kind, error) {
	all := targetKinds()
	if len(names) == 0 {
		return all, nil
	}
	var found []targets.Kind
	for _, name := range names {
		i := slices.IndexFunc(all, func(k targets.Kind) bool { return k.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown target %q, want one of %s", name, strings.Join(targetNames(), ", "))
		}
		found = append(found, all[i])
	}
	return found, nil
}

// allChecks are what doctor looks at, in the order it is printed. wanted says
// that the user asked for these targets, so that they have to be available.
func allChecks(kinds []targets.Kind, wanted bool) []check {
	return slices.Concat(targetChecks(kinds, wanted), machineChecks(), []check{leftoverCheck(kinds)})
}

// writeDiagnosis writes a line for each finding under its area, and below it
// why it matters and what to do.
func writeDiagnosis(w io.Writer, d diagnosis) error {
	var b strings.Builder
	width := 0
	for _, f := range d.Checks {
		width = max(width, len(f.Name))
	}
	area := ""
	for _, f := range d.Checks {
		if f.Area != area {
			area = f.Area
			fmt.Fprintln(&b, area)
		}
		fmt.Fprintf(&b, "  %-4s  %-*s  %s\n", f.Status, width, f.Name, f.Found)
		for _, more := range []string{f.Why, arrow(f.Fix)} {
			if more != "" {
				fmt.Fprintf(&b, "        %*s  %s\n", width, "", more)
			}
		}
	}
	fmt.Fprintf(&b, "\n%s\n", d.summary())
	_, err := io.WriteString(w, b.String())
	return err
}

// arrow marks what to do.
func arrow(fix string) string {
	if fix == "" {
		return ""
	}
	return "-> " + fix
}

func writeDiagnosisJSON(w io.Writer, d diagnosis) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// outcome is what a diagnosis says through the exit code.
func (d diagnosis) outcome() error {
	var all []error
	for _, f := range d.Checks {
		if f.Status != fail {
			continue
		}
		code := exitRuntime
		if f.Area == areaTargets {
			code = exitNotAvailable
		}
		text := f.Name + ": " + f.Found
		if f.Fix != "" {
			text += "; to mend it: " + f.Fix
		}
		all = append(all, &exitError{code: code, err: errors.New(text)})
	}
	return worst(all...)
}

// examine makes every check.
func examine(ctx context.Context, checks []check) diagnosis {
	d := diagnosis{Schema: diagnosisSchema, Status: ok}
	for _, c := range checks {
		for _, f := range c.look(ctx) {
			f.Area = c.area
			d.Checks = append(d.Checks, f)
			d.Status = max(d.Status, f.Status)
		}
	}
	return d
}
