package endpoint

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"servebench/reports/record"
	"servebench/reports/record/userfile"
	"servebench/targets"
)

// secure is how the URL of a server with TLS begins.
const secure = "https://"

// tlsOptions are the options that say how connections to an https server are secured.
func tlsOptions() []targets.Option {
	return []targets.Option{
		{Name: "ca_file", Path: true, Doc: "file with the certificates (PEM) of the authorities to verify an https server with, relative to the scenario file, instead of the system's"},
		{Name: "cert_file", Path: true, Doc: "file with the client certificate (PEM) to show to an https server that asks for one, with its intermediate certificates, relative to the scenario file"},
		{Name: "key_file", Path: true, Doc: "file with the private key (PEM) of cert_file, relative to the scenario file; it may be in cert_file instead"},
		{Name: "server_name", Doc: "host name to ask an https server for (SNI) and to verify its certificate against, instead of the host of url"},
		{Name: "insecure", Doc: "whether to accept any certificate of an https server; the reports warn of it", Default: "false", Values: []string{"false", "true"}},
	}
}

// security is what the options say of TLS.
type security struct {
	config *tls.Config // nil: the server's URL is an http one
	// facts tell how the server's certificate is verified, and what is shown to it.
	facts []string
	// unmet is set when the server asked for a client certificate, and there is none.
	unmet *atomic.Bool
}

// newSecurity fails with an error of the option that is wrong.
func newSecurity(values map[string]string, url string) (s security, err error) {
	if !strings.HasPrefix(url, secure) {
		for _, o := range tlsOptions() {
			if value := values[o.Name]; value != o.Default {
				return s, wrong(o.Name, fmt.Errorf("%q: set, though url is %s: want a url with https, or no %s", value, url, o.Name))
			}
		}
		return s, nil
	}
	s.unmet = new(atomic.Bool)
	s.config = &tls.Config{InsecureSkipVerify: values["insecure"] == "true", ServerName: values["server_name"]}
	if err := s.trust(values["ca_file"]); err != nil {
		return s, wrong("ca_file", err)
	}
	if name := s.config.ServerName; name != "" {
		if !hostName.MatchString(name) {
			return s, wrong("server_name", fmt.Errorf("%q: want a host name alone, such as models.example.com", name))
		}
		s.facts = append(s.facts, "asked for as "+name)
	}
	switch cert := values["cert_file"]; {
	case cert != "":
		err = s.show(cert, values["key_file"])
	case values["key_file"] != "":
		err = wrong("key_file", fmt.Errorf("%q: no certificate beside it: want its certificate as cert_file", values["key_file"]))
	default:
		s.config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			s.unmet.Store(true)
			return &tls.Certificate{}, nil // none
		}
	}
	return s, err
}

// explain adds to a failure that a client certificate may be missing: the server's alert
// that says so may be lost when it closes the connection.
func (s security) explain(err error) error {
	if s.unmet == nil || !s.unmet.Load() || strings.Contains(err.Error(), "endpoint.cert_file") {
		return err
	}
	return fmt.Errorf("%w; the server asked for a client certificate, and there is none: endpoint.cert_file and endpoint.key_file give one", err)
}

// hostName is what can be asked for by SNI.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

// trust says whose certificates verify the server's.
func (s *security) trust(file string) error {
	switch {
	case file != "" && s.config.InsecureSkipVerify:
		return fmt.Errorf("%q: insecure is true, so that nothing is verified with it: want one or the other", file)
	case s.config.InsecureSkipVerify:
		s.facts = append(s.facts, "certificate not checked (endpoint.insecure)")
		return nil
	case file == "":
		s.facts = append(s.facts, "checked with the system's certificates")
		return nil
	}
	text, err := readPEM(file)
	if err != nil {
		return fmt.Errorf("%w: want a file in PEM form (-----BEGIN CERTIFICATE-----)", err)
	}
	s.config.RootCAs = x509.NewCertPool()
	if !s.config.RootCAs.AppendCertsFromPEM(text) {
		return fmt.Errorf("%q: no certificate in it: want a file in PEM form (-----BEGIN CERTIFICATE-----)", file)
	}
	s.facts = append(s.facts, "checked with the certificates of "+file)
	return nil
}

