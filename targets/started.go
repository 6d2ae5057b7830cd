package targets

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// portAttempts is how often a start is tried whose port another process took.
const portAttempts = 3

// ErrPortTaken says that another process took the port that was chosen for the
// server before the server had it.
var ErrPortTaken = errors.New("another process took the port chosen for the server")

// OnFreePort chooses a port for the server and calls start with it, and once
// more with another port when start fails with ErrPortTaken.
func OnFreePort(ctx context.Context, host string, start func(port int) (*Deployment, error)) (*Deployment, error) {
	for attempt := 1; ; attempt++ {
		port, err := FreePort(host)
		if err != nil {
			return nil, err
		}
		d, err := start(port)
		if errors.Is(err, ErrPortTaken) && attempt < portAttempts && ctx.Err() == nil {
			continue
		}
		if err == nil && attempt > 1 {
			d.Facts = append(d.Facts, Fact{Name: "start", Value: fmt.Sprintf("attempt %d; another process took the port of those before, and the stages are of the last one", attempt)})
		}
		return d, err
	}
}

// Stages returns the stages of a start that Probe.Wait went on with.
func Stages(began, started time.Time, waited []Stage) []Stage {
	return append([]Stage{{Started, started.Sub(began)}}, waited...)
}
