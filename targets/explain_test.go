package targets

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// goWords are what no user should have to read.
var goWords = regexp.MustCompile(`context deadline|context canceled|i/o timeout|\bEOF\b|x509|tls:|\bhttp2?: |net/http|dial tcp|no such host|connect:|ECONN`)

// TestExplain holds errors as Go makes them to words that name the cause.
func TestExplain(t *testing.T) {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	op := func(what string, err error) error {
		return &url.Error{Op: "Get", URL: "http://h/x", Err: &net.OpError{Op: what, Net: "tcp", Addr: addr, Err: err}}
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{op("dial", os.NewSyscallError("connect", syscall.ECONNREFUSED)), "connection refused: nothing listens at 127.0.0.1:8080"},
		{op("dial", os.NewSyscallError("connect", syscall.EHOSTUNREACH)), "no network route leads to 127.0.0.1:8080"},
		{op("dial", os.NewSyscallError("connect", syscall.ETIMEDOUT)), "no connection to 127.0.0.1:8080 in time"},
		{op("dial", os.ErrDeadlineExceeded), "no connection to 127.0.0.1:8080 in time"},
		{op("dial", os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)), "no local port is left"},
		{op("dial", os.NewSyscallError("socket", syscall.EMFILE)), "raise the limit of open files"},
		{op("dial", &net.DNSError{Err: "no such host", Name: "nowhere", IsNotFound: true}), "there is no host named nowhere (DNS)"},
		{op("dial", &net.DNSError{Err: "i/o timeout", Name: "nowhere", IsTimeout: true}), "no name server answered for nowhere"},
		{op("read", os.NewSyscallError("read", syscall.ECONNRESET)), "the server reset the connection (RST)"},
		{op("read", os.ErrDeadlineExceeded), "no answer in time"},
		{fmt.Errorf("read answer: %w", io.EOF), "the server closed the connection without an answer"},
		{io.ErrUnexpectedEOF, "in the middle of its answer"},
		{errors.New("http: server closed idle connection"), "the server closed the connection without an answer"},
		{context.DeadlineExceeded, "no answer in time"},
		{fmt.Errorf("Get \"http://h\": %w", context.Canceled), "interrupted"},
		{fmt.Errorf("%w: %w", ErrHandshake, io.EOF), "it may not speak TLS there; try http://"},
		{http.ErrSchemeMismatch, "the server does not speak TLS there; try http://"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "try http://"},
		{errors.New("remote error: tls: no application protocol"), "set http.version"},
		{errors.New("remote error: tls: handshake failure"), "it may require a client certificate (endpoint.cert_file"},
		{errors.New("remote error: tls: certificate required"), "requires a client certificate; give one as endpoint.cert_file"},
		{errors.New("remote error: tls: unknown certificate authority"), "refused the client certificate, or requires one (its alert: unknown certificate authority)"},
		{errors.New("remote error: tls: unrecognized name"), "set endpoint.server_name"},
		{errors.New("remote error: tls: protocol version not supported"), "does not speak TLS 1.2 or 1.3"},
		{errors.New("remote error: tls: internal error"), "the server ended the TLS handshake: internal error"},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "endpoint.ca_file=FILE"},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a", "b"}}, Host: "c"}}, "is for a, b and not for c"},
		{&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: &x509.Certificate{NotAfter: time.Unix(0, 0).UTC()}, Reason: x509.Expired}}, "to 1970-01-01 00:00 UTC, which excludes now"},
		{&tls.CertificateVerificationError{Err: errors.New("x509: odd")}, "is not valid: odd"},
		{errors.New(`http2: failed reading the frame payload: http2: frame too large, note that the frame header looked like an HTTP/1.1 header`), "speaks HTTP/1.1 there"},
		{errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02"`), "speaks TLS there; try https://"},
		{errors.New(`malformed answer: status line "\x15\x03\x01": want HTTP/1.1`), "speaks TLS there; try https://"},
		{errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x00\x00\x06\x04"`), "speaks only HTTP/2"},
		{errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "220 mail"`), `malformed HTTP response "220 mail"; check that what listens there speaks HTTP`},
		{errors.New("stream error: stream ID 3; INTERNAL_ERROR; received from peer"), "reset the request's stream without an answer (INTERNAL_ERROR)"},
		{errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=1"), "closed the HTTP/2 connection"},
		{errors.New("net/http: timeout awaiting response headers"), "first-byte timeout"},
		{errors.New("http2: timeout awaiting response headers"), "first-byte timeout"},
		{errors.New("net/http: TLS handshake timeout"), "did not answer the TLS handshake in time"},
		{errors.New("http2: client conn could not be established"), "ended before HTTP/2 was established"},
		{errors.New("http: odd"), "odd"},
		{errors.New("in plain words: tell"), "in plain words: tell"},
	} {
		got := Explain(c.err)
		if !strings.Contains(got.Error(), c.want) || goWords.MatchString(got.Error()) {
			t.Errorf("%v: %v, want %s", c.err, got, c.want)
		}
		if !errors.Is(got, c.err) || Explain(got).Error() != got.Error() {
			t.Errorf("%v: %v is another error", c.err, got)
		}
	}
}

// TestExplainRealServers meets what servers really do.
func TestExplainRealServers(t *testing.T) {
	closing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer closing.Close()
	go func() {
		for c, err := closing.Accept(); err == nil; c, err = closing.Accept() {
			c.Read(make([]byte, 10_000))
			c.Close()
		}
	}()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = nil
	secure.StartTLS()
	defer secure.Close()
	for _, c := range []struct {
		name     string
		endpoint Endpoint
		http2    bool
		want     string
	}{
		{"closing", Endpoint{URL: "http://" + closing.Addr().String()}, false, "closed the connection without an answer"},
		{"TLS to a plain server", Endpoint{URL: "https" + strings.TrimPrefix(plain.URL, "http")}, false, "try http://"},
		{"a foreign authority", Endpoint{URL: secure.URL}, false, "endpoint.ca_file=FILE"},
		{"HTTP/2 to a server of HTTP/1.1", Endpoint{URL: plain.URL}, true, "set http.version to 1.1"},
		{"nobody", Endpoint{URL: "http://127.0.0.1:1"}, false, "nothing listens at 127.0.0.1:1"},
		{"no socket", Endpoint{URL: "http://localhost", Socket: filepath.Join(t.TempDir(), "none")}, false, "there is no Unix socket at"},
	} {
		req, err := http.NewRequest(http.MethodGet, c.endpoint.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.endpoint.PlainTransport(c.http2).RoundTrip(req)
		if got := fmt.Sprint(Explain(err)); !strings.Contains(got, c.want) || goWords.MatchString(got) {
			t.Errorf("%s: %v: %s, want %s", c.name, err, got, c.want)
		}
	}
}
