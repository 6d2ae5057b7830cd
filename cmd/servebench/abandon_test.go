package main

import (
	"os"
	"os/exec"
	"path/filepath"

	"servebench/targets/local"

	"github.com/rogpeppe/go-internal/testscript"
)

// abandon makes a folder for temporary files as a servebench leaves it that was
// killed: abandon PREFIX.
func abandon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: abandon PREFIX")
	}
	self, err := os.Executable()
	ts.Check(err)
	gone := exec.Command(self, "-test.run=^$")
	ts.Check(gone.Run())
	maker := local.Self()
	maker.PID = gone.Process.Pid
	ts.Check(os.MkdirAll(filepath.Join(ts.Getenv("TMPDIR"), args[0]+maker.String()+"-1"), 0o700))
}
