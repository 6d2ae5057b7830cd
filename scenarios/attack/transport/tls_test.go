package transport

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"servebench/targets"
	"servebench/targets/protocol"
	"servebench/targets/targettest/pki"
)

// TestTLS sends by every client what a target says of TLS: whose certificates to trust,
// what certificate to show, which name to ask for.
func TestTLS(t *testing.T) {
	authority := pki.NewAuthority("Models CA")
	elsewhere := pki.Loopback()
	elsewhere.DNSNames, elsewhere.IPAddresses = []string{"models.example"}, nil
	own := authority.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "load test"}})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.TLS.ServerName, " ", r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{authority.Issue(elsewhere)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool(),
	}
	server.StartTLS()
	defer server.Close()
	const withoutCert = "no client certificate"
	show := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	for name, options := range map[string]Options{"own": {}, "net/http": {Standard: true}, "HTTP/2": {Version: HTTP2}} {
		for _, c := range []struct {
			name   string
			config *tls.Config
			want   string // the body, or a part of the error
			fails  bool
		}{
			{"all of it", &tls.Config{RootCAs: authority.Pool(), ServerName: "models.example", GetClientCertificate: show}, "models.example load test", false},
			{"not verified", &tls.Config{InsecureSkipVerify: true, GetClientCertificate: show}, " load test", false},
			{"another name", &tls.Config{RootCAs: authority.Pool(), GetClientCertificate: show}, "is for models.example and not for 127.0.0.1", true},
			{"the system's authorities", &tls.Config{ServerName: "models.example"}, "signed by CN=Models CA, an authority that is not trusted", true},
			{withoutCert, &tls.Config{RootCAs: authority.Pool(), ServerName: "models.example"}, "requires a client certificate", true},
		} {
			sender, err := New(Config{Endpoint: targets.Endpoint{URL: server.URL, TLS: c.config}, Connections: 1, Options: options})
			if err != nil {
				t.Fatal(err)
			}
			m, err := NewMessage(server.URL, protocol.Request{Method: "POST", Path: "/", Body: []byte("x")}, false, targets.Credentials{})
			if err != nil {
				t.Fatal(err)
			}
			if c.name == withoutCert && options.Version == HTTP2 {
				c.want = "" // net/http may see the connection's end before the alert that says why
			}
			o, err := send(t.Context(), sender, m)
			switch {
			case !c.fails && (err != nil || string(o.Body) != c.want):
				t.Errorf("%s, %s: %q and %v, want %q", name, c.name, o.Body, err, c.want)
			case c.fails && (err == nil || !strings.Contains(targets.Explain(err).Error(), c.want)):
				t.Errorf("%s, %s: error %v, want %s", name, c.name, targets.Explain(err), c.want)
			case c.fails && c.config.RootCAs == nil && !targets.HandshakeFailed(err):
				t.Errorf("%s, %s: error %v is none of TLS", name, c.name, err)
			}
			sender.Close()
		}
	}
}
