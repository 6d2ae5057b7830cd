package v2_test

import (
	"testing"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/protocoltest"
	"servebench/targets/protocol/v2"
)

func TestConformance(t *testing.T) {
	numeric := []generators.Datatype{
		generators.BOOL, generators.INT8, generators.INT16, generators.INT32, generators.INT64,
		generators.UINT8, generators.UINT16, generators.UINT32, generators.UINT64, generators.FP32, generators.FP64,
	}
	for _, kind := range []protocol.Kind{v2.Kind(), v2.BinaryKind()} {
		t.Run(kind.Name, func(t *testing.T) {
			protocoltest.Run(t, protocoltest.Subject{Kind: kind, Handler: v2.Handler, Input: "features", Tensors: numeric})
		})
	}
}
