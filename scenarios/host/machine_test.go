package host

import "testing"

func TestNature(t *testing.T) {
	for text, want := range map[string]string{
		"processor\t: 0\nflags\t\t: fpu hypervisor lm\n": "a virtual machine",
		"flags\t\t: fpu vme lm\n":                        "bare metal",
		"flags\t\t: fpu hypervisors\n":                   "bare metal",
		"Features\t: fp asimd\n":                         "not known whether bare metal or a virtual machine",
		"":                                               "not known whether bare metal or a virtual machine",
	} {
		if got := nature(text); got != want {
			t.Errorf("nature(%q) = %q, want %q", text, got, want)
		}
	}
}
