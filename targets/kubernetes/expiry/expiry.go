// Package expiry removes a run of servebench from a cluster whose servebench is gone: it runs
// in a pod of the run, watches that the run's Lease is renewed, and when it no longer is
// deletes what owns the run. It needs nothing but the pod's service account, and no
// client library, so that the program is small.
package expiry

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Run is a run and its API server.
type Run struct {
	Namespace string
	Lease     string
	// Own says that the namespace is the run's, and not just what the Lease owns.
	Own bool
	// Server is the API server's URL, and Client speaks to it.
	Server string
	Client *http.Client
	// Pause is between two looks at the Lease, and Patience how long it may go without a
	// renewal by this process's clock.
	Pause, Patience time.Duration
}

// account is where a pod finds its service account.
const account = "/var/run/secrets/kubernetes.io/serviceaccount"

// InCluster returns the API server of the cluster that this process is a pod of, and a client
// with the pod's service account.
func InCluster() (server string, client *http.Client, err error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return "", nil, errors.New("this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
	}
	authorities, err := os.ReadFile(filepath.Join(account, "ca.crt"))
	if err != nil {
		return "", nil, fmt.Errorf("read the service account: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authorities) {
		return "", nil, errors.New("the service account has no certificate of an authority")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	return "https://" + net.JoinHostPort(host, port), &http.Client{Transport: bearer{transport}, Timeout: 20 * time.Second}, nil
}

// bearer sends the service account's token, which the kubelet renews.
type bearer struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := os.ReadFile(filepath.Join(account, "token"))
	if err != nil {
		return nil, fmt.Errorf("read the service account: %w", err)
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return b.RoundTripper.RoundTrip(r)
}

// Await waits until the Lease is gone, which is the end of a run, or has not been renewed for
// the time, and removes the run then. It reports whether it did.
func (r Run) Await(ctx context.Context) (removed bool, err error) {
	stamp, since := "", time.Now()
	for {
		renewed, err := r.renewed(ctx)
		switch {
		case errors.Is(err, errGone):
			return false, nil
		case err == nil && renewed != stamp:
			stamp, since = renewed, time.Now()
		case err == nil && time.Since(since) > r.Patience: // while the API server cannot be asked, nothing is known
			return true, r.remove(ctx)
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-time.After(r.Pause):
		}
	}
}

// errGone says that there is no such object.
var errGone = errors.New("it is gone")

func (r Run) leasePath() string {
	return "/apis/coordination.k8s.io/v1/namespaces/" + r.Namespace + "/leases/" + r.Lease
}

// renewed is when the Lease was renewed last, as its maker wrote it.
func (r Run) renewed(ctx context.Context) (string, error) {
	text, err := r.call(ctx, http.MethodGet, r.leasePath(), "")
	if err != nil {
		return "", err
	}
	var lease struct{ Spec struct{ RenewTime string } }
	if err := json.Unmarshal(text, &lease); err != nil {
		return "", fmt.Errorf("read the Lease: %w", err)
	}
	return lease.Spec.RenewTime, nil
}

// remove deletes what owns the run.
func (r Run) remove(ctx context.Context) error {
	path := r.leasePath()
	if r.Own {
		path = "/api/v1/namespaces/" + r.Namespace
	}
	_, err := r.call(ctx, http.MethodDelete, path, `{"propagationPolicy":"Background"}`)
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// mostAnswer bounds an answer that is read.
const mostAnswer = 1 << 20

func (r Run) call(ctx context.Context, method, path, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, r.Server+path, bytes.NewBufferString(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := r.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	switch {
	case answer.StatusCode == http.StatusNotFound:
		return nil, errGone
	case answer.StatusCode/100 != 2:
		return nil, fmt.Errorf("%s %s: %s", method, path, answer.Status)
	}
	return text, err
}
