// Package v2grpc is the Open Inference Protocol V2 over gRPC, as Triton, KServe and
// MLServer speak it: the service inference.GRPCInferenceService. It holds both sides: Kind
// is the client, which makes unary calls of requests over HTTP/2; Handler is the
// server. The messages are read and written field by field, by the numbers that the
// protocol gives them.
package v2grpc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/tensors"

	"google.golang.org/grpc/codes"
)

const service = "inference.GRPCInferenceService"

// Kind is the protocol's entry in the list of protocols.
func Kind() protocol.Kind {
	return protocol.Kind{
		Name:     "v2-grpc",
		Doc:      "Open Inference Protocol V2 over gRPC, as in Triton, KServe and MLServer.",
		Ready:    "/" + service + "/ServerReady",
		HTTP2:    true,
		Discover: discover,
		Open:     open,
	}
}

type client struct{ protocol.Config }

func open(cfg protocol.Config) (protocol.Protocol, error) {
	if cfg.Model == "" {
		return nil, errors.New("open protocol v2-grpc: the model has no name")
	}
	return client{cfg}, nil
}

// Encode asks for the label and the probabilities of each example, with the data as raw
// bytes.
func (c client) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	inputs, err := tensors.Inputs(c.Config, batch)
	if err != nil {
		return protocol.Request{}, fmt.Errorf("encode: %w", err)
	}
	call := inference{model: c.Model, id: id, tensors: inputs, asked: tensors.Wanted(c.Config)}
	return protocol.Request{
		Method: http.MethodPost,
		Path:   "/" + service + "/ModelInfer",
		Header: http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}},
		Body:   frame(call.appendTo(make([]byte, framePrefix), rawInputs)),
	}, nil
}

// framePrefix is what a message of gRPC begins with: whether it is compressed, and its
// length in four bytes.
const framePrefix = 5

// frame fills in the prefix of a message that has room for it.
func frame(message []byte) []byte {
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-framePrefix))
	return message
}

// unframe returns the one message of a body.
func unframe(body []byte) ([]byte, error) {
	if len(body) < framePrefix {
		return nil, fmt.Errorf("the body has %d bytes, want a gRPC message", len(body))
	}
	if body[0] != 0 {
		return nil, errors.New("the message is compressed, which was not asked for")
	}
	size := binary.BigEndian.Uint32(body[1:])
	if int64(size) != int64(len(body)-framePrefix) {
		return nil, fmt.Errorf("the message says that it has %d bytes, got %d", size, len(body)-framePrefix)
	}
	return body[framePrefix:], nil
}

// Accepts reports whether a response may hold an answer: gRPC's status is in the trailer.
func (client) Accepts(status int) bool { return status == http.StatusOK }

// Failure reads the status of the call.
func (client) Failure(r protocol.Response) protocol.Failure {
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/grpc") {
		return protocol.Failure{} // which Decode says
	}
	from := r.Trailer
	if from.Get("Grpc-Status") == "" {
		from = r.Header // of a response without a body
	}
	status := from.Get("Grpc-Status")
	if status == "0" {
		return protocol.Failure{}
	}
	text, err := url.PathUnescape(from.Get("Grpc-Message"))
	if err != nil {
		text = from.Get("Grpc-Message")
	}
	text = fmt.Sprintf("%.500s", text)
	if status == "" {
		return protocol.Failure{Class: "gRPC without status", Text: "the response ended without a grpc-status in its trailer", Status: http.StatusBadGateway}
	}
	if code, err := strconv.ParseUint(status, 10, 8); err == nil && code < uint64(len(codeNames)) {
		return protocol.Failure{Class: "gRPC " + codeNames[code], Text: text, Status: statusOf(codes.Code(code))}
	}
	return protocol.Failure{Class: "gRPC unknown status", Text: fmt.Sprintf("grpc-status %.20q: %s", status, text), Status: http.StatusInternalServerError}
}

// statusOf is the status of HTTP that says what one of gRPC does, as google.rpc.Code
// describes them.
func statusOf(code codes.Code) int {
	switch code {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange:
		return http.StatusBadRequest
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.NotFound:
		return http.StatusNotFound
	case codes.AlreadyExists, codes.Aborted:
		return http.StatusConflict
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.Unimplemented:
		return http.StatusNotImplemented
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// codeNames are gRPC's names of its statuses.
var codeNames = [...]string{
	codes.OK: "OK", codes.Canceled: "CANCELLED", codes.Unknown: "UNKNOWN", codes.InvalidArgument: "INVALID_ARGUMENT",
	codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
	codes.PermissionDenied: "PERMISSION_DENIED", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
	codes.FailedPrecondition: "FAILED_PRECONDITION", codes.Aborted: "ABORTED", codes.OutOfRange: "OUT_OF_RANGE",
	codes.Unimplemented: "UNIMPLEMENTED", codes.Internal: "INTERNAL", codes.Unavailable: "UNAVAILABLE",
	codes.DataLoss: "DATA_LOSS", codes.Unauthenticated: "UNAUTHENTICATED",
}

// Decode reads the outputs, raw or typed.
func (c client) Decode(r protocol.Response) (protocol.Reply, error) {
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/grpc") {
		return protocol.Reply{}, fmt.Errorf("decode: the response has the Content-Type %.60q, want application/grpc", kind)
	}
	message, err := unframe(r.Body)
	if err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	var reply inference
	if err := reply.read(message, rawOutputs); err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	answers, err := tensors.Answers(reply.tensors, c.Config)
	if err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	return protocol.Reply{ID: reply.id, Answers: answers}, nil
}
