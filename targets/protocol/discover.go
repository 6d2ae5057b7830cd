package protocol

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"servebench/generators"
)

// Ask sends one request to a running server. It fails where no response came.
type Ask func(context.Context, Request) (Response, error)

// Description is what a running server says of itself in a protocol.
type Description struct {
	Server string // its name and version; "" where it does not say
	// Models are those that it names. Without Listed the protocol has no list, and they
	// are the one that was asked for, if any.
	Models []ModelDescription
	Listed bool
	// Left is how many more models it lists, which were too many to describe.
	Left int
}

// ModelDescription is what a server says of a model.
type ModelDescription struct {
	Name, Version string
	// Inputs and Outputs have no data, and the dimension of the batch in their shape; -1
	// is a dimension that varies. nil: the server does not say.
	Inputs, Outputs []generators.Tensor
	// Problem is why the server's description could not be read; nil: it was, or there is none.
	Problem error
}

// maxModels is how many models of a list are described.
const maxModels = 64

// Choose picks the models to describe from a server's list, the one that was asked for or
// the first 64, and counts those left out of them.
func Choose(names []string, model string) (chosen []string, left int) {
	if model != "" && slices.Contains(names, model) {
		return []string{model}, 0
	}
	chosen = names[:min(len(names), maxModels)]
	return chosen, len(names) - len(chosen)
}

// GetJSON asks for a path and reads the answer into a document. It fails where there is no
// 2xx, or no JSON.
func (ask Ask) GetJSON(ctx context.Context, path string, document any) error {
	resp, err := ask(ctx, Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return err
	}
	if resp.Status/100 != 2 {
		return fmt.Errorf("GET %s: status %d", path, resp.Status)
	}
	if err := json.Unmarshal(resp.Body, document); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}
