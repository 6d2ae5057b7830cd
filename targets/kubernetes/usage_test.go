package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"servebench/targets/kubernetes/api"
)

// TestRanSince: a pod that ended counts in the interval of its end, whether its object stays or
// not, and in no later one.
func TestRanSince(t *testing.T) {
	const running, terminated = `[{"name": "server", "state": {"running": {}}}]`, `[{"name": "server", "state": {"terminated": {"exitCode": 1}}}]`
	change := func(kind, phase, statuses string) api.Change {
		return api.Change{Type: kind, Object: json.RawMessage(fmt.Sprintf(`{"metadata": {"name": "p"}, "status": {"phase": %q, "containerStatuses": %s}}`, phase, statuses))}
	}
	over, end := context.WithCancel(t.Context())
	end()
	began := change("ADDED", "Running", running)
	empty := clusterWithout(t, func() {})
	for name, c := range map[string]struct {
		changes []api.Change
		now     bool // it ran in the interval of the changes
		later   bool // and in the next
	}{
		"runs":                          {[]api.Change{began}, true, true},
		"is made":                       {[]api.Change{change("ADDED", "Pending", "[]")}, false, false},
		"failed":                        {[]api.Change{began, change("MODIFIED", "Failed", terminated)}, true, false},
		"evicted, without a status":     {[]api.Change{began, change("MODIFIED", "Failed", "[]")}, true, false},
		"evicted before it ran":         {[]api.Change{change("ADDED", "Failed", "[]")}, false, false},
		"ended, to be started again":    {[]api.Change{began, change("MODIFIED", "Running", terminated)}, true, true},
		"removed":                       {[]api.Change{began, change("DELETED", "Running", running)}, true, false},
		"failed, and was removed later": {[]api.Change{began, change("MODIFIED", "Failed", terminated), change("DELETED", "Failed", terminated)}, true, false},
	} {
		o := newObserver(&run{cluster: empty}, server{})
		o.ready, o.lasts = true, true
		o.living = over
		before := time.Now()
		for _, is := range c.changes {
			o.seePod(is)
		}
		time.Sleep(time.Millisecond)
		if now, later := slices.Contains(o.ranSince(before), "p"), slices.Contains(o.ranSince(time.Now()), "p"); now != c.now || later != c.later {
			t.Errorf("%s: ran %t, and later %t; want %t and %t", name, now, later, c.now, c.later)
		}
	}
}
