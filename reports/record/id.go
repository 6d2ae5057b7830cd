package record

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"time"
)

// NewID names a run so that names sort by time and can be read:
// "20261122-101530-compare-a1b2". The time is UTC; the end is random, so that
// two runs that start in the same second do not meet.
func NewID(created time.Time, scenario string) string {
	name := safe(scenario)
	if name == "" {
		name = "run"
	}
	return fmt.Sprintf("%s-%s-%04x", created.UTC().Format("20060102-150405"), name, rand.Uint32()&0xffff)
}

// cellName is the name of a cell's file without folder and extension:
// "r02-physical-steady", and "r02.1-physical-steady" of a rerun.
// Rounds sort up to 99.
func cellName(v Trial, phase string) string { return trialName(v) + "-" + FileName(phase) }

// trialName is what the names of a trial's files begin with: "r02-physical".
func trialName(v Trial) string {
	pass := fmt.Sprintf("r%02d", v.Round)
	if v.Attempt > 0 {
		pass += fmt.Sprintf(".%d", v.Attempt)
	}
	return pass + "-" + FileName(v.Target)
}

// FileName makes a name safe for a file and keeps two names that differ only in
// what was replaced apart.
func FileName(name string) string {
	clean := safe(name)
	if clean == name && clean != "" {
		return clean
	}
	return fmt.Sprintf("%s_%08x", clean, crc32.ChecksumIEEE([]byte(name)))
}

// safe keeps letters, digits, "-" and "_" of ASCII and up to 40 of them; others
// become "_". A leading dot or dash, a slash, a device name's colon cannot
// appear.
func safe(name string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, name)
	clean = strings.TrimLeft(clean, "-")
	return clean[:min(len(clean), 40)]
}
