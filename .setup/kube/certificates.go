package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// lifetime of the certificates is longer than that of any such cluster, which ends with
// the machine's uptime at the latest.
const lifetime = 10 * 365 * 24 * time.Hour

// contextName is how the kubeconfigs name the cluster.
const contextName = "servebench"

func certificatesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "certificates FOLDER SERVER-URL NODE ADDRESS...",
		Short: "Write what the components trust each other by: certificates, keys and a kubeconfig each",
		Args:  cobra.MinimumNArgs(4),
		RunE: func(_ *cobra.Command, args []string) error {
			return writeCertificates(args[0], args[1], args[2], args[3:])
		},
	}
}

// writeCertificates makes an authority that exists for this cluster alone, and whose key
// is forgotten once everything is signed. The addresses are those of the API server.
func writeCertificates(folder, url, node string, addresses []string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	ca, err := newAuthority(folder)
	if err != nil {
		return err
	}
	names := append([]string{"kubernetes", "kubernetes.default", "kubernetes.default.svc"}, addresses...)
	for file, subject := range map[string]pkix.Name{
		"apiserver":        {CommonName: "kube-apiserver"},
		"service-accounts": {CommonName: "service-accounts"},
		"front-proxy":      {CommonName: "front-proxy-client"},
		"kubelet-client":   {CommonName: "kube-apiserver-kubelet-client", Organization: []string{"system:masters"}},
	} {
		if _, _, err := ca.issue(file, subject, names); err != nil {
			return err
		}
	}
	for file, subject := range map[string]pkix.Name{
		"admin":              {CommonName: "admin", Organization: []string{"system:masters"}},
		"controller-manager": {CommonName: "system:kube-controller-manager"},
		"scheduler":          {CommonName: "system:kube-scheduler"},
		"kubelet":            {CommonName: "system:node:" + node, Organization: []string{"system:nodes"}},
		"proxy":              {CommonName: "system:kube-proxy"},
		"metrics-server":     {CommonName: "metrics-server", Organization: []string{"system:masters"}},
	} {
		certificate, key, err := ca.issue(file, subject, nil)
		if err != nil {
			return err
		}
		config := api.NewConfig()
		config.Clusters[contextName] = &api.Cluster{Server: url, CertificateAuthorityData: ca.pem}
		config.AuthInfos[subject.CommonName] = &api.AuthInfo{ClientCertificateData: certificate, ClientKeyData: key}
		config.Contexts[contextName] = &api.Context{Cluster: contextName, AuthInfo: subject.CommonName}
		config.CurrentContext = contextName
		if err := clientcmd.WriteToFile(*config, filepath.Join(folder, file+".kubeconfig")); err != nil {
			return err
		}
	}
	return nil
}

// authority signs the certificates of one cluster.
type authority struct {
	folder      string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

// newAuthority leaves its certificate in the folder as ca.crt.
func newAuthority(folder string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{folder: folder, key: key, certificate: &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: contextName},
		NotBefore:    time.Now().Add(-time.Hour), // a guest's clock may be behind
		NotAfter:     time.Now().Add(lifetime),
		KeyUsage:     x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IsCA:         true, BasicConstraintsValid: true,
	}}
	signed, err := x509.CreateCertificate(rand.Reader, a.certificate, a.certificate, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	return a, os.WriteFile(filepath.Join(folder, "ca.crt"), a.pem, 0o600)
}

// issue leaves a certificate and its key in the folder as NAME.crt and NAME.key, and
// returns both. It is good for a server, known by names and addresses, and for a client.
func (a *authority) issue(name string, subject pkix.Name, servers []string) (certificate, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: a.certificate.NotBefore, NotAfter: a.certificate.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	for _, s := range servers {
		if ip := net.ParseIP(s); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, s)
		}
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &private.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	key = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})
	path := filepath.Join(a.folder, name)
	if err := os.WriteFile(path+".crt", certificate, 0o600); err != nil {
		return nil, nil, err
	}
	return certificate, key, os.WriteFile(path+".key", key, 0o600)
}
