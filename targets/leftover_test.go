package targets_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"servebench/targets"
)

func left(what string, err error) targets.Leftover {
	return targets.Leftover{What: what, Remove: func(context.Context) error { return err }}
}

func TestSweepGoesOnAfterAFault(t *testing.T) {
	unseen, stuck := errors.New("unseen"), errors.New("stuck")
	kind := targets.Kind{Leftovers: func(context.Context) ([]targets.Leftover, error) {
		return []targets.Leftover{left("one", nil), left("two", stuck), left("three", targets.ErrGone), left("four", nil)}, unseen
	}}
	removed, err := kind.Sweep(t.Context())
	if want := []string{"one", "four"}; !slices.Equal(removed, want) {
		t.Errorf("removed %q, want %q", removed, want)
	}
	if !errors.Is(err, unseen) || !errors.Is(err, stuck) || errors.Is(err, targets.ErrGone) || !strings.Contains(err.Error(), "abandoned two") {
		t.Errorf("error %v", err)
	}
}

func TestSweepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	kind := targets.Kind{Leftovers: func(context.Context) ([]targets.Leftover, error) {
		last := targets.Leftover{What: "one", Remove: func(context.Context) error { cancel(); return nil }}
		return []targets.Leftover{last, left("two", nil)}, nil
	}}
	removed, err := kind.Sweep(ctx)
	if !slices.Equal(removed, []string{"one"}) || !errors.Is(err, context.Canceled) {
		t.Errorf("removed %q, %v", removed, err)
	}
}

func TestSweepOfATargetThatLeavesNothing(t *testing.T) {
	if removed, err := (targets.Kind{}).Sweep(t.Context()); removed != nil || err != nil {
		t.Errorf("removed %q, %v", removed, err)
	}
}

// What several targets find is told once; a target that cannot be searched does
// not keep the others from being searched.
func TestFindLeftovers(t *testing.T) {
	finds := func(err error, what ...string) targets.Kind {
		return targets.Kind{Name: "x", Leftovers: func(context.Context) ([]targets.Leftover, error) {
			var found []targets.Leftover
			for _, w := range what {
				found = append(found, targets.Leftover{What: w})
			}
			return found, err
		}}
	}
	fault := errors.New("fault")
	found, err := targets.FindLeftovers(t.Context(), []targets.Kind{finds(nil, "a", "b"), {Name: "none"}, finds(fault, "c"), finds(nil, "b", "d")})
	var names []string
	for _, left := range found {
		names = append(names, left.What)
	}
	if strings.Join(names, "") != "abcd" || !errors.Is(err, fault) {
		t.Errorf("found %q, %v, want a, b, c, d and the fault", names, err)
	}
}
