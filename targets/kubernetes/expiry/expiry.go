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

// The labels of what a run makes in the cluster, and of a node that it cordoned.
const (
	LabelRun   = "servebench/run"   // the run's name, which its Lease has too
	LabelMaker = "servebench/maker" // the process that made it
	LabelBoot  = "servebench/boot"  // of the machine that the maker runs on
)

// Cordoned is the annotation of a run's Lease with the nodes that the run has cordoned,
// separated by commas.
const Cordoned = "servebench/cordoned"

// Uncordoned is the merge patch that has a node take pods again, and takes the run's labels
// from it.
const Uncordoned = `{"metadata":{"labels":{"` + LabelRun + `":null,"` + LabelMaker + `":null,"` + LabelBoot + `":null}},"spec":{"unschedulable":null}}`

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
// the time. Then it uncordons the nodes that the run has cordoned, and removes the run. It
// reports whether it did.
func (r Run) Await(ctx context.Context) (removed bool, err error) {
	stamp, since := "", time.Now()
	for {
		is, err := r.lease(ctx)
		switch {
		case errors.Is(err, errGone):
			return false, nil
		case err == nil && is.Spec.RenewTime != stamp:
			stamp, since = is.Spec.RenewTime, time.Now()
		case err == nil && time.Since(since) > r.Patience: // while the API server cannot be asked, nothing is known
			// The right to uncordon ends with the run: it is worth a few tries.
			err := r.uncordon(ctx, is.Metadata.Annotations[Cordoned])
			if err == nil || time.Since(since) > 2*r.Patience {
				return true, errors.Join(err, r.remove(ctx))
			}
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

// lease is what is read of the run's Lease.
type lease struct {
	Metadata struct{ Annotations map[string]string }
	Spec     struct{ RenewTime string } // as its maker wrote it
}

func (r Run) lease(ctx context.Context) (lease, error) {
	text, err := r.call(ctx, http.MethodGet, r.leasePath(), "")
	if err != nil {
		return lease{}, err
	}
	var is lease
	if err := json.Unmarshal(text, &is); err != nil {
		return lease{}, fmt.Errorf("read the Lease: %w", err)
	}
	return is, nil
}

// uncordon has the nodes take pods again that bear the run's label: others have been
// uncordoned since.
func (r Run) uncordon(ctx context.Context, nodes string) error {
	var failed []error
	for _, name := range strings.FieldsFunc(nodes, func(c rune) bool { return c == ',' }) {
		if err := r.uncordonNode(ctx, "/api/v1/nodes/"+name); err != nil && !errors.Is(err, errGone) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func (r Run) uncordonNode(ctx context.Context, path string) error {
	text, err := r.call(ctx, http.MethodGet, path, "")
	if err != nil {
		return err
	}
	var node struct {
		Metadata struct{ Labels map[string]string }
	}
	if err := json.Unmarshal(text, &node); err != nil {
		return fmt.Errorf("read the node: %w", err)
	}
	if node.Metadata.Labels[LabelRun] != r.Lease {
		return nil
	}
	_, err = r.call(ctx, http.MethodPatch, path, Uncordoned)
	return err
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
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
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
