package targets

import (
	"os"
	"strings"
)

// Install returns the command that installs a package on this system, by its
// name on Debian and elsewhere, for Unavailable.Fix; "" for a system that is
// not known.
func Install(debian, other string) string {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}
	return installOn(string(text), debian, other)
}

// installOn reads the text of /etc/os-release, see os-release(5): ID names the
// system, ID_LIKE those that it descends from.
func installOn(release, debian, other string) string {
	var family []string
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "ID" || key == "ID_LIKE" {
			family = append(family, strings.Fields(strings.Trim(value, `"'`))...)
		}
	}
	for _, system := range family {
		switch system {
		case "debian", "ubuntu":
			return "apt-get install -y " + debian
		case "fedora", "rhel", "centos":
			return "dnf install -y " + other
		case "alpine":
			return "apk add " + other
		case "arch":
			return "pacman -S --noconfirm " + other
		}
	}
	return ""
}
