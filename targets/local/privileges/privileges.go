// Package privileges says what a server may do on every target that runs it from an
// image: what Docker leaves to a container by default. Container runtimes are told so;
// where a target starts the server itself, on this machine or in a guest, it takes the rest
// from it here.
package privileges

import (
	"maps"
	"slices"
)

// Usual are the capabilities that Docker leaves to a container by default, sorted.
func Usual() []string { return slices.Sorted(maps.Keys(usual)) }

// usual has their numbers, see linux/capability.h.
var usual = map[string]int{
	"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_FSETID": 4, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7,
	"CAP_SETPCAP": 8, "CAP_NET_BIND_SERVICE": 10, "CAP_NET_RAW": 13, "CAP_SYS_CHROOT": 18, "CAP_MKNOD": 27,
	"CAP_AUDIT_WRITE": 29, "CAP_SETFCAP": 31,
}
