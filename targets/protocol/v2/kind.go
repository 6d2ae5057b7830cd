// Package v2 is the Open Inference Protocol V2 over REST with JSON tensors, as
// KServe and Triton speak it. It holds both sides: Kind is the client, which
// turns examples into requests and responses into answers; Handler is the
// server, which the reference inference server mounts. The two share one
// scanner and one set of rules, and the tests run them against each other.
//
// A model takes one input tensor, features [rows, features], and offers the
// outputs label (INT64), probability (FP32, of class 1) and class (BYTES), each
// [rows]. The client also reads what other servers call their outputs, where it has
// one meaning. The binary tensor extension is not supported.
package v2

import "servebench/targets/protocol"

// Kind is the protocol's entry in the list of protocols.
func Kind() protocol.Kind {
	return protocol.Kind{
		Name:  "v2",
		Doc:   "Open Inference Protocol V2 over REST with JSON tensors, as KServe and Triton speak it.",
		Ready: "/v2/health/ready",
		Open:  open,
	}
}
