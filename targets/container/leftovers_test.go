package container

import (
	"errors"
	"testing"

	"servebench/targets"

	"github.com/containerd/errdefs"
)

// Where there is no engine, nothing of it can be left.
func TestNothingIsLeftWithoutAnyEngine(t *testing.T) {
	nothing(t)
	if found, err := inEngine(t.Context()); len(found) > 0 || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestGone(t *testing.T) {
	fault := errors.New("fault")
	for name, c := range map[string]struct{ err, want error }{
		"removed":                 {nil, nil},
		"gone meanwhile":          {errdefs.ErrNotFound, targets.ErrGone},
		"being removed meanwhile": {errdefs.ErrConflict.WithMessage("removal of container x is already in progress"), targets.ErrGone},
		"in use":                  {errdefs.ErrConflict.WithMessage("image is in use"), errdefs.ErrConflict},
		"fault":                   {fault, fault},
	} {
		if err := gone(t.Context(), c.err); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
