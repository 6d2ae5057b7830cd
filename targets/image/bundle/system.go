package bundle

import (
	"archive/tar"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"servebench/targets"
)

// surroundings adds what programs expect of a system: accounts, the order in which names
// are looked up, folders, and where this machine has them the certificates of public
// authorities, the locale C.UTF-8 and the zones of time.
func (c *collector) surroundings(w targets.Workload) {
	c.takePresent("/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/openssl.cnf", "/usr/lib/ssl/certs", "/usr/lib/ssl/cert.pem", "/usr/lib/ssl/openssl.cnf",
		"/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust/extracted",
		"/usr/lib/locale/C.utf8", "/usr/share/zoneinfo")
	for path, content := range map[string]string{
		"/etc/passwd":        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
		"/etc/group":         "root:x:0:\nnogroup:x:65534:\n",
		"/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
	} {
		if c.entries[path] == nil {
			c.entries[path] = &Entry{Path: path, Type: tar.TypeReg, Mode: 0o644, Size: int64(len(content)), Content: content}
		}
	}
	for _, folder := range []string{"/etc", "/dev", "/proc", "/run", "/sys", "/var"} {
		c.passage(folder)
	}
	for _, folder := range []string{"/tmp", "/var/tmp"} {
		c.entries[folder] = &Entry{Path: folder, Type: tar.TypeDir, Mode: 0o1777}
	}
	if w.Dir != "" && ownFolder(w.Dir) == "" {
		if info, err := os.Stat(w.Dir); err == nil && info.IsDir() {
			_, err := c.follow(w.Dir)
			c.fault(err)
		}
	}
}

// notes say what is not as on this machine.
func (c *collector) notes() []string {
	var notes []string
	if n := len(c.left); n > 0 {
		notes = append(notes, fmt.Sprintf("Left out, since they are neither files nor folders: %s.", some(c.left)))
	}
	if n := c.modules - c.compiled; n > c.modules/10 {
		notes = append(notes, fmt.Sprintf("%d of %d Python modules have no compiled form: every start in an image compiles those that it imports. python -m compileall FOLDER does it once.", n, c.modules))
	}
	return append(notes, c.search.notes()...)
}

// some names the first few of a list.
func some(all []string) string {
	const few = 5
	all = slices.Sorted(maps.Keys(set(all)))
	if more := len(all) - few; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:few], ", "), more)
	}
	return strings.Join(all, ", ")
}

func set(all []string) map[string]bool {
	found := map[string]bool{}
	for _, s := range all {
		found[s] = true
	}
	return found
}
