package targets

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Account is the Usage of a deployment whose counters can only be read as they are
// now: it keeps what they were at the end of each interval, where the next may begin.
type Account struct {
	// Read reads the counters, which have risen since the deployment started.
	Read func(ctx context.Context) (Usage, error)

	mu       sync.Mutex
	readings map[time.Time]Usage
}

// Usage implements Instance.
func (a *Account) Usage(ctx context.Context, from, to time.Time) (Usage, error) {
	now, err := a.Read(ctx)
	if err != nil {
		return Usage{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	before, known := a.readings[from]
	if !known && !from.IsZero() {
		return Usage{}, fmt.Errorf("the usage at %s was not read", from.Format(time.RFC3339Nano))
	}
	if a.readings == nil {
		a.readings = map[time.Time]Usage{}
	}
	a.readings[to] = now
	return now.since(before), nil
}

// since is what was used after an earlier reading.
func (u Usage) since(before Usage) Usage {
	spent := Usage{CPU: u.CPU - before.CPU, Resident: u.Resident}
	for _, m := range u.Meters {
		for _, was := range before.Meters {
			if was.Name == m.Name {
				m.Value -= was.Value
			}
		}
		spent.Meters = append(spent.Meters, m)
	}
	return spent
}
