package attack

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"servebench/scenarios/corpus"
	"servebench/targets"
)

func TestClassify(t *testing.T) {
	op := func(err error) error {
		return &url.Error{Op: "Post", URL: "http://x", Err: &net.OpError{Op: "read", Net: "tcp", Err: err}}
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{op(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "refused"},
		{op(os.NewSyscallError("socket", syscall.EMFILE)), "descriptors"},
		{op(os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)), "ports"},
		{op(os.NewSyscallError("read", syscall.ECONNRESET)), "closed"},
		{op(os.NewSyscallError("write", syscall.EPIPE)), "closed"},
		{op(io.EOF), "closed"},
		{fmt.Errorf("read body: %w", io.ErrUnexpectedEOF), "closed"},
		{errors.New("http: server closed idle connection"), "closed"},
		{op(os.ErrDeadlineExceeded), "timeout"},
		{op(os.NewSyscallError("connect", syscall.ETIMEDOUT)), "timeout"},
		{errTimeout, "timeout"},
		{&net.DNSError{Err: "no such host", Name: "nowhere", IsNotFound: true}, "dns"},
		{&net.DNSError{Err: "i/o timeout", Name: "nowhere", IsTimeout: true}, "dns"},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "tls"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "tls"},
		{op(tls.AlertError(40)), "tls"},
		{corpus.ErrTooLong, "too long"},
		{errors.New("malformed HTTP response"), "other"},
		{fmt.Errorf("%w: %w", targets.ErrHandshake, io.EOF), "tls"},
		{http.ErrSchemeMismatch, "tls"},
		{errors.New("stream error: stream ID 1; INTERNAL_ERROR; received from peer"), "closed"},
		{errors.New("http2: client connection lost"), "closed"},
		{errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR"), "closed"},
	} {
		if got := classify(c.err); got != c.want {
			t.Errorf("classify(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

func TestFailuresAreBounded(t *testing.T) {
	fs := failures{}
	for k := range 1000 {
		fs.add("closed", fmt.Sprintf("read tcp 127.0.0.1:%d: reset", k))
	}
	fs.add("refused", "no")
	got := fs.byFrequency()
	if len(got) != 2 || got[0].Class != "closed" || got[0].Count != 1000 || !strings.Contains(got[0].Example, ":0: reset") {
		t.Errorf("%+v, want one entry per class, the most frequent first, with its first text", got)
	}
}
