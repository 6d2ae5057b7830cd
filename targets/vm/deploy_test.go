package vm

import (
	"errors"
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/vm/guest"
)

func TestMemoryFact(t *testing.T) {
	const mib = targets.MiB
	for name, c := range map[string]struct {
		want, got targets.Bytes
		fault     string
		value     string
		unequal   bool
	}{
		"enforced":        {64 * mib, 64 * mib, "", "64MiB", false},
		"rounded":         {64*mib + 5, 64 * mib, "", "67108869B", false},
		"not enforceable": {64 * mib, 0, "no controller", "64MiB, not enforced: no controller", true},
		"less":            {64 * mib, 32 * mib, "", "32MiB in force, asked for 64MiB", true},
		"none":            {0, 0, "", "none asked for; the guest's 512MiB bound the server with everything else in it", true},
	} {
		want := record.Fact{Name: "memory limit", Value: c.value, Unequal: c.unequal}
		if got := memoryFact(c.want, 512*mib, c.got, c.fault); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// Emulation makes figures that are not to be compared unsaid.
func TestAccelerationFact(t *testing.T) {
	if f := (acceleration{name: kvm, reason: "as asked for"}).fact(); f.Name != "acceleration" || f.Unequal || f.Value != "KVM, as asked for" {
		t.Errorf("%+v", f)
	}
	if f := (acceleration{name: tcg, reason: "because there is no KVM here"}).fact(); !f.Unequal || !strings.HasPrefix(f.Value, "TCG (software emulation), because") {
		t.Errorf("%+v", f)
	}
}

// A guest that was late is told from one that was not let run.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		with, event string
		used        time.Duration
		words       []string
	}{
		"emulated":          {tcg, guest.Listening, 59 * time.Second, []string{"QEMU ran for 59s of 1m0s", "emulated", "workload.start_timeout"}},
		"emulated and idle": {tcg, guest.Listening, 3 * time.Second, []string{"QEMU ran for 3s of 1m0s: the server waits for something", "limits.cpus"}},
		"emulated and kept": {tcg, guest.Booted, 3 * time.Second, []string{"QEMU ran for 3s of 1m0s: the guest got too little"}},
		"on the machine":    {kvm, guest.Listening, 3 * time.Second, []string{"QEMU ran for 3s of 1m0s"}},
	} {
		got := (acceleration{name: c.with}).patience(c.event, c.used, time.Minute)
		for _, word := range c.words {
			if !strings.Contains(got, word) {
				t.Errorf("%s: %q does not say %q", name, got, word)
			}
		}
	}
}

func TestBrief(t *testing.T) {
	if got := brief(errors.New("one\n\ttwo  three")); got != "one two three" {
		t.Errorf("brief = %q", got)
	}
	if got := []rune(brief(errors.New(strings.Repeat("é", 500)))); len(got) != 161 || got[160] != '…' {
		t.Errorf("brief has %d characters", len(got))
	}
}

func TestGuestMemory(t *testing.T) {
	if got := guestMemory(387*targets.MiB, 256*targets.MiB); !strings.Contains(got, "387MiB") || !strings.Contains(got, "131MiB") {
		t.Errorf("%q says not both", got)
	}
	if got := guestMemory(512*targets.MiB, 0); !strings.HasPrefix(got, "512MiB") {
		t.Errorf("%q", got)
	}
}

// A clock that is coarse or slow to read changes what a server does.
func TestClockFact(t *testing.T) {
	for clock, unequal := range map[string]bool{"tsc": false, "tsc-early": false, "kvm-clock": false, "refined-jiffies": true, "hpet": true, "": true} {
		for _, f := range bootFacts(0, clock) {
			if f.Name == "guest clock" && (f.Value != clock || f.Unequal != unequal) {
				t.Errorf("clock %q: %+v", clock, f)
			}
		}
	}
}
