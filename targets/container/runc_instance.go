package container

import (
	"context"
	"errors"
	"sync"

	"servebench/targets/local"
	"servebench/targets/oci"
)

// runcInstance is a container without an engine, the only one of its root
// folder. Done, Err and Usage are the container's own.
type runcInstance struct {
	*oci.Container
	root *oci.Root
	once sync.Once
	err  error // of Close
}

// Close stops the server and removes the container and the unpacked image.
func (i *runcInstance) Close(ctx context.Context) error {
	i.once.Do(func() {
		i.Stop(ctx, local.Grace)
		i.err = errors.Join(i.Remove(), i.root.Remove())
	})
	return i.err
}
