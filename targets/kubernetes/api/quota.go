package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Quota is what a ResourceQuota says.
type Quota struct {
	Metadata struct{ Name string }
	Status   struct{ Hard, Used map[string]string }
}

// Quotas are those of a namespace; none where it is "", or the user may not see them.
func (c *Client) Quotas(ctx context.Context, namespace string) []Quota {
	var found struct{ Items []Quota }
	if namespace == "" || c.Get(ctx, Path("resourcequotas", namespace), nil, &found) != nil {
		return nil
	}
	return found.Items
}

// String is how much of each resource is used.
func (q Quota) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(q.Status.Hard)) {
		parts = append(parts, fmt.Sprintf("%s %s of %s used", name, q.Status.Used[name], q.Status.Hard[name]))
	}
	return strings.Join(parts, ", ")
}

// Short names what less is left of than is needed, by the names of resources, and how much of
// it is used.
func (q Quota) Short(needed map[string]float64) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(needed)) {
		hard, err1 := Quantity(q.Status.Hard[name])
		used, err2 := Quantity(q.Status.Used[name])
		if err1 == nil && err2 == nil && hard-used < needed[name] {
			all = append(all, fmt.Sprintf("%s (%s of %s)", name, q.Status.Used[name], q.Status.Hard[name]))
		}
	}
	return all
}

// Counted are the resources that a quota bounds, sorted by name.
func (q Quota) Counted() []string { return slices.Sorted(maps.Keys(q.Status.Hard)) }
