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
	inferences protocol.Inferences
}

// Handler serves the protocol's paths, /v2 and all below. Every refusal is
// {"error": "…"}: 400 for a request at fault, 404 for an unknown model, version
// or path, 405 with Allow, 413 when reading the body ends in an
// *http.MaxBytesError, 500 for a model's bad answer.
// Limiting and decompressing the body is up to the caller.
func Handler(s protocol.Service) http.Handler {
	h := &handler{service: s}
	h.inferences = protocol.Inferences{Decode: h.decode, Encode: h.encode, Refuse: refuse}
	mux := http.NewServeMux()
	for path, serve := range map[string]http.HandlerFunc{
		"/v2":              allowGet(serveDocument(serverMetadata(s))),
		"/v2/health/live":  allowGet(h.serveLive),
		"/v2/health/ready": allowGet(h.serveReady),
		"/v2/models":       allowGet(h.serveIndex),
		"/": func(w http.ResponseWriter, r *http.Request) {
			refuse(w, http.StatusNotFound, fmt.Sprintf("no such path %q", r.URL.Path))
		},
	} {
		mux.HandleFunc(path, serve)
	}
	for _, path := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		mux.HandleFunc(path, allowGet(withModel(s.Models.Named, h.serveModel)))
		mux.HandleFunc(path+"/ready", allowGet(withModel(s.Models.Named, h.serveModelReady)))
		mux.HandleFunc(path+"/infer", allowPost(withModel(s.Models.Choose, h.inferences.ServeModel)))
	}
	mux.HandleFunc("/v2/repository/index", allowPost(h.serveRepositoryIndex))
	mux.HandleFunc("/v2/repository/models/{model}/load", allowPost(h.serveChange(true)))
	mux.HandleFunc("/v2/repository/models/{model}/unload", allowPost(h.serveChange(false)))
	return mux
}

func withModel(find func(name, version string) (*protocol.Served, error), serve func(http.ResponseWriter, *http.Request, *protocol.Served)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m, err := find(r.PathValue("model"), r.PathValue("version"))
		if err != nil {
			refuse(w, http.StatusNotFound, err.Error())
			return
		}
		serve(w, r, m)
	}
}

func allowPost(serve http.HandlerFunc) http.HandlerFunc {
	return protocol.AllowOnly(serve, refuse, http.MethodPost)
}

func allowGet(serve http.HandlerFunc) http.HandlerFunc {
	return protocol.AllowOnly(serve, refuse, http.MethodGet, http.MethodHead)
}

func (h *handler) decode(r *http.Request, m *protocol.Served, b *protocol.Batch) error {
	return decodeRequest(m, tensors.Offered(len(m.Schema.Classes)), b, r.Header.Get(binaryHeader))
}

func (h *handler) encode(m *protocol.Served, b *protocol.Batch, header http.Header) (contentType string) {
	answer, head := appendAnswer(b.Answer, m, b)
	if b.Answer = answer; head == 0 {
		return "application/json"
	}
	header[binaryHeader] = []string{strconv.Itoa(head)}
	return "application/octet-stream"
}
