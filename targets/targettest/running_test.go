package targettest

import (
	"strings"
	"testing"

	"servebench/reports/record"
	"servebench/targets"
)

func TestCheckStages(t *testing.T) {
	for name, c := range map[string]struct {
		stages []record.Stage
		want   string // in the error; "" for none
	}{
		"all three":   {[]record.Stage{{Name: targets.Started, At: 1}, {Name: targets.Listening, At: 2}, {Name: targets.Ready, At: 2}}, ""},
		"ready alone": {[]record.Stage{{Name: targets.Ready, At: 2}}, ""},
		"none":        {nil, "no stages"},
		"no ready":    {[]record.Stage{{Name: targets.Started, At: 1}}, `"started"`},
		"not ascending": {
			[]record.Stage{{Name: targets.Started, At: 3}, {Name: targets.Ready, At: 2}}, "ready at 2ns is before",
		},
		"before the beginning": {[]record.Stage{{Name: targets.Ready, At: -1}}, "ready at -1ns is before"},
	} {
		err := checkStages(c.stages)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
