package fault

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// answer does to a request, whose body is read, what takes the place of the server's answer.
func (f fault) answer(w http.ResponseWriter, r *http.Request) {
	switch f.kind {
	case "hang":
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // which ends the connection without a word
	case "drop":
		reset(w)
	case "half-close":
		halfClose(w)
	case "error":
		refuse(w, r, f.status)
	}
}

// reset ends the connection so that its other end sees it reset (RST) rather than closed; of
// HTTP/2, the stream.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, is := conn.(*net.TCPConn); is {
		_ = tcp.SetLinger(0) // else it is closed
	}
	_ = conn.Close() // nobody is left to tell
}

// longestHalfOpen bounds how long a client may keep its half of a connection.
const longestHalfOpen = time.Minute

// halfClose begins an answer, and ends what the server sends on the connection (FIN) while the
// client may go on; of HTTP/2, the stream is reset.
func halfClose(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "64")
	_, _ = io.WriteString(w, `{"`)
	controller := http.NewResponseController(w)
	_ = controller.Flush() // an error here is one of Hijack, too
	conn, _, err := controller.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	if tcp, is := conn.(*net.TCPConn); is {
		_ = tcp.CloseWrite() // an error says that the client is gone
		_ = tcp.SetReadDeadline(time.Now().Add(longestHalfOpen))
		_, _ = io.Copy(io.Discard, tcp) // until the client closes its half, or that
	}
}

// refuse answers with an HTTP status, or with the status of gRPC that its specification gives for
// it ("HTTP to gRPC Status Code Mapping"), UNKNOWN for most.
func refuse(w http.ResponseWriter, r *http.Request, status int) {
	const problem = "an error injected on purpose"
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "{\"error\":%q}", problem) // the client may be gone
		return
	}
	code := codes.Unknown
	switch status {
	case http.StatusBadRequest:
		code = codes.Internal
	case http.StatusUnauthorized:
		code = codes.Unauthenticated
	case http.StatusForbidden:
		code = codes.PermissionDenied
	case http.StatusNotFound:
		code = codes.Unimplemented
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		code = codes.Unavailable
	}
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Grpc-Status", strconv.Itoa(int(code)))
	w.Header().Set("Grpc-Message", problem)
	w.WriteHeader(http.StatusOK)
}

// slowWriter writes an answer's body at a rate.
type slowWriter struct {
	http.ResponseWriter
	rate int64     // bytes per second
	next time.Time // when the next piece is due; zero before the first
}

// pieceTime is how long a piece of the body takes, unless that is a single byte.
const pieceTime = 20 * time.Millisecond

// Write implements io.Writer: it returns when the last piece is due.
func (s *slowWriter) Write(b []byte) (written int, err error) {
	size := int(max(1, s.rate*int64(pieceTime)/int64(time.Second)))
	if s.next.IsZero() {
		s.next = time.Now()
	}
	for written < len(b) {
		time.Sleep(time.Until(s.next))
		piece := b[written:min(written+size, len(b))]
		n, err := s.ResponseWriter.Write(piece)
		written += n
		if err != nil {
			return written, err
		}
		s.Flush()
		s.next = s.next.Add(time.Duration(len(piece)) * time.Second / time.Duration(s.rate))
	}
	return written, nil
}

// Flush implements http.Flusher, without which gRPC's handler takes no request.
func (s *slowWriter) Flush() {
	// An error says that the client is gone, or that nothing was kept back.
	_ = http.NewResponseController(s.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (s *slowWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
