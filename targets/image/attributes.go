package image

import (
	"archive/tar"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// attributePrefix begins the records of an archive that hold extended attributes.
const attributePrefix = "SCHILY.xattr."

// capabilityName is the attribute that gives a program capabilities.
const capabilityName = "security.capability"

// keepsAttribute reports whether a file gets an extended attribute of that name: its
// capabilities, and what users set. Others are for a system that is not this one, and
// some would change what an overlay shows.
func keepsAttribute(name string) bool {
	return name == capabilityName || strings.HasPrefix(name, "user.") && !strings.HasPrefix(name, "user.overlay.")
}

// attributes counts the files of an image that have extended attributes.
type attributes struct {
	capable int            // files that got capabilities
	first   string         // one of them
	left    map[string]int // by the names that were left out
}

// set gives a new file the attributes of its entry. One that cannot be set is left out.
func (a *attributes) set(f *os.File, header *tar.Header) {
	for record, value := range header.PAXRecords {
		name, is := strings.CutPrefix(record, attributePrefix)
		switch {
		case !is:
		case !keepsAttribute(name) || unix.Fsetxattr(int(f.Fd()), name, []byte(value), 0) != nil:
			a.leave(name)
		case name == capabilityName:
			if a.capable++; a.capable == 1 {
				a.first = header.Name
			}
		}
	}
}

// mostNamed is how many names of attributes are told.
const mostNamed = 5

func (a *attributes) leave(name string) {
	if a.left == nil {
		a.left = map[string]int{}
	}
	if _, known := a.left[name]; !known && len(a.left) >= mostNamed {
		name = "others"
	}
	a.left[name]++
}

// notes say what became of them.
func (a *attributes) notes() []string {
	var notes []string
	if a.capable > 0 {
		notes = append(notes, fmt.Sprintf("Capabilities of its programs (/%s and %d more) have no effect: no server gets new privileges.", strings.TrimPrefix(a.first, "/"), a.capable-1))
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a.left)) {
		names = append(names, fmt.Sprintf("%.100q (%d files)", name, a.left[name]))
	}
	if len(names) > 0 {
		notes = append(notes, "Extended attributes that its unpacked files lack: "+strings.Join(names, ", ")+".")
	}
	return notes
}
