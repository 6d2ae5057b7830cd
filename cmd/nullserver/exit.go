package main

// exitHelp stands in the help: the exit codes, which are those of package exit.
const exitHelp = `Exit codes:
  0   told to stop
  1   something failed while running, such as a port that is taken
  64  a mistake in the command line`
