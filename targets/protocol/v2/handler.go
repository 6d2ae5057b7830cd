package v2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
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
	server  []byte    // server metadata, JSON
	index   []byte    // the list of models, JSON
}

// model is a served model with what is prepared for its requests.
type model struct {
	protocol.Model
	limits   rowLimits
	metadata []byte // JSON
	observer protocol.Observer
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
		server:  serverMetadata(s),
		index:   modelIndex(s.Models),
	}
	for _, m := range s.Models {
		h.models[m.Name] = h.prepare(m)
	}
	mux := http.NewServeMux()
	for path, serve := range map[string]http.HandlerFunc{
		"/v2":              get(h.serveServer),
		"/v2/health/live":  get(h.serveLive),
		"/v2/health/ready": get(h.serveReady),
		"/v2/models":       get(h.serveIndex),
		"/":                h.serveUnknown,
	} {
		mux.HandleFunc(path, serve)
	}
	for _, path := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		mux.HandleFunc(path, get(h.withModel(h.serveModel)))
		mux.HandleFunc(path+"/ready", get(h.withModel(h.serveModelReady)))
		mux.HandleFunc(path+"/infer", only(h.withModel(h.serveInfer), http.MethodPost))
	}
	return mux
}

func (h *handler) prepare(m protocol.Model) *model {
	prepared := &model{
		Model:    m,
		limits:   rowLimits{width: len(m.Schema.Features), rows: h.service.MaxBatch},
		metadata: modelMetadata(m),
		observer: nobody{},
	}
	if h.service.Observer != nil {
		prepared.observer = h.service.Observer(m)
	}
	return prepared
}

// nobody is told when a service has no observer.
type nobody struct{}

func (nobody) Observe(protocol.Inference) {}

// withModel resolves the model that the path names.
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

func (h *handler) serveUnknown(w http.ResponseWriter, r *http.Request) {
	refuse(w, http.StatusNotFound, fmt.Sprintf("no such path %q", r.URL.Path))
}

// get lets GET and HEAD through.
func get(serve http.HandlerFunc) http.HandlerFunc {
	return only(serve, http.MethodGet, http.MethodHead)
}

// only lets the methods through.
func only(serve http.HandlerFunc, methods ...string) http.HandlerFunc {
	allow := strings.Join(methods, ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		for _, method := range methods {
			if r.Method == method {
				serve(w, r)
				return
			}
		}
		w.Header().Set("Allow", allow)
		refuse(w, http.StatusMethodNotAllowed, fmt.Sprintf("method %s is not allowed here, want %s", r.Method, allow))
	}
}

// work holds what one infer request needs, kept from request to request.
type work struct {
	body          []byte
	request       request
	probabilities []float32
	answer        []byte
}

// keepBytes is the largest body whose memory is kept for the next request.
const keepBytes = 1 << 20

func (h *handler) serveInfer(w http.ResponseWriter, r *http.Request, m *model) {
	start := time.Now()
	job := h.works.Get().(*work)
	var done protocol.Inference
	status, err := job.decode(r, m)
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
		job.answer = appendAnswer(job.answer[:0], &m.Model, &job.request, job.probabilities)
		reply(w, status, job.answer)
	}
	done.Status, done.Encode = status, time.Since(encode)
	m.observer.Observe(done)
	// Not deferred: what a panic left behind is not used again.
	if cap(job.body) <= keepBytes {
		h.works.Put(job)
	}
}

// decode reads and checks the request.
func (job *work) decode(r *http.Request, m *model) (status int, err error) {
	if r.Header.Get(binaryHeader) != "" {
		return http.StatusNotImplemented, errBinary
	}
	if job.body, err = readAll(r.Body, r.ContentLength, job.body[:0]); err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return http.StatusRequestEntityTooLarge, fmt.Errorf("request body is over the limit of %d bytes", over.Limit)
		}
		return http.StatusBadRequest, fmt.Errorf("read request body: %w", err)
	}
	switch err := decodeRequest(job.body, m.limits, &job.request); {
	case errors.Is(err, errBinary):
		return http.StatusNotImplemented, err
	case err != nil:
		return http.StatusBadRequest, err
	}
	return http.StatusOK, nil
}

// predict fills the probabilities.
func (job *work) predict(m *model) (status int, err error) {
	job.probabilities = job.probabilities[:0]
	for i := range job.request.rows {
		p := m.Predict(job.request.row(i))
		if !(0 <= p && p <= 1) { // NaN included
			return http.StatusInternalServerError, fmt.Errorf("model %q answered %g for row %d, which is no probability", m.Name, p, i)
		}
		job.probabilities = append(job.probabilities, p)
	}
	return http.StatusOK, nil
}

// readAll appends to dst all of r, of which size bytes are announced (-1: not
// known). The announcement is not trusted with memory.
func readAll(r io.Reader, size int64, dst []byte) ([]byte, error) {
	if grow := min(size, keepBytes) + 1; grow > int64(cap(dst)) {
		dst = make([]byte, 0, grow)
	}
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}
