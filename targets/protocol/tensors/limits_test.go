package tensors

import (
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
)

// TestRowsNamesFewFaults reads many inputs of a wrong name, whose error must not grow with them.
func TestRowsNamesFewFaults(t *testing.T) {
	_, _, err := Rows(nil, make([]generators.Tensor, 1000), &protocol.Served{})
	if err == nil || len(err.Error()) > 1000 {
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
}
