package v2grpc

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"servebench/generators"
	"servebench/targets/protocol"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// timed is a request of one row with the parameter timeout in a field of InferParameter.
func timed(field protowire.Number, micros uint64) []byte {
	r := inference{model: "m", tensors: []generators.Tensor{generators.Float32s("features", []int64{1, 1}, []float32{1})}}
	value := protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), micros)
	entry := appendMessage(appendText(nil, 1, "timeout"), 2, value)
	return appendMessage(r.appendTo(nil, rawInputs), 4, entry)
}

// TestDeadlineOfARequest: the parameter timeout bounds how long a request waits, and a queue's
// refusals have gRPC's codes.
func TestDeadlineOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := false
		m := &protocol.Served{
			Model: protocol.Model{Name: "m", Schema: generators.Schema{Classes: []string{"no", "yes"}}},
			Queue: func(ctx context.Context, dst, _ []float32, _ int, _ *protocol.Inference) ([]float32, error) {
				if full {
					return dst, &protocol.Refusal{Status: http.StatusTooManyRequests, Text: "full"}
				}
				<-ctx.Done()
				return dst, &protocol.Refusal{Status: http.StatusGatewayTimeout, Text: "too late"}
			},
		}
		h := &handler{service: protocol.Service{Models: protocol.NewRegistry(m)}}
		start := time.Now()
		if _, err := h.infer(t.Context(), timed(2, 5000)); status.Code(err) != codes.DeadlineExceeded || time.Since(start) != 5*time.Millisecond {
			t.Errorf("got %v after %v, want DeadlineExceeded after 5ms", err, time.Since(start))
		}
		full = true
		if _, err := h.infer(t.Context(), timed(2, 0)); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("got %v, want ResourceExhausted", err)
		}
		for _, request := range [][]byte{timed(1, 1), timed(2, 1<<63)} {
			if _, err := h.infer(t.Context(), request); status.Code(err) != codes.InvalidArgument {
				t.Errorf("got %v, want InvalidArgument", err)
			}
		}
	})
}