// show reads the client certificate.
func (s *security) show(certFile, keyFile string) error {
	cert, err := readPEM(certFile)
	if err != nil {
		return wrong("cert_file", err)
	}
	if !bytes.Contains(cert, []byte("-----BEGIN CERTIFICATE-----")) {
		return wrong("cert_file", fmt.Errorf("%q: no certificate in it: want a file in PEM form (-----BEGIN CERTIFICATE-----)", certFile))
	}
	ofKey, key := "key_file", cert
	if keyFile == "" {
		ofKey = "cert_file"
	} else if key, err = readPEM(keyFile); err != nil {
		return wrong(ofKey, err)
	}
	if problem := keyProblem(key); problem != "" {
		return wrong(ofKey, fmt.Errorf("%q: %s", cmp.Or(keyFile, certFile), problem))
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return wrong(ofKey, fmt.Errorf("%q: %s: want the private key of the certificate in %s", cmp.Or(keyFile, certFile), strings.TrimPrefix(err.Error(), "tls: "), certFile))
	}
	if now := time.Now(); now.Before(pair.Leaf.NotBefore) || now.After(pair.Leaf.NotAfter) {
		const form = "2006-01-02 15:04 MST"
		return wrong("cert_file", fmt.Errorf("%q: the certificate is valid from %s to %s, which excludes now: renew it, or check this machine's clock",
			certFile, pair.Leaf.NotBefore.Format(form), pair.Leaf.NotAfter.Format(form)))
	}
	// Whether or not the server says that it knows the certificate's authority: what it
	// thinks of it is for its alert to say.
	s.config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	s.facts = append(s.facts, "client certificate "+pair.Leaf.Subject.String())
	return nil
}

// keyProblem says why there is no private key in a PEM file; "" where there may be one.
func keyProblem(text []byte) string {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return "the private key is encrypted: want it without a passphrase, as openssl pkey -in FILE -out NEW writes it"
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return ""
		}
	}
	return "no private key in it: want key_file with one in PEM form (-----BEGIN PRIVATE KEY-----)"
}

// maxPEM bounds the files of certificates: systems have some hundred KiB.
const maxPEM = 16 << 20

func readPEM(file string) ([]byte, error) {
	text, err := userfile.Read(file, maxPEM)
	return bytes.ReplaceAll(text, []byte("\ufeff"), nil), err // one may stand before each part that was put into the file
}

// fact says how the connections are secured, as far as they are; agreed is nil where
// nobody knows what server and client agree on.
func (s security) fact(agreed *tls.ConnectionState) []record.Fact {
	if s.config == nil {
		return nil
	}
	parts := s.facts
	if agreed != nil {
		parts = append([]string{tls.VersionName(agreed.Version), tls.CipherSuiteName(agreed.CipherSuite)}, parts...)
	}
	f := record.Fact{Name: record.FactTLS, Value: strings.Join(parts, ", ") + ", no session resumption"}
	if s.config.InsecureSkipVerify {
		f.State = record.Unverified
	}
	return []record.Fact{f}
}

// handshake makes one connection with TLS to the server, asks nothing on it, and returns
// what was agreed on.
func (t target) handshake(ctx context.Context) (*tls.ConnectionState, error) {
	if t.security.config == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.wait)
	defer cancel()
	server, err := url.Parse(t.url)
	if err != nil {
		return nil, err
	}
	network, address := "tcp", net.JoinHostPort(server.Hostname(), cmp.Or(server.Port(), "443"))
	if t.socket != "" {
		network, address = "unix", t.socket
	}
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", t.url, targets.Explain(err))
	}
	defer socket.Close()
	config := t.security.config.Clone()
	config.ServerName = cmp.Or(config.ServerName, server.Hostname())
	conn := tls.Client(socket, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", t.url, t.security.explain(targets.Explain(fmt.Errorf("%w: %w", targets.ErrHandshake, err))))
	}
	state := conn.ConnectionState()
	return &state, nil
}
