package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"servebench/targets/kubernetes/api"
	"servebench/targets/kubernetes/notes"
)

// A run whose API server went away ends with the first request that gets no answer, and says
// what it could not remove. Its note stays, so that clean looks there.
func TestEndWithoutAnAPIServer(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("SERVEBENCH_CACHE", cache)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, `{"metadata": {"uid": "1"}}`)
	}))
	defer server.Close()
	c := clusterAt(t, server.URL)
	var runs []*run
	for _, namespace := range []string{"", "given"} {
		r, err := begin(t.Context(), c, namespace)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	server.Close()
	for _, r := range runs {
		err := r.end(t.Context())
		if _, down := errors.AsType[*api.Unreachable](err); !down || strings.Count(err.Error(), "cannot be reached") != 1 || !strings.Contains(err.Error(), r.name) {
			t.Errorf("ended with %v", err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(cache, notes.Folder, "*.json")); err != nil || len(left) != len(runs) {
		t.Errorf("%d notes are left for clean, %v", len(left), err)
	}
}

// clusterAt is the cluster whose API server has that URL.
func clusterAt(t *testing.T, url string) cluster {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, clusters: [{name: away, cluster: {server: %q}}], contexts: [{name: away, context: {cluster: away}}]}`, url)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := connect("away", []string{file})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Nodes that are cordoned together are noted one after the other, whatever the API server
// takes for it; who waits for that may give up.
func TestNoteCordon(t *testing.T) {
	asked, answer := make(chan string), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- string(body)
		<-answer
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, "{}")
	}))
	defer server.Close()
	r := &run{cluster: clusterAt(t, server.URL), name: "r", namespace: "r", cordoned: make(chan []string, 1)}
	r.cordoned <- nil
	noted := make(chan error)
	go func() { noted <- r.noteCordon(t.Context(), "a", true) }()
	<-asked // and the answer is kept back
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.noteCordon(gone, "b", true); !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	go func() { noted <- r.noteCordon(t.Context(), "c", true) }()
	answer <- struct{}{}
	if err := <-noted; err != nil {
		t.Fatal(err)
	}
	if body := <-asked; !strings.Contains(body, `:"a,c"`) {
		t.Errorf("the last note is %s", body)
	}
	answer <- struct{}{}
	if err := <-noted; err != nil {
		t.Fatal(err)
	}
}
