package v2grpc

import (
	"testing"

	"servebench/generators"
	"servebench/targets/protocol/protocoltest"
)

func TestConformance(t *testing.T) {
	protocoltest.Run(t, protocoltest.Subject{Kind: Kind(), Handler: Handler, Input: "features", Tensors: numeric, Break: func(body []byte) []byte {
		return frame(body[:len(body)-1]) // the length of the frame is right, that of its last tensor is not
	}})
}

// numeric are the datatypes that a model of rows takes.
var numeric = []generators.Datatype{
	generators.BOOL, generators.INT8, generators.INT16, generators.INT32, generators.INT64,
	generators.UINT8, generators.UINT16, generators.UINT32, generators.UINT64, generators.FP32, generators.FP64, generators.FP16, generators.BF16,
}
