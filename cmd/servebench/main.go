// Command servebench puts one model server on several deployment targets,
// drives each with the same synthetic load, and reports latency, throughput,
// cold start, accuracy and errors side by side.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"servebench/scenarios/decode"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit code. Data goes to stdout,
// everything about the doing to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{code: exitUsage, err: err} // cobra's own: an unknown command or flag
	}
	if exit.err != nil && !(exit.printed && sameFile(stdout, stderr)) {
		fmt.Fprintln(stderr, prefixed(exit.err.Error()))
	}
	if _, told := errors.AsType[decode.Faults](err); exit.code == exitUsage && !told { // which say what would be right
		fmt.Fprintln(stderr, "run 'servebench --help' for usage")
	}
	return exit.code
}

// sameFile reports whether both write to one terminal, file or pipe.
func sameFile(a, b io.Writer) bool {
	one, ok1 := a.(*os.File)
	other, ok2 := b.(*os.File)
	if !ok1 || !ok2 {
		return false
	}
	of, err1 := one.Stat()
	against, err2 := other.Stat()
	return err1 == nil && err2 == nil && os.SameFile(of, against)
}

// prefixed puts the program's name before a message.
func prefixed(message string) string { return "servebench: " + message }
