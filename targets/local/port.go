package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"servebench/targets"
)

// OnPort calls start with the port that the server is told to listen on, or where that is
// 0 with a free one, as targets.OnFreePort does. A port asked for that another process
// has is an error that names the process, and no other port is tried.
func OnPort(ctx context.Context, port int, start func(port int) (*targets.Deployment, error)) (*targets.Deployment, error) {
	if port == 0 {
		return targets.OnFreePort(ctx, targets.Loopback, start)
	}
	if targets.PortTaken(targets.Loopback, port) {
		return nil, taken(port)
	}
	d, err := start(port)
	if errors.Is(err, targets.ErrPortTaken) && targets.PortTaken(targets.Loopback, port) {
		return nil, fmt.Errorf("%w; %w", taken(port), err)
	}
	return d, err
}

// taken says who has the port.
func taken(port int) error {
	who := cmp.Or(holder(port), "another process")
	return fmt.Errorf("%s listens on port %d, which the server is to listen on: end it, or choose another port with workload.port", who, port)
}
