package targets

import (
	"context"
	"errors"
	"fmt"
)

// Leftover is one thing that a killed servebench left.
type Leftover struct {
	What string // "container servebench-123-4567-4026531836-0a1b"
	// Remove removes it and ends what runs of it. ErrGone: somebody else did
	// so meanwhile.
	Remove func(ctx context.Context) error
}

// ErrGone says that something to remove was no longer there.
var ErrGone = errors.New("already gone")

// Sweep removes a target's Leftovers. It returns a line for each thing that it
// removed, and goes on after a fault, until ctx ends.
func (k Kind) Sweep(ctx context.Context) ([]string, error) {
	if k.Leftovers == nil {
		return nil, nil
	}
	found, err := k.Leftovers(ctx)
	failed := []error{err}
	var removed []string
	for _, left := range found {
		if ctx.Err() != nil {
			failed = append(failed, context.Cause(ctx))
			break
		}
		switch err := left.Remove(ctx); {
		case err == nil:
			removed = append(removed, left.What)
		case !errors.Is(err, ErrGone):
			failed = append(failed, fmt.Errorf("remove the abandoned %s: %w", left.What, err))
		}
	}
	return removed, errors.Join(failed...)
}
