// Package sagemaker is Amazon SageMaker's interface for inference. It holds both sides of
// two contracts: that of the runtime, POST /endpoints/NAME/invocations, which the SDKs of
// AWS call, and that of a container, POST /invocations and GET /ping. Bodies are JSON as
// SageMaker's own algorithms read and write them, or CSV.
package sagemaker

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/rows"
)

// Kind is the entry of the runtime's contract in the list of protocols.
func Kind() protocol.Kind {
	return protocol.Kind{
		Name:  "sagemaker",
		Doc:   "SageMaker's runtime, as AWS's SDKs call it: POST /endpoints/NAME/invocations; the model is the endpoint's name.",
		Ready: "/ping",
		Open: func(cfg protocol.Config) (protocol.Protocol, error) {
			if cfg.Model == "" {
				return nil, errors.New("open protocol sagemaker: the model, which is the endpoint's name, is missing")
			}
			return client{cfg, "/endpoints/" + url.PathEscape(cfg.Model) + "/invocations"}, nil
		},
	}
}

// ContainerKind is the entry of the container's contract.
func ContainerKind() protocol.Kind {
	return protocol.Kind{
		Name:  "sagemaker-container",
		Doc:   "The contract of a SageMaker container: POST /invocations, GET /ping.",
		Ready: "/ping",
		Open:  func(cfg protocol.Config) (protocol.Protocol, error) { return client{cfg, "/invocations"}, nil },
	}
}

// targetModel names the model to a container that serves several.
const targetModel = "X-Amzn-Sagemaker-Target-Model"

type client struct {
	protocol.Config
	path string
}

// Encode writes an instance for each example: {"features": [numbers]}, under the name of
// the model's input where there is one, or an object of named tensors. The protocol has no
// place for the id.
func (c client) Encode(_ string, batch []generators.Example) (protocol.Request, error) {
	w := rows.Writer{Config: c.Config}
	var body []byte
	var err error
	if len(c.Schema.Tensors) > 0 {
		body, err = w.AppendRecords([]byte(`{"instances":`), batch)
	} else {
		name := jsonbody.AppendString(nil, []byte(cmp.Or(c.Input, "features")))
		body, err = w.AppendRows([]byte(`{"instances":`), batch, "{"+string(name)+":", "}")
	}
	if err != nil {
		return protocol.Request{}, fmt.Errorf("encode: %w", err)
	}
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
	if c.path == "/invocations" && c.Model != "" {
		header[targetModel] = []string{c.Model}
	}
	return protocol.Request{Method: http.MethodPost, Path: c.path, Header: header, Body: append(body, '}')}, nil
}

// renamed are the outputs of SageMaker's linear learner.
var renamed = map[string]string{"predicted_label": "label", "score": "probabilities"}

// Decode reads the predictions.
func (c client) Decode(resp protocol.Response) (protocol.Reply, error) {
	return rows.Decode(resp, c.Config, renamed, "predictions")
}
