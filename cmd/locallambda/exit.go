package main

import "fmt"

// exitHelp stands in the help: the exit codes, which are those of package exit.
const exitHelp = `Exit codes:
  0   told to stop, and nothing is left
  1   something failed while running: the address is taken, no sandbox can be had
  64  a mistake in the command line`

// errArguments says where a function's arguments belong.
func errArguments(first string) error {
	return fmt.Errorf("argument %q: the function is named by --function, and its arguments stand after --", first)
}
