package oci

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// account is a user as an image's configuration names it.
type account struct {
	specs.User
	home string
}

// lookUp resolves "", "user", "uid", "user:group" and so on by the passwd and
// group files of the unpacked image, as the engines do.
func lookUp(folder, user string) (account, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return account{}, err
	}
	defer root.Close()
	passwd, _ := root.ReadFile("etc/passwd") // an image may have none
	group, _ := root.ReadFile("etc/group")
	return resolve(user, string(passwd), string(group))
}

// resolve does it on the texts of the two files, see passwd(5) and group(5).
func resolve(user, passwd, group string) (account, error) {
	name, groupName, grouped := strings.Cut(user, ":")
	if name == "" {
		name = "0"
	}
	found := account{home: "/"}
	if entry := entryOf(passwd, name, 6); entry != nil {
		uid, err1 := identity(entry[2])
		gid, err2 := identity(entry[3])
		if err1 != nil || err2 != nil {
			return account{}, fmt.Errorf("user %q: the image's /etc/passwd has the ids %q and %q", user, entry[2], entry[3])
		}
		found.UID, found.GID = uid, gid
		if entry[5] != "" {
			found.home = entry[5]
		}
	} else if uid, err := identity(name); err == nil {
		found.UID = uid
	} else {
		return account{}, fmt.Errorf("user %q is not in the image's /etc/passwd", name)
	}
	if !grouped || groupName == "" {
		return found, nil
	}
	id := groupName
	if entry := entryOf(group, groupName, 3); entry != nil {
		id = entry[2]
	}
	gid, err := identity(id)
	if err != nil {
		return account{}, fmt.Errorf("group %q is not in the image's /etc/group", groupName)
	}
	found.GID = gid
	return found, nil
}

// entryOf returns the fields of the line whose name, or number in the third
// field, is the one given, and that has at least so many fields.
func entryOf(text, key string, fields int) []string {
	for line := range strings.Lines(text) {
		entry := strings.Split(strings.TrimSpace(line), ":")
		if len(entry) >= fields && (entry[0] == key || entry[2] == key) {
			return entry
		}
	}
	return nil
}

// identity reads a user's or a group's number.
func identity(text string) (uint32, error) {
	id, err := strconv.ParseUint(text, 10, 31)
	return uint32(id), err
}
