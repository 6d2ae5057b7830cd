package container

import (
	"context"

	"servebench/targets"
)

func (t target) onRunc(ctx context.Context, w targets.Workload) (*targets.Deployment, error) {
	panic("later")
}
