package host

import (
	"errors"

	"servebench/targets"
	"servebench/targets/local"
)

// Cgroups returns which version of control groups is mounted, "" where that is
// not known, and why no server can be limited by one here; nil when it can. It
// makes one with a memory limit, and removes it.
func Cgroups() (version string, err error) {
	group, err := local.NewLimited(targets.GiB)
	return root().cgroup(), errors.Join(err, group.Close())
}

// Governor returns who decides on the processors' frequencies, see the fact of
// that name, and whether that matters here: it does on bare metal.
func Governor() (name string, matters bool) {
	t := root()
	return t.governor(), nature(t.read("proc/cpuinfo")) == bareMetal
}
