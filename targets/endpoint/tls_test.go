package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"servebench/reports/record"
	"servebench/targets"
	"servebench/targets/targettest/pki"
)

// secureServer is a server with a certificate, changed by a function.
func secureServer(t *testing.T, certificate tls.Certificate, change func(*tls.Config)) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(healthy))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	if change != nil {
		change(server.TLS)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// TestDeploySaysWhatIsWrongWithTLS meets each fault of certificates, on both sides, and
// wants to be told which option makes it right.
func TestDeploySaysWhatIsWrongWithTLS(t *testing.T) {
	authority, other := pki.NewAuthority("Models CA"), pki.NewAuthority("Other CA")
	good := authority.Issue(pki.Loopback())
	expired := pki.Loopback()
	expired.NotBefore, expired.NotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 2, 1, 0, 0, 0, 0, time.UTC)
	elsewhere := pki.Loopback()
	elsewhere.DNSNames, elsewhere.IPAddresses = []string{"models.example"}, nil
	nameless := pki.Loopback()
	nameless.DNSNames, nameless.IPAddresses = nil, nil
	ca := authority.Write(t.TempDir())
	ownCert, ownKey := pki.Write(t.TempDir(), authority.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "load test"}}))
	foreignCert, foreignKey := pki.Write(t.TempDir(), other.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "stranger"}}))
	const required = "the server requires a client certificate; give one as endpoint.cert_file and endpoint.key_file"
	mutual := func(version uint16) func(*tls.Config) {
		return func(c *tls.Config) {
			c.ClientAuth, c.ClientCAs, c.MaxVersion = tls.RequireAndVerifyClientCert, authority.Pool(), version
		}
	}
	sni := func(c *tls.Config) {
		c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "models.example" {
				return nil, errors.New("none")
			}
			at := authority.Issue(elsewhere)
			return &at, nil
		}
		c.Certificates = nil
	}
	var all sync.WaitGroup // since those that fail do so when their time is over
	for _, c := range []struct {
		name        string
		certificate tls.Certificate
		change      func(*tls.Config)
		options     map[string]string
		want        string // "": it works
	}{
		{"own authority", good, nil, map[string]string{"ca_file": ca}, ""},
		{"wrong authority", good, nil, map[string]string{"ca_file": other.Write(t.TempDir())}, "the server's certificate is signed by CN=Models CA, an authority that is not trusted; give that authority's certificate as endpoint.ca_file=FILE"},
		{"the system's authorities", good, nil, nil, "endpoint.ca_file=FILE"},
		{"expired", authority.Issue(expired), nil, map[string]string{"ca_file": ca}, "valid from 2020-01-01 00:00 UTC to 2020-02-01 00:00 UTC, which excludes now; renew it, or check this machine's clock"},
		{"wrong name", authority.Issue(elsewhere), nil, map[string]string{"ca_file": ca}, "is for models.example and not for 127.0.0.1; use one of those names in the URL, or as endpoint.server_name"},
		{"no name", authority.Issue(nameless), nil, map[string]string{"ca_file": ca}, "names no host (subject alternative names), and 127.0.0.1 is asked for"},
		{"name given", authority.Issue(elsewhere), nil, map[string]string{"ca_file": ca, "server_name": "models.example"}, ""},
		{"server by name", tls.Certificate{}, sni, map[string]string{"ca_file": ca, "server_name": "models.example"}, ""},
		{"not verified", authority.Issue(expired), nil, map[string]string{"insecure": "true"}, ""},
		{"client certificate", good, mutual(0), map[string]string{"ca_file": ca, "cert_file": ownCert, "key_file": ownKey}, ""},
		{"no client certificate", good, mutual(0), map[string]string{"ca_file": ca}, required},
		{"no client certificate, TLS 1.2", good, mutual(tls.VersionTLS12), map[string]string{"ca_file": ca}, "the server ended the TLS handshake (its alert: handshake failure); it may require a client certificate (endpoint.cert_file and endpoint.key_file)"},
		{"foreign client certificate", good, mutual(tls.VersionTLS12), map[string]string{"ca_file": ca, "cert_file": foreignCert, "key_file": foreignKey}, "the server refused the client certificate, or requires one (its alert: "},
	} {
		for _, http2 := range []bool{false, true} {
			server := secureServer(t, c.certificate, func(config *tls.Config) {
				if c.change != nil {
					c.change(config)
				}
				if http2 {
					config.NextProtos = []string{"h2"}
				}
			})
			options := map[string]string{"url": server.URL}
			maps.Copy(options, c.options)
			target, err := Kind().Open(targets.Config{Options: options})
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				if c.want == required && http2 {
					c.want = "endpoint.cert_file" // net/http may see the connection's end before the alert
				}
				_, err := target.Deploy(t.Context(), targets.Workload{Ready: "/base/health", HTTP2: http2})
				switch {
				case c.want == "" && err != nil:
					t.Errorf("%s: %v", c.name, err)
				case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
					t.Errorf("%s, HTTP/2 %t: error %v\nwant %s", c.name, http2, err, c.want)
				case err != nil && strings.Contains(err.Error(), "tls: "):
					t.Errorf("%s: error %v is in Go's words", c.name, err)
				}
			})
		}
	}
	all.Wait()
}

