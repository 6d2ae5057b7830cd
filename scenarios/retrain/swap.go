package retrain

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"

	"servebench/reports/record/userfile"
	"servebench/targets"
)

// RefusedError is a server's refusal of a model. The one that was there is served on.
type RefusedError struct {
	Status int
	Text   string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Text) }

const (
	// mostModel bounds the file of a model that is handed over, in bytes.
	mostModel = 32 << 20
	// mostAnswer bounds what is read of the answer.
	mostAnswer = 4 << 10
)

// MostBody is the longest body of a request that Repository.Load sends.
const MostBody = 64 * targets.MiB

// Repository is the model repository of a server, in Triton's form
// (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md).
type Repository struct {
	Endpoint targets.Endpoint
	Model    string
}

// Load has a version of the model served from a file of this machine, whose content goes with the
// request: the server may not see this machine's files. A RefusedError says that it does not.
func (r Repository) Load(ctx context.Context, path string, version int) error {
	content, err := userfile.Read(path, mostModel)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("file:%d/%s", version, filepath.Base(path))
	body, err := json.Marshal(map[string]any{"parameters": map[string]string{name: base64.StdEncoding.EncodeToString(content)}})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Endpoint.URL+"/v2/repository/models/"+url.PathEscape(r.Model)+"/load", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: r.Endpoint.PlainTransport(false)}
	defer client.CloseIdleConnections()
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	switch {
	case answer.StatusCode >= http.StatusBadRequest && answer.StatusCode < http.StatusInternalServerError:
		return &RefusedError{answer.StatusCode, targets.Excerpt(answer.Header, text)}
	case answer.StatusCode != http.StatusOK:
		return fmt.Errorf("status %d: %s", answer.StatusCode, targets.Excerpt(answer.Header, text))
	}
	return err
}
