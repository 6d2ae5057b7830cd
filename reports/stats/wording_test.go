package stats

import (
	"testing"
	"time"
)

func TestWording(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{FormatDuration(0), "0 ms"},
		{FormatDuration(2414 * time.Microsecond), "2.41 ms"},
		{FormatDuration(130 * time.Microsecond), "130 µs"},
		{FormatDuration(999), "999 ns"},
		{FormatDuration(999700), "1 ms"},
		{FormatDuration(1800 * time.Millisecond), "1.8 s"},
		{FormatDuration(999960 * time.Microsecond), "1 s"},
		{FormatDuration(999 * time.Second), "999 s"},
		{FormatDuration(1000 * time.Second), "16.7 min"},
		{FormatDuration(119 * time.Minute), "119 min"},
		{FormatDuration(2 * time.Hour), "2 h"},
		{FormatDuration(71 * time.Hour), "71 h"},
		{FormatDuration(14400 * time.Minute), "10 days"},
		{FormatDuration(720 * time.Hour), "30 days"},
		{FormatDuration(-2414 * time.Microsecond), "-2.41 ms"},
		{FormatMilliseconds(130 * time.Microsecond), "0.130"},
		{FormatMilliseconds(12345 * time.Millisecond), "12345"},
		{FormatRange(2358*time.Microsecond, 2493*time.Microsecond), "[2.36, 2.49] ms"},
		{FormatRange(900*time.Microsecond, 1100*time.Microsecond), "[0.900, 1.10] ms"},
		{FormatNumber(0), "0"},
		{FormatInterval(9.996, 10.04), "[10.0, 10.0]"},
		{FormatInterval(0.9994, 1), "[0.999, 1.00]"},
		{FormatNumber(0.0012345), "0.00123"},
		{FormatNumber(99.96), "100"},
		{FormatNumber(1234.5), "1234"},
		{FormatRate(199.44), "199.4/s"},
		{FormatRate(200), "200/s"},
		{FormatRate(200012.4), "200012/s"},
		{FormatPercent(0), "0 %"},
		{FormatPercent(0.003), "0.3 %"},
		{FormatPercent(0.00001), "0.001 %"},
		{FormatPercent(0.31415), "31.4 %"},
		{FormatPercent(0.9997), "99.97 %"},
		{FormatPercent(0.99999), "99.999 %"},
		{FormatPercent(0.946), "94.6 %"},
		{FormatPercent(1), "100 %"},
		{FormatPercent(1.0004), "100 %"},
		{FormatPercent(1.25), "125 %"},
		{FormatPercentInterval(0.0021, 0.0044), "[0.21, 0.44] %"},
		{FormatBytes(512), "512 B"},
		{FormatBytes(43300000), "41.3 MiB"},
		{FormatBytes(1 << 50), "1024 TiB"},
		{FormatCount(12000), "12,000"},
		{FormatCount(999), "999"},
		{FormatCount(-1234567), "-1,234,567"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
