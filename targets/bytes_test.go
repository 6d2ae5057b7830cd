package targets

import (
	"math"
	"strings"
	"testing"
)

func TestBytesString(t *testing.T) {
	for in, want := range map[Bytes]string{
		0: "0B", 1: "1B", 1000: "1000B", KiB: "1KiB", 1536: "1.5KiB", 512 * MiB: "512MiB",
		1536 * MiB: "1.5GiB", 3 * TiB: "3TiB", GiB + 1: "1073741825B", -KiB: "-1024B",
		math.MaxInt64: "9223372036854775807B",
	} {
		if got := in.String(); got != want {
			t.Errorf("Bytes(%d).String() = %q, want %q", int64(in), got, want)
		}
	}
}

func TestParseBytes(t *testing.T) {
	for in, want := range map[string]Bytes{
		"0": 0, "0B": 0, "512MiB": 512 * MiB, " 512 MiB ": 512 * MiB, "1.5GiB": 1536 * MiB,
		"1GB": 1e9, "2kB": 2000, "100B": 100, "0.5KiB": 512, "": -1, "512": -1, "MiB": -1,
		"-1MiB": -1, "1e3B": -1, "1/2KiB": -1, "0.3B": -1, "9999999999TiB": -1, "512mib": -1,
	} {
		got, err := ParseBytes(in)
		switch {
		case want < 0 && err == nil:
			t.Errorf("ParseBytes(%q) = %d, want an error", in, got)
		case want >= 0 && (err != nil || got != want):
			t.Errorf("ParseBytes(%q) = %d, %v, want %d", in, got, err, want)
		case err != nil && !strings.Contains(err.Error(), "size "):
			t.Errorf("ParseBytes(%q): error %q does not quote the value", in, err)
		}
	}
}

func FuzzParseBytes(f *testing.F) {
	for _, seed := range []string{"0", "512MiB", "1.5GiB", "9223372036854775807B", "1..2KiB", "1e9B"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := ParseBytes(s)
		if err != nil {
			return
		}
		if b < 0 {
			t.Fatalf("ParseBytes(%q) = %d, less than 0", s, b)
		}
		if again, err := ParseBytes(b.String()); err != nil || again != b {
			t.Fatalf("ParseBytes(%q) = %d, whose text %q reads as %d, %v", s, b, b, again, err)
		}
	})
}
