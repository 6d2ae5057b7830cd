package local

import (
	"strconv"

	"servebench/targets"
)

// processorsFact says which GOMAXPROCS the server was handed.
func processorsFact(want targets.Limits) targets.Fact {
	if n := want.Processors(); n > 0 {
		return targets.Fact{Name: "GOMAXPROCS", Value: strconv.Itoa(n)}
	}
	return targets.Fact{Name: "GOMAXPROCS", Value: "not set"}
}
