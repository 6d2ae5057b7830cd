package main

// exitHelp stands in the help: the exit codes, which are those of package exit.
const exitHelp = `Exit codes:
  0   done; for a server: told to stop, and every request was answered
  1   something failed while running: the port is taken, requests were cut off
  64  a mistake in the command line`
