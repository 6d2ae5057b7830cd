package service_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"servebench/targets/lambda/service"
)

// BenchmarkWarm is a request to the URL of a warm function and its answer, the
// caller's side included.
func BenchmarkWarm(b *testing.B) {
	s, err := service.New(config("url"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	b.ReportAllocs()
	for b.Loop() {
		resp, err := http.Post(server.URL+"/echo", "application/json", strings.NewReader(`{"inputs":[{"name":"features","shape":[1,9],"datatype":"FP32"}]}`))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			b.Fatalf("answered %s, %v", resp.Status, err)
		}
		resp.Body.Close()
	}
}
