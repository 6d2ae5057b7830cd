package api

import (
	"context"
	"strings"
	"sync"
)

// Right is something to be allowed to do.
type Right struct {
	Verb, Kind string // as of Path
}

func (r Right) String() string {
	resource, _, _ := strings.Cut(r.Kind, ".")
	return r.Verb + " " + resource
}

// Rights are those to do all that to the objects of a kind.
func Rights(kind string, verbs ...string) []Right {
	var all []Right
	for _, verb := range verbs {
		all = append(all, Right{verb, kind})
	}
	return all
}

// Lacking returns the rights that the context's user does not have.
func (c *Client) Lacking(ctx context.Context, namespace string, rights []Right) ([]string, error) {
	allowed, failed := make([]bool, len(rights)), make([]error, len(rights))
	var asking sync.WaitGroup
	for i, r := range rights {
		asking.Go(func() { allowed[i], failed[i] = c.may(ctx, namespace, r) })
	}
	asking.Wait()
	var lacks []string
	for i, r := range rights {
		if failed[i] != nil {
			return nil, failed[i]
		}
		if !allowed[i] {
			lacks = append(lacks, r.String())
		}
	}
	return lacks, nil
}

// may asks whether the context's user may do something.
func (c *Client) may(ctx context.Context, namespace string, r Right) (bool, error) {
	resource, versioned, _ := strings.Cut(r.Kind, ".")
	group, _, _ := strings.Cut(versioned, "/")
	resource, sub, _ := strings.Cut(resource, "/")
	review := map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
		"spec": map[string]any{"resourceAttributes": map[string]any{"namespace": namespace, "verb": r.Verb, "group": group, "resource": resource, "subresource": sub}},
	}
	var answer struct{ Status struct{ Allowed bool } }
	err := c.Create(ctx, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, &answer)
	return answer.Status.Allowed, err
}
