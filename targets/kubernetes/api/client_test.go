package api

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// silent never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// A watch, whose context lasts as long as a deployment, does not wait for an API server that
// never begins to answer.
func TestWatchGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, began := &Client{URL: "https://api.test", http: &http.Client{Transport: silent{}}}, time.Now()
		err := c.Watch(context.Background(), "/api/v1/pods", nil, nil)
		if err == nil || !strings.Contains(err.Error(), "https://api.test cannot be reached: no answer within 20s") || time.Since(began) != requestTime {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// failing gives no answer.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// Where a cluster has gone, another server may answer at its address.
func TestAnotherServerAnswers(t *testing.T) {
	c := &Client{URL: "https://api.test", http: &http.Client{Transport: failing{x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.test", "b.test"}}, Host: "198.18.0.2"}}}}
	err := c.Get(context.Background(), "/version", nil, nil)
	if _, down := errors.AsType[*Unreachable](err); !down || !strings.Contains(err.Error(), "another server") || strings.Contains(err.Error(), "endpoint.") {
		t.Error(err)
	}
}

func TestEnded(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "containerd.sock")
	if err := os.WriteFile(socket, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &Client{Socket: socket}
	if c.Ended() {
		t.Error("a cluster that is up has ended")
	}
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	if !c.Ended() {
		t.Error("a cluster without its containerd has not ended")
	}
	if (&Client{}).Ended() {
		t.Error("a cluster elsewhere has ended")
	}
}
