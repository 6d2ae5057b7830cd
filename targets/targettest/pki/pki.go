// Package pki makes the certificates that tests of TLS need: authorities, and what they
// sign for servers and clients. What fails there is the machine, and panics.
package pki

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Authority signs certificates.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes an authority with a common name.
func NewAuthority(name string) *Authority {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	cert, key := sign(template, nil)
	return &Authority{cert, key}
}

// Loopback is a certificate for the loopback address and the name localhost, to be issued.
func Loopback() x509.Certificate {
	return x509.Certificate{
		Subject: pkix.Name{CommonName: "test server"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
}

// Issue signs a certificate, which is valid now where the template does not say when.
func (a *Authority) Issue(template x509.Certificate) tls.Certificate {
	cert, key := sign(&template, a)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// sign makes a key and its certificate, signed by an authority; nil: by itself.
func sign(template *x509.Certificate, by *Authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	now := time.Now()
	template.SerialNumber = big.NewInt(now.UnixNano())
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.Add(time.Hour)
	}
	template.KeyUsage = cmp.Or(template.KeyUsage, x509.KeyUsageDigitalSignature)
	if by == nil {
		by = &Authority{template, key}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		panic(err)
	}
	return cert, key
}

// Pool holds the authority's own certificate.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Write writes the authority's own certificate into a folder, and returns the path.
func (a *Authority) Write(dir string) string {
	return writePEM(dir, "ca.pem", "CERTIFICATE", a.cert.Raw)
}

// Write writes a certificate and its private key into a folder, and returns the paths.
func Write(dir string, c tls.Certificate) (cert, key string) {
	raw, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		panic(err)
	}
	return writePEM(dir, "cert.pem", "CERTIFICATE", c.Certificate[0]), writePEM(dir, "key.pem", "PRIVATE KEY", raw)
}

func writePEM(dir, name, kind string, raw []byte) string {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
		panic(err)
	}
	return path
}
