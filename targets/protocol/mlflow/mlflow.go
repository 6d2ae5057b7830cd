// Package mlflow is the interface of MLflow's scoring server (mlflow models serve). It
// holds both sides: Kind is the client, which sends a table split in columns and data;
// Handler is the server, which takes every body that MLflow's own does.
package mlflow

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/rows"
)

// Kind is the protocol's entry in the list of protocols.
func Kind() protocol.Kind {
	return protocol.Kind{
		Name:     "mlflow",
		Doc:      "Interface of MLflow's scoring server: POST /invocations with a table.",
		Ready:    "/ping",
		Discover: discover,
		Open:     func(cfg protocol.Config) (protocol.Protocol, error) { return client{cfg}, nil },
	}
}

type client struct{ protocol.Config }

// Encode writes rows as dataframe_split, tensors as instances. The protocol has no place
// for the id, nor for the model's name: a server has one model.
func (c client) Encode(_ string, batch []generators.Example) (protocol.Request, error) {
	w := rows.Writer{Config: c.Config}
	var body []byte
	var err error
	switch {
	case len(c.Schema.Tensors) > 0:
		body, err = w.AppendRecords([]byte(`{"instances":`), batch)
	case len(c.Schema.Features) == 0:
		body, err = w.AppendRows([]byte(`{"inputs":`), batch, "", "")
	default:
		body = append(w.AppendColumnNames([]byte(`{"dataframe_split":{"columns":`)), `,"data":`...)
		if body, err = w.AppendRows(body, batch, "", ""); err == nil {
			body = append(body, '}')
		}
	}
	if err != nil {
		return protocol.Request{}, fmt.Errorf("encode: %w", err)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if c.Model != "" {
		header[modelHeader] = []string{c.Model}
	}
	return protocol.Request{Method: http.MethodPost, Path: "/invocations", Header: header, Body: append(body, '}')}, nil
}

// modelHeader names the model to servers that have several, as the reference server has;
// MLflow's own takes no notice.
const modelHeader = "X-Model"

// Decode reads the predictions.
func (c client) Decode(resp protocol.Response) (protocol.Reply, error) {
	return rows.Decode(resp, c.Config, nil, "predictions")
}

// discover asks for the version. MLflow's server does not say what its model takes.
func discover(ctx context.Context, ask protocol.Ask, model string) (*protocol.Description, error) {
	resp, err := ask(ctx, protocol.Request{Method: http.MethodGet, Path: "/version"})
	if err != nil {
		return nil, err
	}
	version := strings.TrimSpace(string(resp.Body))
	if resp.Status != http.StatusOK || !looksLikeVersion.MatchString(version) {
		return nil, fmt.Errorf("GET /version: status %d, want 200 with a version", resp.Status)
	}
	ping, err := ask(ctx, protocol.Request{Method: http.MethodGet, Path: "/ping"})
	if err != nil {
		return nil, err
	}
	if ping.Status != http.StatusOK || strings.TrimSpace(string(ping.Body)) != "" {
		return nil, fmt.Errorf("GET /ping: status %d with %d bytes, want 200 and an empty line", ping.Status, len(ping.Body))
	}
	return &protocol.Description{Server: "MLflow " + version, Models: []protocol.ModelDescription{{Name: cmp.Or(model, "model")}}}, nil
}

var looksLikeVersion = regexp.MustCompile(`^[0-9A-Za-z.+_-]{1,64}$`)
