package targets

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// Explain returns a failure of a request in words for the user of servebench: what
// the server or the network did, the likely cause, and what to look at, where Go's
// own words tell of its insides. It is still the same error to errors.Is and
// errors.As. What is in plain words already comes back as it is.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	if _, done := errors.AsType[*explainedError](err); done {
		return err
	}
	if text := explanation(err); text != "" && text != err.Error() {
		return &explainedError{text, err}
	}
	return err
}

// explainedError is an error in other words.
type explainedError struct {
	text string
	err  error
}

func (e *explainedError) Error() string { return e.text }
func (e *explainedError) Unwrap() error { return e.err }

// ErrHandshake wraps a failure of TLS's handshake, which may look like any other.
var ErrHandshake = errors.New("TLS handshake")

// explanation returns the words for an error; "": there are none.
func explanation(err error) string {
	for _, explain := range []func(error) string{certificateFault, handshakeFault, versionFault, dialFault, closeFault, timeFault} {
		if text := explain(err); text != "" {
			return text
		}
	}
	return withoutPrefixes(err.Error())
}

// goPrefixes are the names of Go's packages before its errors.
var goPrefixes = regexp.MustCompile(`(^|: )(net/http: HTTP/1.x transport connection broken: |net/http: |http2: |http: |tls: |x509: )+`)

// withoutPrefixes leaves out the names of Go's packages.
func withoutPrefixes(text string) string {
	text = methodPrefix.ReplaceAllString(text, "")
	return goPrefixes.ReplaceAllString(text, "$1")
}

// methodPrefix is what http.Client puts before an error.
var methodPrefix = regexp.MustCompile(`^[A-Z][a-z]+ "[^"]*": `)

func certificateFault(err error) string {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		other     *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &authority):
		return fmt.Sprintf("the server's certificate is %s; give that authority's certificate as endpoint.ca_file=FILE, or skip the check with endpoint.insecure=true", untrusted(authority.Cert))
	case errors.As(err, &name):
		names := slices.Clone(name.Certificate.DNSNames)
		for _, ip := range name.Certificate.IPAddresses {
			names = append(names, ip.String())
		}
		if names == nil {
			return fmt.Sprintf("the server's certificate names no host (subject alternative names), and %s is asked for; give the server one that does, or skip the check with endpoint.insecure=true", name.Host)
		}
		return fmt.Sprintf("the server's certificate is for %s and not for %s; use one of those names in the URL, or as endpoint.server_name", strings.Join(names, ", "), name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the server's certificate is valid from %s to %s, which excludes now; renew it, or check this machine's clock",
			invalid.Cert.NotBefore.Format("2006-01-02 15:04 MST"), invalid.Cert.NotAfter.Format("2006-01-02 15:04 MST"))
	case errors.As(err, &other):
		return "the server's certificate is not valid: " + withoutPrefixes(other.Err.Error())
	}
	return ""
}

// untrusted says who signed a certificate that nobody trusts; nil: that is not known.
func untrusted(c *x509.Certificate) string {
	const nobody = "an authority that is not trusted"
	switch {
	case c == nil:
		return "signed by " + nobody
	case bytes.Equal(c.RawSubject, c.RawIssuer):
		return fmt.Sprintf("self-signed (%s), and not trusted", c.Subject)
	}
	return fmt.Sprintf("signed by %s, %s", c.Issuer, nobody)
}

func handshakeFault(err error) string {
	var (
		header tls.RecordHeaderError
		alert  tls.AlertError
	)
	text := err.Error()
	switch {
	case errors.As(err, &header), errors.Is(err, http.ErrSchemeMismatch), strings.Contains(text, "first record does not look like a TLS handshake"):
		return "the server does not speak TLS there; try http:// in endpoint.url"
	case strings.Contains(text, "no application protocol"):
		return "the server does not speak this version of HTTP over TLS; set http.version to the other one (1.1 or 2)"
	case errors.As(err, &alert), strings.Contains(text, "remote error: tls: "):
		_, what, _ := strings.Cut(text, "tls: ")
		return alertFault(what)
	case errors.Is(err, ErrHandshake) && isEnd(err):
		return "the server closed the connection in the TLS handshake: it may not speak TLS there; try http:// in endpoint.url"
	case errors.Is(err, ErrHandshake) && TimedOut(err), strings.Contains(text, "TLS handshake timeout"):
		return "the server took the connection and did not answer the TLS handshake in time; try http:// in endpoint.url"
	}
	return ""
}

// alertFault says why the server ended the handshake, of its alert in the words of
// package tls (RFC 8446, 6.2). One that is about a certificate is about the client's.
func alertFault(alert string) string {
	const own = "endpoint.cert_file and endpoint.key_file"
	switch alert {
	case "certificate required":
		return "the server requires a client certificate; give one as " + own
	case "bad certificate", "unsupported certificate", "revoked certificate", "expired certificate", "unknown certificate", "unknown certificate authority", "access denied":
		return fmt.Sprintf("the server refused the client certificate, or requires one (its alert: %s); give one that it accepts as %s", alert, own)
	case "handshake failure":
		return "the server ended the TLS handshake (its alert: handshake failure); it may require a client certificate (" + own + "), or accept no cipher suite of this client"
	case "unrecognized name":
		return "the server has no certificate for the name that it was asked for; set endpoint.server_name to one that it has"
	case "protocol version not supported":
		return "the server does not speak TLS 1.2 or 1.3"
	}
	return "the server ended the TLS handshake: " + alert
}

