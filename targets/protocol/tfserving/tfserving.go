// Package tfserving is the REST interface of TensorFlow Serving. It holds both sides:
// Kind is the client, which asks for predictions in the row format; Handler is the
// server, which also takes the column format and the methods classify and regress.
package tfserving

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/rows"
)

// Kind is the protocol's entry in the list of protocols.
func Kind() protocol.Kind {
	return protocol.Kind{
		Name:     "tfserving",
		Doc:      "REST interface of TensorFlow Serving: predictions, in the row format.",
		Ready:    "/v1/models",
		Discover: discover,
		Open:     open,
	}
}

type client struct {
	protocol.Config
	path string
}

func open(cfg protocol.Config) (protocol.Protocol, error) {
	if cfg.Model == "" {
		return nil, errors.New("open protocol tfserving: the model has no name")
	}
	return client{cfg, "/v1/models/" + url.PathEscape(cfg.Model) + ":predict"}, nil
}

// Encode writes an instance for each example: a list of numbers, under the name of the
// model's input where there is one, or an object of named tensors. The protocol has no
// place for the id.
func (c client) Encode(_ string, batch []generators.Example) (protocol.Request, error) {
	body, err := c.appendInstances([]byte(`{"instances":`), batch)
	if err != nil {
		return protocol.Request{}, fmt.Errorf("encode: %w", err)
	}
	return protocol.Request{
		Method: http.MethodPost, Path: c.path,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   append(body, '}'),
	}, nil
}

func (c client) appendInstances(dst []byte, batch []generators.Example) ([]byte, error) {
	w := rows.Writer{Config: c.Config}
	if len(c.Schema.Tensors) > 0 {
		return w.AppendRecords(dst, batch)
	}
	if c.Input == "" {
		return w.AppendRows(dst, batch, "", "")
	}
	return w.AppendRows(dst, batch, "{"+string(jsonbody.AppendString(nil, []byte(c.Input)))+":", "}")
}

// renamed are the outputs of TensorFlow's estimators.
var renamed = map[string]string{"class_ids": "label", "logistic": "probability"}

// Decode reads the predictions, or the outputs of the column format.
func (c client) Decode(resp protocol.Response) (protocol.Reply, error) {
	return rows.Decode(resp, c.Config, renamed, "predictions", "outputs")
}
