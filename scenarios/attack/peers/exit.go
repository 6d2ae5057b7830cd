package main

// exitHelp stands in the help: the exit codes, which are those of package exit.
const exitHelp = `Exit codes:
  0    measured; whether the goals hold is said in the table
  1    something failed while running: no second CPU, a server that did not start
  64   a mistake in the command line
  130  interrupted; what was measured is saved`
