package endpoint

import (
	"context"
	"errors"
	"sync"
	"time"

	"servebench/targets"
)

// instance stands for a server that is not ours.
type instance struct {
	once sync.Once
	done chan struct{}
}

// Usage fails: nothing is known of the server's process, or even its machine.
func (*instance) Usage(context.Context, time.Time, time.Time) (targets.Usage, error) {
	return targets.Usage{}, errors.New("the usage of a server that runs already is not known")
}

// Done is closed by Close alone: whether the server ended is for its answers to
// show.
func (i *instance) Done() <-chan struct{} { return i.done }

// Err is always nil.
func (*instance) Err() error { return nil }

// Close leaves the server as it is.
func (i *instance) Close(context.Context) error {
	i.once.Do(func() { close(i.done) })
	return nil
}
