package kubernetes

import (
	"errors"
	"testing"

	"servebench/targets"
)

// A repository that is none is a mistake in the option, found before anything is deployed.
func TestReadSettings(t *testing.T) {
	for registry, good := range map[string]bool{"": true, "registry.example/team/bench": true, "127.0.0.1:5999/x": false} {
		_, err := readSettings(map[string]string{"registry": registry})
		wrong, ofOption := errors.AsType[*targets.OptionError](err)
		if (err == nil) != good || !good && (!ofOption || wrong.Option != "registry") {
			t.Errorf("%q: %v", registry, err)
		}
	}
}