// TestTLSFacts tells how the server was verified, also where it is not asked whether it is
// ready.
func TestTLSFacts(t *testing.T) {
	authority := pki.NewAuthority("Models CA")
	server := secureServer(t, authority.Issue(pki.Loopback()), nil)
	ca := authority.Write(t.TempDir())
	cert, key := pki.Write(t.TempDir(), authority.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "load test"}}))
	for _, ready := range []string{ask, none} {
		for _, c := range []struct {
			options map[string]string
			want    string
			state   string
		}{
			{map[string]string{"ca_file": ca}, "checked with the certificates of " + ca + ", no session resumption", ""},
			{map[string]string{"insecure": "true"}, "certificate not checked (endpoint.insecure), no session resumption", record.Unverified},
			{map[string]string{"ca_file": ca, "server_name": "localhost", "cert_file": cert, "key_file": key},
				"checked with the certificates of " + ca + ", asked for as localhost, client certificate CN=load test, no session resumption", ""},
		} {
			options := map[string]string{"url": server.URL, "ready": ready}
			maps.Copy(options, c.options)
			d, err := deploy(t, t.Context(), "/base/health", options)
			if err != nil {
				t.Fatal(err)
			}
			got := fact(t, d, record.FactTLS)
			if !strings.HasPrefix(got.Value, "TLS 1.3, TLS_") || !strings.HasSuffix(got.Value, ", "+c.want) || got.State != c.state {
				t.Errorf("fact %+v, want %s", got, c.want)
			}
		}
	}
	silent, err := net.Listen("tcp", targets.Address(targets.Loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, err = deploy(t, t.Context(), "/", map[string]string{"url": "https://" + silent.Addr().String(), "ready": none, "wait": "200ms"})
	if err == nil || !strings.Contains(err.Error(), "did not answer the TLS handshake in time") {
		t.Errorf("error %v of a server that says nothing", err)
	}
	_, err = deploy(t, t.Context(), "/", map[string]string{"url": server.URL, "ready": none})
	if err == nil || !strings.Contains(err.Error(), "endpoint.ca_file=FILE") {
		t.Errorf("error %v of a server that is not asked and not trusted", err)
	}
}

func TestOpenRefusesTLS(t *testing.T) {
	authority := pki.NewAuthority("Models CA")
	ca := authority.Write(t.TempDir())
	cert, key := pki.Write(t.TempDir(), authority.Issue(x509.Certificate{}))
	_, otherKey := pki.Write(t.TempDir(), authority.Issue(x509.Certificate{}))
	old, oldKey := pki.Write(t.TempDir(), authority.Issue(x509.Certificate{NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}))
	write := func(name string, text []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	encrypted := write("encrypted.pem", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}))
	empty := write("empty.pem", []byte("nothing"))
	certText, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	keyText, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	both := write("both.pem", append(certText, keyText...))
	if _, err := Kind().Open(targets.Config{Options: map[string]string{"url": "https://h", "cert_file": both}}); err != nil {
		t.Errorf("certificate and key in one file: %v", err)
	}
	for name, c := range map[string]struct{ option, options, want string }{
		"no file":            {"ca_file", "ca_file=" + filepath.Join(t.TempDir(), "none.pem"), "none.pem: no such file"},
		"device":             {"ca_file", "ca_file=/dev/zero", "/dev/zero is a device, not a file: want a file in PEM form"},
		"no certificate":     {"ca_file", "ca_file=" + empty, "no certificate in it: want a file in PEM form"},
		"not verified":       {"ca_file", "insecure=true ca_file=" + ca, "insecure is true, so that nothing is verified with it"},
		"a URL":              {"server_name", "server_name=https://h", "want a host name alone"},
		"key alone":          {"key_file", "key_file=" + key, "want its certificate as cert_file"},
		"no key":             {"cert_file", "cert_file=" + cert, "no private key in it: want key_file"},
		"key for key":        {"cert_file", "cert_file=" + key + " key_file=" + key, "no certificate in it"},
		"another key":        {"key_file", "cert_file=" + cert + " key_file=" + otherKey, "private key does not match public key: want the private key of the certificate in " + cert},
		"encrypted key":      {"key_file", "cert_file=" + cert + " key_file=" + encrypted, "the private key is encrypted: want it without a passphrase"},
		"certificate as key": {"key_file", "cert_file=" + cert + " key_file=" + cert, "no private key in it"},
		"expired":            {"cert_file", "cert_file=" + old + " key_file=" + oldKey, "to 1970-01-01 00:00 UTC, which excludes now"},
	} {
		options := map[string]string{"url": "https://h"}
		for pair := range strings.FieldsSeq(c.options) {
			option, value, _ := strings.Cut(pair, "=")
			options[option] = value
		}
		_, err := Kind().Open(targets.Config{Options: options})
		if fault, ok := errors.AsType[*targets.OptionError](err); !ok || fault.Option != c.option || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one of %s: %s", name, err, c.option, c.want)
		}
	}
	for _, option := range []string{"ca_file=" + ca, "cert_file=" + both, "key_file=" + key, "server_name=h", "insecure=true"} {
		name, value, _ := strings.Cut(option, "=")
		_, err := Kind().Open(targets.Config{Options: map[string]string{"url": "http://h", name: value}})
		if err == nil || !strings.Contains(err.Error(), "url is http://h: want a url with https, or no "+name) {
			t.Errorf("%s of a server without TLS: error %v", name, err)
		}
	}
}
