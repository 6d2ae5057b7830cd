package targets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
)

// grpcMethod is the path of a method of gRPC, whose service has a package.
var grpcMethod = regexp.MustCompile(`^/\w+(\.\w+)+/\w+$`)

// IsCall reports whether a readiness path is a method of gRPC, such as
// /grpc.health.v1.Health/Check, which is called without arguments.
func IsCall(path string) bool { return grpcMethod.MatchString(path) }

// ReadyMethod is the HTTP method that a readiness path is asked with.
func ReadyMethod(path string) string {
	if IsCall(path) {
		return http.MethodPost
	}
	return http.MethodGet
}

// NewReadyRequest makes the request for a readiness path at a base URL: a GET, or for a
// method of gRPC its call.
func NewReadyRequest(ctx context.Context, url, path string) (*http.Request, error) {
	var body io.Reader
	if IsCall(path) {
		body = bytes.NewReader(make([]byte, 5)) // an empty message: not compressed, of length 0
	}
	req, err := http.NewRequestWithContext(ctx, ReadyMethod(path), url+path, body)
	if err != nil || !IsCall(path) {
		return req, err
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("Te", "trailers")
	return req, nil
}

// The statuses of gRPC that say what 403 and 401 do in HTTP.
const (
	permissionDenied = "7"
	unauthenticated  = "16"
)

// CheckCall reads the answer to the readiness call of gRPC. The server is ready when the
// status is OK and the first field of the message is 1, as the Open Inference Protocol
// says true and gRPC's health service SERVING.
func CheckCall(resp *http.Response, credentials Credentials) error {
	const most = 4 << 10
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	fields := resp.Trailer
	if fields.Get("Grpc-Status") == "" {
		fields = resp.Header // where there is no message
	}
	status := fields.Get("Grpc-Status")
	switch {
	case resp.StatusCode != http.StatusOK || status == "":
		return fmt.Errorf("answered %s, which is not gRPC", resp.Status)
	case status == unauthenticated || status == permissionDenied:
		return fmt.Errorf("answered grpc-status %s: %q; %s", status, fields.Get("Grpc-Message"), credentials.Refused())
	case status != "0":
		return fmt.Errorf("answered grpc-status %s: %q", status, fields.Get("Grpc-Message"))
	case len(body) < 7 || body[5] != 1<<3 || body[6] != 1:
		return errors.New("answered that the server is not ready")
	}
	return nil
}
