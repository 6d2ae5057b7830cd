package targets

import "testing"

func TestInstallOn(t *testing.T) {
	for release, want := range map[string]string{
		"NAME=x\nID=debian\n":                     "apt-get install -y runc",
		"ID=linuxmint\nID_LIKE=\"ubuntu debian\"": "apt-get install -y runc",
		"ID=\"rocky\"\nID_LIKE='rhel fedora'\n":   "dnf install -y crun",
		"ID=alpine":                               "apk add crun",
		"ID=arch":                                 "pacman -S --noconfirm crun",
		"ID=plan9":                                "",
		"":                                        "",
	} {
		if got := installOn(release, "runc", "crun"); got != want {
			t.Errorf("installOn(%q) = %q, want %q", release, got, want)
		}
	}
}
