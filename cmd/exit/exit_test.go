package exit

import (
	"context"
	"errors"
	"fmt"
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
		{fmt.Errorf("read flags: %w", UsageError{Err: errors.New("no such")}), Usage, "tool: read flags: no such\ntool: --help says what there is\n"},
		{fmt.Errorf("serve: %w", context.Canceled), Interrupted, "tool: serve: context canceled\n"},
	} {
		var said strings.Builder
		if code := Report("tool", tc.err, &said); code != tc.code || said.String() != tc.said {
			t.Errorf("Report(%v) = %d and says %q, want %d and %q", tc.err, code, said.String(), tc.code, tc.said)
		}
	}
}

func TestNoArguments(t *testing.T) {
	root := &cobra.Command{Use: "tool", SuggestionsMinimumDistance: 2}
	serve := &cobra.Command{Use: "serve", Run: func(*cobra.Command, []string) {}}
	root.AddCommand(serve)
	for _, tc := range []struct {
		cmd  *cobra.Command
		args []string
		want string
	}{
		{root, nil, ""},
		{root, []string{"serv"}, `unknown command "serv", did you mean serve?`},
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
