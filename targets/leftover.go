package targets

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
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

// leftoverWait bounds the search for what was left on one target.
const leftoverWait = 20 * time.Second

// FindLeftovers finds what killed servebenches left on the targets, each thing
// once: what several targets make, such as a cgroup, does not tell which of them
// it was.
func FindLeftovers(ctx context.Context, kinds []Kind) ([]Leftover, error) {
	var all []Leftover
	var faults []error
	seen := map[string]bool{}
	found, errs := make([][]Leftover, len(kinds)), make([]error, len(kinds))
	var looking sync.WaitGroup
	for i, kind := range kinds {
		looking.Go(func() { found[i], errs[i] = kind.leftovers(ctx) })
	}
	looking.Wait()
	for i, kind := range kinds {
		if errs[i] != nil {
			faults = append(faults, fmt.Errorf("look for what was left on %s: %w", kind.Name, errs[i]))
		}
		for _, left := range found[i] {
			if !seen[left.What] {
				seen[left.What] = true
				all = append(all, left)
			}
		}
	}
	return all, errors.Join(faults...)
}

func (k Kind) leftovers(ctx context.Context) ([]Leftover, error) {
	if k.Leftovers == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, leftoverWait)
	defer cancel()
	return k.Leftovers(ctx)
}
