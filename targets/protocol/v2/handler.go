package v2

import (
	"fmt"
	"net/http"
	"strconv"

	"servebench/targets/protocol"
	"servebench/targets/protocol/tensors"
)

// handler is the protocol seen from the server.
type handler struct {
	service    protocol.Service
	served     map[string]*protocol.Served
	models     map[string]*model
	inferences protocol.Inferences
}

// model is what is prepared for the requests to a served model.
type model struct {
	*protocol.Served
	outputs  []tensors.Output
	metadata []byte // JSON
}

// Handler serves the protocol's paths, /v2 and all below. Every refusal is
// {"error": "…"}: 400 for a request at fault, 404 for an unknown model, version
// or path, 405 with Allow, 413 when reading the body ends in an
// *http.MaxBytesError, 500 for a model's bad answer.
// Limiting and decompressing the body is up to the caller.
func Handler(s protocol.Service) http.Handler {
	h := &handler{service: s, served: s.Serve(), models: map[string]*model{}}
	for name, m := range h.served {
		h.models[name] = &model{m, tensors.Offered(len(m.Schema.Classes)), modelMetadata(m.Model)}
	}
	h.inferences = protocol.Inferences{Decode: h.decode, Encode: h.encode, Refuse: refuse}
	mux := http.NewServeMux()
	for path, serve := range map[string]http.HandlerFunc{
		"/v2":              allowGet(serveDocument(serverMetadata(s))),
		"/v2/health/live":  allowGet(h.serveLive),
		"/v2/health/ready": allowGet(h.serveReady),
		"/v2/models":       allowGet(serveDocument(modelIndex(s.Models))),
		"/": func(w http.ResponseWriter, r *http.Request) {
			refuse(w, http.StatusNotFound, fmt.Sprintf("no such path %q", r.URL.Path))
		},
	} {
		mux.HandleFunc(path, serve)
	}
	for _, path := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		mux.HandleFunc(path, allowGet(h.withModel(serveModel)))
		mux.HandleFunc(path+"/ready", allowGet(h.withModel(h.serveModelReady)))
		mux.HandleFunc(path+"/infer", protocol.AllowOnly(h.withModel(h.serveInfer), refuse, http.MethodPost))
	}
	return mux
}

func (h *handler) withModel(serve func(http.ResponseWriter, *http.Request, *model)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m, err := h.service.Named(h.served, r.PathValue("model"), r.PathValue("version"))
		if err != nil {
			refuse(w, http.StatusNotFound, err.Error())
			return
		}
		serve(w, r, h.models[m.Name])
	}
}

func allowGet(serve http.HandlerFunc) http.HandlerFunc {
	return protocol.AllowOnly(serve, refuse, http.MethodGet, http.MethodHead)
}

func (h *handler) serveInfer(w http.ResponseWriter, r *http.Request, m *model) {
	h.inferences.ServeModel(w, r, m.Served)
}

func (h *handler) decode(r *http.Request, m *protocol.Served, b *protocol.Batch) error {
	return decodeRequest(m, h.models[m.Name].outputs, b, r.Header.Get(binaryHeader))
}

func (h *handler) encode(m *protocol.Served, b *protocol.Batch, header http.Header) (contentType string) {
	answer, head := appendAnswer(b.Answer, h.models[m.Name], b)
	if b.Answer = answer; head == 0 {
		return "application/json"
	}
	header[binaryHeader] = []string{strconv.Itoa(head)}
	return "application/octet-stream"
}
