package v2

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"servebench/targets/protocol"
)

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
