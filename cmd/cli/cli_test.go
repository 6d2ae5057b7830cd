package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestReport(t *testing.T) {
	for _, tc := range []struct {
		err  error
		code int
		said string
	}{
		{nil, OK, ""},
		{errors.New("port 80: taken"), Runtime, "tool: port 80: taken\n"},
		{errors.Join(errors.New("one"), errors.New("two")), Runtime, "tool: one\ntool: two\n"},
		{fmt.Errorf("read flags: %w", UsageError{Err: errors.New("no such")}), Usage, "tool: read flags: no such\nrun 'tool --help' for usage\n"},
		{fmt.Errorf("judge: %w", &ExitError{Code: 10, Err: errors.New("FAIL: p99 is 2 s\n  -> look at it")}), 10, "tool: judge: FAIL: p99 is 2 s\n  -> look at it\n"},
		{errors.New("\x1b[31mred\u202e\tfür"), Runtime, "tool:  [31mred \tfür\n"},
		{fmt.Errorf("serve: %w", context.Canceled), Interrupted, "tool: serve: context canceled\n"},
	} {
		var said strings.Builder
		if code := report(&cobra.Command{Use: "tool"}, tc.err, io.Discard, &said); code != tc.code || said.String() != tc.said {
			t.Errorf("report(%v) = %d and says %q, want %d and %q", tc.err, code, said.String(), tc.code, tc.said)
		}
	}
}

func TestNoArguments(t *testing.T) {
	root := &cobra.Command{Use: "tool"}
	serve := &cobra.Command{Use: "serve", Run: func(*cobra.Command, []string) {}}
	root.AddCommand(serve)
	for _, tc := range []struct {
		cmd  *cobra.Command
		args []string
		want string
	}{
		{root, nil, ""},
		{root, []string{"serv"}, `unknown command "serv" (did you mean serve?); want one of serve`},
		{serve, []string{"x"}, `tool serve takes no arguments, got "x"`},
	} {
		err := NoArguments(tc.cmd, tc.args)
		if tc.want == "" && err == nil {
			continue
		}
		if err == nil || err.Error() != tc.want || !errors.As(err, new(UsageError)) {
			t.Errorf("NoArguments(%s, %q) = %v, want %q", tc.cmd.Use, tc.args, err, tc.want)
		}
	}
}

// Whatever is wrong with a flag is said without the words of Go's libraries, and with
// what would be right.
func TestFlagErrorsInTheUsersWords(t *testing.T) {
	for args, want := range map[string]string{
		"--rounds x":                       "--rounds x: want a whole number",
		"--rounds 1.5":                     "--rounds 1.5: want a whole number",
		"--rounds=":                        "--rounds : want a whole number",
		"-r x":                             "--rounds x: want a whole number",
		"--rounds 99999999999999999999999": "--rounds 99999999999999999999999: it is too large; want a whole number",
		"--seed -1":                        "--seed -1: want a whole number from 0",
		"--share much":                     "--share much: want a number",
		"--wait 5":                         "--wait 5: want a time with its unit, such as 500ms, 5s or 2m",
		"--wait soon":                      "--wait soon: want a time with its unit, such as 500ms, 5s or 2m",
		"--gate=maybe":                     "--gate maybe: want true or false",
		"--rounds":                         "--rounds needs a value: want a whole number",
		"--wait":                           "--wait needs a value: want a time with its unit, such as 500ms, 5s or 2m",
		"--out":                            "--out needs a value: want --out FILE",
		"-r":                               "--rounds needs a value: want a whole number",
		"--nonesuch":                       "unknown flag: --nonesuch",
		"--round 3":                        "unknown flag: --round (did you mean --rounds?)",
		"--tagets x":                       "unknown flag: --tagets",
		"--colur mauve":                    "unknown flag: --colur (did you mean --colour?)",
		"--uot x":                          "unknown flag: --uot",
		"-z":                               "unknown flag: -z",
		"-zr":                              "unknown flag: -z in -zr",
		"-seed 1":                          "unknown flag: -seed (did you mean --seed?)",
		"--=x":                             "--=x is no flag; want --NAME or --NAME=VALUE",
		"---rounds":                        "---rounds is no flag; want --NAME or --NAME=VALUE",
		"--colour mauve":                   "--colour mauve: want red or blue",
	} {
		cmd := &cobra.Command{Use: "tool", SilenceErrors: true, SilenceUsage: true, RunE: func(*cobra.Command, []string) error { return nil }}
		cmd.SetFlagErrorFunc(flagError)
		f := cmd.Flags()
		f.IntP("rounds", "r", 1, "how many")
		f.Uint64("seed", 1, "of everything")
		f.Float64("share", 1, "of all")
		f.Duration("wait", 0, "how long")
		f.Bool("gate", false, "whether")
		f.String("out", "", "`file` to write")
		f.Var(new(colour), "colour", "of it")
		cmd.SetArgs(strings.Fields(args))
		err := cmd.Execute()
		if err == nil || err.Error() != want || !errors.As(err, new(UsageError)) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

// colour is a flag that says itself what it takes.
type colour string

func (c colour) String() string    { return string(c) }
func (c colour) Type() string      { return "colour" }
func (c *colour) Set(string) error { return errors.New("want red or blue") }

func TestArguments(t *testing.T) {
	for _, tc := range []struct {
		least, most int
		args        []string
		want        string
	}{
		{1, -1, nil, "want tool report RUN..., got nothing after report"},
		{1, 1, []string{"a", "b"}, `want tool report RUN..., got ["a" "b"] after report`},
		{1, -1, []string{"a", "b"}, ""},
		{0, 1, nil, ""},
	} {
		root := &cobra.Command{Use: "tool"}
		cmd := &cobra.Command{Use: "report RUN...", Run: func(*cobra.Command, []string) {}}
		root.AddCommand(cmd)
		err := Arguments(tc.least, tc.most)(cmd, tc.args)
		if (err == nil) != (tc.want == "") || err != nil && err.Error() != tc.want {
			t.Errorf("%q: %v, want %q", tc.args, err, tc.want)
		}
	}
}
