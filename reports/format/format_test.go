package format

import (
	"testing"
	"time"
)

func TestWording(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Duration(0), "0 ms"},
		{Duration(2414 * time.Microsecond), "2.41 ms"},
		{Duration(130 * time.Microsecond), "130 µs"},
		{Duration(999), "999 ns"},
		{Duration(999700), "1 ms"},
		{Duration(1800 * time.Millisecond), "1.8 s"},
		{Duration(999960 * time.Microsecond), "1 s"},
		{Duration(999 * time.Second), "999 s"},
		{Duration(1000 * time.Second), "16.7 min"},
		{Duration(119 * time.Minute), "119 min"},
		{Duration(2 * time.Hour), "2 h"},
		{Duration(71 * time.Hour), "71 h"},
		{Duration(14400 * time.Minute), "10 days"},
		{Duration(720 * time.Hour), "30 days"},
		{Duration(-2414 * time.Microsecond), "-2.41 ms"},
		{Milliseconds(130 * time.Microsecond), "0.130"},
		{Milliseconds(12345 * time.Millisecond), "12345"},
		{Range(2358*time.Microsecond, 2493*time.Microsecond), "[2.36, 2.49] ms"},
		{Range(900*time.Microsecond, 1100*time.Microsecond), "[0.900, 1.10] ms"},
		{DurationWithin(1890*time.Microsecond, 1840*time.Microsecond, 1960*time.Microsecond), "1.89 [1.84, 1.96] ms"},
		{DurationWithin(992*time.Microsecond, 968*time.Microsecond, 1020*time.Microsecond), "992 µs [0.968, 1.02] ms"},
		{DurationWithin(0, 0, 1020*time.Microsecond), "0 ms [0, 1.02] ms"},
		{Number(0), "0"},
		{Interval(9.996, 10.04), "[10.0, 10.0]"},
		{Interval(0.9994, 1), "[0.999, 1.00]"},
		{Number(0.0012345), "0.00123"},
		{Number(99.96), "100"},
		{Number(1234.5), "1234"},
		{Rate(199.44), "199.4/s"},
		{Rate(200), "200/s"},
		{Rate(0), "0/s"},
		{Rate(0.5), "0.5/s"},
		{Rate(0.0001157), "0.00012/s"},
		{Rate(200012.4), "200012/s"},
		{Percent(0), "0 %"},
		{Percent(0.003), "0.3 %"},
		{Percent(0.00001), "0.001 %"},
		{Percent(0.31415), "31.4 %"},
		{Percent(0.9997), "99.97 %"},
		{Percent(0.99999), "99.999 %"},
		{Percent(0.946), "94.6 %"},
		{Percent(1), "100 %"},
		{Percent(1.0004), "100 %"},
		{Percent(1.25), "125 %"},
		{PercentInterval(0.0021, 0.0044), "[0.21, 0.44] %"},
		{PercentWithin(0.003, 0.0021, 0.0044), "0.3 [0.21, 0.44] %"},
		{Change(1.121), "+12.1 %"},
		{Change(0.995), "−0.5 %"},
		{Change(1.9994), "+99.9 %"},
		{Change(1.9996), "+100 %"},
		{Change(10.994), "+999 %"},
		{Change(10.996), "+1,000 %"},
		{Change(498.451), "+49,700 %"},
		{Change(1e20), "+1.00e+22 %"},
		{Difference(498.451), "49,700 %"},
		{Bytes(512), "512 B"},
		{Bytes(43300000), "41.3 MiB"},
		{Bytes(1 << 50), "1024 TiB"},
		{Count(12000), "12,000"},
		{Count(999), "999"},
		{Count(-1234567), "-1,234,567"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
