package reference

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// inflater decompresses request bodies, so that handlers read plain bytes. The
// limit on the body as sent is not its matter; the body as decompressed is
// bounded by max, beyond which reading it ends in an *http.MaxBytesError.
type inflater struct {
	next    http.Handler
	max     int64     // bytes
	readers sync.Pool // *gzip.Reader
}

func inflate(next http.Handler, max int64) http.Handler {
	return &inflater{next: next, max: max}
}

func (f *inflater) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch coding := strings.ToLower(r.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		f.next.ServeHTTP(w, r)
	case "gzip", "x-gzip":
		f.serveGzip(w, r)
	default:
		w.Header().Set("Accept-Encoding", "gzip, identity")
		refuse(w, http.StatusUnsupportedMediaType, fmt.Sprintf("content encoding %q is not supported, want gzip or identity", coding))
	}
}

func (f *inflater) serveGzip(w http.ResponseWriter, r *http.Request) {
	reader, err := f.open(r.Body)
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("read gzip body: %v", err))
		return
	}
	r.Body = http.MaxBytesReader(nil, reader, f.max)
	r.ContentLength = -1 // that of the decompressed body is not known
	r.Header.Del("Content-Encoding")
	f.next.ServeHTTP(w, r)
	f.readers.Put(reader)
}

// open starts decompressing, with a reader that was used before if there is
// one: it holds more than 40 KB.
func (f *inflater) open(body io.Reader) (*gzip.Reader, error) {
	reader, ok := f.readers.Get().(*gzip.Reader)
	if !ok {
		return gzip.NewReader(body)
	}
	if err := reader.Reset(body); err != nil {
		f.readers.Put(reader)
		return nil, err
	}
	return reader, nil
}
