package targets

import "os"

// Program returns this program's name as the user called it, for commands that
// the user is told to run: "bin/servebench", or the bare name where it is found
// in PATH.
func Program() string { return os.Args[0] }

// AsRoot returns a command that runs with root's rights: with sudo, unless this
// process has them.
func AsRoot(command string) string {
	if os.Geteuid() == 0 {
		return command
	}
	return "sudo " + command
}
