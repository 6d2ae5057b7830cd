package calibration

import (
	"strings"
	"testing"
	"time"

	"servebench/reports/record"
)

func TestDisturbed(t *testing.T) {
	below := &record.Floor{Rate: 5000, P50: 100 * time.Microsecond}
	for _, tt := range []struct {
		p50   time.Duration
		below *record.Floor
		want  string // "": a floor
	}{
		{2 * time.Millisecond, nil, ""},
		{2*time.Millisecond + 1, nil, "not the load generator's"},
		{300 * time.Microsecond, below, ""},
		{301 * time.Microsecond, below, "p50 301µs, more than 3 times the 100µs at 5000/s"},
		{6710 * time.Microsecond, below, "p50 6.71ms, "},
		{50 * time.Microsecond, below, ""},
	} {
		why := Disturbed(record.Floor{Rate: 7025, P50: tt.p50}, tt.below)
		if (why == "") != (tt.want == "") || !strings.Contains(why, tt.want) {
			t.Errorf("p50 %v above %+v: %q, want %q", tt.p50, tt.below, why, tt.want)
		}
	}
}