// versionFault tells of a server that speaks another protocol than was asked for.
func versionFault(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "looked like an HTTP/1.1 header"):
		return "the server speaks HTTP/1.1 there, and not HTTP/2 without TLS (h2c); set http.version to 1.1, or try https:// in endpoint.url"
	case strings.Contains(text, "frame too large"):
		return "the server does not answer in HTTP/2; if it speaks only HTTP/1.1, set http.version to 1.1 (gRPC needs HTTP/2)"
	case strings.Contains(text, "client conn could not be established"):
		return "the connection ended before HTTP/2 was established; if the server speaks only HTTP/1.1, set http.version to 1.1"
	case strings.Contains(text, "malformed") && strings.Contains(text, `"\x15\x03`):
		return "the server speaks TLS there; try https:// in endpoint.url"
	case strings.Contains(text, "malformed") && strings.Contains(text, `"\x00\x00`):
		return "the server speaks only HTTP/2 there; set http.version to 2"
	case strings.Contains(text, "malformed"):
		return withoutPrefixes(text) + "; check that what listens there speaks HTTP, and which version"
	case strings.Contains(text, "server response headers exceeded"):
		return "malformed answer: its header is too long"
	}
	return ""
}

// dialFault tells of connections that did not come about.
func dialFault(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		switch {
		case dns.IsTimeout:
			return fmt.Sprintf("no name server answered for %s in time; check this machine's DNS", dns.Name)
		case dns.IsNotFound:
			return fmt.Sprintf("there is no host named %s (DNS); check the name in the URL", dns.Name)
		}
		return fmt.Sprintf("the host %s could not be looked up (DNS): %s", dns.Name, dns.Err)
	}
	where := "the server's address"
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		where = op.Addr.String()
	}
	dialled := op != nil && op.Op == "dial"
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("connection refused: nothing listens at %s; check that the server is running, and on which port", where)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "no file descriptor is left for another connection; raise the limit of open files (ulimit -n)"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("no local port is left for another connection to %s; keep connections alive, or widen net.ipv4.ip_local_port_range", where)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return fmt.Sprintf("no network route leads to %s; check the address in the URL and the network", where)
	case dialled && errors.Is(err, os.ErrNotExist):
		return fmt.Sprintf("there is no Unix socket at %s; check that the server is running, and where its socket is", where)
	case dialled && errors.Is(err, os.ErrPermission):
		return fmt.Sprintf("connecting to %s is not permitted; check the permissions of the socket, or the firewall", where)
	case dialled && TimedOut(err), errors.Is(err, syscall.ETIMEDOUT):
		return fmt.Sprintf("no connection to %s in time: nothing answers there; check the address, and whether a firewall is in between", where)
	}
	return ""
}

// closeFault tells of connections and streams that the server ended.
func closeFault(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "stream error:"):
		code := "a stream error"
		if fields := strings.Split(text, "; "); len(fields) > 1 {
			code = fields[1]
		}
		return fmt.Sprintf("the server reset the request's stream without an answer (%s); see the server's log", code)
	case isHTTP2End(text):
		return "the server closed the HTTP/2 connection before its answer was whole; see the server's log"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection in the middle of its answer; see the server's log"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNABORTED), errors.Is(err, syscall.EPIPE):
		return "the server reset the connection (RST) before its answer was whole; see the server's log"
	case isEnd(err):
		return "the server closed the connection without an answer; see the server's log"
	}
	return ""
}

// timeFault tells of requests that took too long.
func timeFault(err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "timeout awaiting response headers"):
		return "no byte of the answer within the first-byte timeout"
	case strings.Contains(text, context.Canceled.Error()):
		return "interrupted"
	case strings.Contains(text, context.DeadlineExceeded.Error()), strings.Contains(text, "i/o timeout"), strings.Contains(text, "Client.Timeout exceeded"):
		return "no answer in time; the server may take longer, or hang: see its log"
	}
	return ""
}

// Closed reports whether a request failed because the server ended its connection, or
// over HTTP/2 its stream.
func Closed(err error) bool {
	text := err.Error()
	return isEnd(err) || isHTTP2End(text) || strings.Contains(text, "stream error:")
}

// HandshakeFailed reports whether a request failed in TLS's handshake.
func HandshakeFailed(err error) bool {
	return errors.Is(err, ErrHandshake) && !TimedOut(err) || certificateFault(err) != "" || handshakeFault(err) != "" && !TimedOut(err)
}

// isEnd reports whether an error tells of a connection that the other side ended.
func isEnd(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE} {
		if errors.Is(err, end) {
			return true
		}
	}
	return strings.Contains(err.Error(), "server closed idle connection") // which net/http does not export
}

// isHTTP2End reports the same of a text of net/http's, which exports no errors of
// HTTP/2.
func isHTTP2End(text string) bool {
	for _, end := range []string{"GOAWAY", "client connection lost", "client conn is closed", "client connection force closed"} {
		if strings.Contains(text, end) {
			return true
		}
	}
	return false
}

// TimedOut reports whether a request took longer than it may.
func TimedOut(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}
