package v2

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"servebench/targets/protocol"
)

// handler is the protocol seen from the server.
type handler struct {
	service protocol.Service
	models  map[string]*model
	works   sync.Pool // *work
}

// model is a served model with what is prepared for its requests.
type model struct {
	protocol.Model
	limits   rowLimits
	metadata []byte            // JSON
	observer protocol.Observer // nil: nobody is told
}

// Handler serves the protocol's paths, /v2 and all below. Every refusal is
// {"error": "…"}: 400 for a request at fault, 404 for an unknown model, version
// or path, 405 with Allow, 413 when reading the body ends in an
// *http.MaxBytesError, 501 for binary tensors, 500 for a model's bad answer.
// Limiting and decompressing the body is up to the caller.
func Handler(s protocol.Service) http.Handler {
	h := &handler{
		service: s,
		models:  map[string]*model{},
		works:   sync.Pool{New: func() any { return new(work) }},
	}
	for _, m := range s.Models {
		h.models[m.Name] = h.prepare(m)
	}
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
		mux.HandleFunc(path+"/infer", allowOnly(h.withModel(h.serveInfer), http.MethodPost))
	}
	return mux
}

func (h *handler) prepare(m protocol.Model) *model {
	prepared := &model{
		Model:    m,
		limits:   rowLimits{width: len(m.Schema.Features), rows: h.service.MaxBatch, outputs: outputsOf(len(m.Schema.Classes))},
		metadata: modelMetadata(m),
	}
	if h.service.Observer != nil {
		prepared.observer = h.service.Observer(m)
	}
	return prepared
}

func (h *handler) withModel(serve func(http.ResponseWriter, *http.Request, *model)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, version := r.PathValue("model"), r.PathValue("version")
		m := h.models[name]
		switch {
		case m == nil:
			refuse(w, http.StatusNotFound, fmt.Sprintf("unknown model %q, want one of %s", name, h.names()))
		case version != "" && version != m.Version:
			refuse(w, http.StatusNotFound, fmt.Sprintf("unknown version %q of model %q, want %q", version, name, m.Version))
		default:
			serve(w, r, m)
		}
	}
}

func (h *handler) names() string {
	var names []string
	for _, m := range h.service.Models {
		names = append(names, m.Name)
	}
	return strings.Join(names, ", ")
}

func allowGet(serve http.HandlerFunc) http.HandlerFunc {
	return allowOnly(serve, http.MethodGet, http.MethodHead)
}

func allowOnly(serve http.HandlerFunc, methods ...string) http.HandlerFunc {
	allow := strings.Join(methods, ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(methods, r.Method) {
			serve(w, r)
			return
		}
		w.Header().Set("Allow", allow)
		refuse(w, http.StatusMethodNotAllowed, fmt.Sprintf("method %s is not allowed here, want %s", r.Method, allow))
	}
}

// work holds what one infer request needs, kept from request to request.
type work struct {
	body    bytes.Buffer
	request request
	scores  []float32
	answer  []byte
}

// keepBytes is the largest body whose memory is kept for the next request.
const keepBytes = 1 << 20

func (h *handler) serveInfer(w http.ResponseWriter, r *http.Request, m *model) {
	start := time.Now()
	job := h.works.Get().(*work)
	var done protocol.Inference
	status, err := job.decodeRequest(r, m)
	decoded := time.Now()
	done.Decode = decoded.Sub(start)
	if err == nil {
		status, err = job.predict(m)
		done.Compute = time.Since(decoded)
	}
	encode := time.Now()
	if err != nil {
		refuse(w, status, err.Error())
	} else {
		done.Rows = job.request.rows
		job.answer = appendAnswer(job.answer[:0], m, &job.request, job.scores)
		reply(w, status, job.answer)
	}
	done.Status, done.Encode = status, time.Since(encode)
	if m.observer != nil {
		m.observer.Observe(done)
	}
	// Not deferred: what a panic left behind is not used again.
	if job.body.Cap() <= keepBytes {
		h.works.Put(job)
	}
}

func (job *work) decodeRequest(r *http.Request, m *model) (status int, err error) {
	if r.Header.Get(binaryHeader) != "" {
		return http.StatusNotImplemented, errBinary
	}
	job.body.Reset()
	// The announced length is not trusted with memory.
	job.body.Grow(int(max(0, min(r.ContentLength, keepBytes))) + bytes.MinRead)
	if _, err := job.body.ReadFrom(r.Body); err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return http.StatusRequestEntityTooLarge, fmt.Errorf("request body is over the limit of %d bytes", over.Limit)
		}
		return http.StatusBadRequest, fmt.Errorf("read request body: %w", err)
	}
	switch err := decodeRequest(job.body.Bytes(), m.limits, &job.request); {
	case errors.Is(err, errBinary):
		return http.StatusNotImplemented, err
	case err != nil:
		return http.StatusBadRequest, err
	}
	return http.StatusOK, nil
}

func (job *work) predict(m *model) (status int, err error) {
	if job.scores, err = m.PredictRows(job.scores[:0], job.request.features, job.request.rows); err != nil {
		return http.StatusInternalServerError, err
	}
	return http.StatusOK, nil
}
