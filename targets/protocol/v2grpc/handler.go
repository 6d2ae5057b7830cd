package v2grpc

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"servebench/targets/protocol"
	"servebench/targets/protocol/tensors"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // requests may be compressed
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
)

// Patterns are the paths of the service, for http.ServeMux.
func Patterns() []string { return []string{"/" + service + "/"} }

// Handler serves the calls ServerLive, ServerReady, ServerMetadata, ModelReady, ModelMetadata,
// ModelInfer, RepositoryIndex, RepositoryModelLoad and RepositoryModelUnload. A request at fault gets INVALID_ARGUMENT, an unknown model
// NOT_FOUND, a model's bad answer INTERNAL, a message beyond MaxBody RESOURCE_EXHAUSTED.
// Limiting the body is up to the caller.
func Handler(s protocol.Service) http.Handler {
	h := &handler{service: s}
	most := math.MaxInt32 // gRPC's own default for requests is 4 MiB
	if s.MaxBody > 0 {
		most = int(min(s.MaxBody-framePrefix, math.MaxInt32)) // said by the status, where a body that is cut off is no message
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.MaxRecvMsgSize(most), grpc.MaxSendMsgSize(math.MaxInt32))
	desc := &grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil)}
	desc.Methods = append(desc.Methods, unary("ModelInfer", h.infer))
	for name, call := range map[string]func([]byte) ([]byte, error){
		"ServerLive":            func([]byte) ([]byte, error) { return appendTrue(nil, 1, true), nil },
		"ServerReady":           func([]byte) ([]byte, error) { return appendTrue(nil, 1, h.ready()), nil },
		"ServerMetadata":        h.serverMetadata,
		"RepositoryIndex":       h.index,
		"ModelReady":            h.modelReady,
		"ModelMetadata":         h.modelMetadata,
		"RepositoryModelLoad":   func(request []byte) ([]byte, error) { return h.change(request, true) },
		"RepositoryModelUnload": func(request []byte) ([]byte, error) { return h.change(request, false) },
	} {
		desc.Methods = append(desc.Methods, unary(name, func(_ context.Context, request []byte) ([]byte, error) { return call(request) }))
	}
	desc.Methods = append(desc.Methods, unary("ModelInfer", h.infer))
	server.RegisterService(desc, nil)
	return server
}

// unary is a method whose messages are bytes.
func unary(name string, call func(context.Context, []byte) ([]byte, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		var request []byte
		if err := decode(&request); err != nil {
			return nil, err
		}
		return call(ctx, request)
	}}
}

// rawCodec passes messages on as bytes.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

type handler struct{ service protocol.Service }

func (h *handler) ready() bool { return h.service.Ready == nil || h.service.Ready() }

func (h *handler) serverMetadata([]byte) ([]byte, error) {
	return appendText(appendText(nil, 1, h.service.Name), 2, h.service.Version), nil
}

// asked is the model that a ModelReadyRequest or a ModelMetadataRequest names.
func (h *handler) asked(request []byte) (*protocol.Served, error) {
	var name, version string
	err := fields(request, func(f field) error {
		switch f.number {
		case 1:
			return f.text(&name)
		case 2:
			return f.text(&version)
		}
		return nil
	})
	if err != nil {
		return nil, callError(err)
	}
	m, err := h.service.Models.Named(name, version)
	return m, callError(err)
}

func (h *handler) modelReady(request []byte) ([]byte, error) {
	if _, err := h.asked(request); err != nil {
		return nil, err
	}
	return appendTrue(nil, 1, h.ready()), nil
}

func (h *handler) modelMetadata(request []byte) ([]byte, error) {
	m, err := h.asked(request)
	if err != nil {
		return nil, err
	}
	b := appendText(nil, 1, m.Name)
	for _, v := range h.service.Models.Versions(m.Name) {
		b = appendText(b, 2, v.Version)
	}
	b = appendText(b, 3, "servebench")
	b = appendMessage(b, 4, appendTensor(nil, tensors.InputOf(m.Model)))
	for _, t := range tensors.OutputsOf(m.Model) {
		b = appendMessage(b, 5, appendTensor(nil, t))
	}
	return b, nil
}

// infer answers a ModelInferRequest, and tells the model's observer of it.
func (h *handler) infer(ctx context.Context, message []byte) ([]byte, error) {
	start := time.Now()
	var request inference
	fault := request.read(message, rawInputs)
	m, err := h.service.Models.Choose(request.model, request.version)
	if err != nil {
		if fault != nil && request.model == "" {
			err = fault
		}
		return nil, callError(err)
	}
	var done protocol.Inference
	if request.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, start.Add(request.timeout))
		defer cancel()
	}
	body, err := answer(ctx, m, &request, fault, start, &done)
	done.Status = http.StatusOK
	if err != nil {
		done.Status = protocol.StatusOf(err)
	}
	if m.Observer != nil {
		m.Observer.Observe(done)
	}
	return body, callError(err)
}

// answer is the response to a request, whose reading ended in fault.
func answer(ctx context.Context, m *protocol.Served, r *inference, fault error, start time.Time, done *protocol.Inference) (body []byte, err error) {
	offered := tensors.Offered(len(m.Schema.Classes))
	outputs, unknown := tensors.Select(offered, r.asked)
	var features []float32
	var rows int
	if fault == nil {
		features, rows, fault = tensors.Rows(nil, r.tensors, m)
	}
	done.Decode = time.Since(start)
	if err := errors.Join(fault, unknown); err != nil {
		return nil, err
	}
	scores, err := m.Infer(ctx, nil, features, rows, done)
	m.Alter(ctx, scores)
	if err != nil {
		return nil, err
	}
	computed := time.Now()
	response := inference{model: m.Name, version: m.Version, id: r.id}
	for _, o := range outputs {
		t := o.Of(m.Model, rows)
		t.Data = o.AppendData(nil, m.Model, scores)
		response.tensors = append(response.tensors, t)
	}
	body = response.appendTo(nil, rawOutputs)
	done.Rows, done.Encode, done.ID, done.Features, done.Scores = rows, time.Since(computed), idOf(ctx, m, r.id), features, scores
	return body, nil
}

// idOf is protocol.Inference's ID of a request whose message has an id, "" for none.
func idOf(ctx context.Context, m *protocol.Served, id string) []byte {
	if id != "" && len(id) <= protocol.MaxRequestID {
		return []byte(id)
	}
	if values := metadata.ValueFromIncomingContext(ctx, protocol.RequestIDHeader); len(values) > 0 && protocol.IsRequestID(values[0]) {
		return []byte(values[0])
	}
	if m.NewID == nil {
		return nil
	}
	id = m.NewID()
	if grpc.SetHeader(ctx, metadata.Pairs(protocol.RequestIDHeader, id)) != nil {
		return nil // the call is over, and nobody is told
	}
	return []byte(id)
}
