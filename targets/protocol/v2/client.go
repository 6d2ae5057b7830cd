// Package v2 is the Open Inference Protocol V2 over REST with JSON tensors, as
// KServe and Triton speak it. It holds both sides: Kind is the client, which
// turns examples into requests and responses into answers; Handler is the
// server, which the reference inference server mounts. The two share one
// scanner and one set of rules, and the tests run them against each other.
//
// A model of the server takes one input tensor, features [rows, features], and offers the
// outputs label (INT64) and class (BYTES), each [rows], and probability (FP32, of class 1,
// [rows]) where it has two classes, probabilities (FP32, [rows, classes]) where it has
// more; a regression offers value (FP32, [rows]). The client sends rows of features as one
// tensor, and examples that are tensors as they are. Of a model with classes it reads
// labels and probabilities, also by the names that other servers give their outputs, where
// those have one meaning; of a model without, all tensors. BinaryKind is the client of the
// protocol's binary tensor extension, which the server knows as well.
package v2

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"sync"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/tensors"
)

// Kind is the protocol's entry in the list of protocols.
func Kind() protocol.Kind {
	return protocol.Kind{
		Name:     "v2",
		Doc:      "Open Inference Protocol V2 over REST with JSON tensors, as in KServe and Triton.",
		Ready:    "/v2/health/ready",
		Discover: discover,
		Open:     open,
	}
}

// client is the protocol seen from the client, for one model.
type client struct {
	path    string
	cfg     protocol.Config
	inputs  string    // what stands in a body between its id and the shape of the rows
	outputs string    // what stands in it behind the data
	buffers sync.Pool // *[]byte, in which bodies are built
}

func open(cfg protocol.Config) (protocol.Protocol, error) {
	if cfg.Model == "" {
		return nil, errors.New("open protocol v2: the model has no name")
	}
	if s := cfg.Schema; s.Text || s.Body || len(s.Tensors) > 0 && len(s.Features) > 0 {
		return nil, errors.New("open protocol v2: it carries rows of features, or tensors, and nothing else")
	}
	return &client{
		path:    "/v2/models/" + url.PathEscape(cfg.Model) + "/infer",
		cfg:     cfg,
		inputs:  `"inputs":[{"name":` + string(jsonbody.AppendString(nil, []byte(cmp.Or(cfg.Input, tensors.InputName)))) + `,"shape":[`,
		outputs: askFor(tensors.Wanted(cfg)),
		buffers: sync.Pool{New: func() any { return new([]byte) }},
	}, nil
}

// askFor returns how a body ends that asks for outputs by name, or for whatever there is.
func askFor(outputs []string) string {
	if len(outputs) == 0 {
		return "}]}"
	}
	end := []byte(`}],"outputs":[`)
	for i, name := range outputs {
		if i > 0 {
			end = append(end, ',')
		}
		end = append(jsonbody.AppendString(append(end, `{"name":`...), []byte(name)), '}')
	}
	return string(append(end, "]}"...))
}

// Encode asks for the outputs that tensors.Wanted names.
func (c *client) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	buffer := c.buffers.Get().(*[]byte)
	defer c.buffers.Put(buffer)
	body, err := c.appendRequest((*buffer)[:0], id, batch)
	if err != nil {
		return protocol.Request{}, fmt.Errorf("encode: %w", err)
	}
	*buffer = body
	return protocol.Request{
		Method: http.MethodPost,
		Path:   c.path,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   append(make([]byte, 0, len(body)), body...),
	}, nil
}

func (c *client) appendRequest(dst []byte, id string, batch []generators.Example) ([]byte, error) {
	if len(batch) == 0 {
		return nil, errors.New("the batch is empty")
	}
	if len(c.cfg.Schema.Tensors) > 0 {
		return c.appendTensors(dst, id, batch)
	}
	width := len(batch[0].Features)
	if len(c.cfg.Schema.Features) > 0 {
		width = len(c.cfg.Schema.Features)
	}
	dst = append(appendID(dst, id), c.inputs...)
	dst = jsonbody.AppendInt(dst, len(batch))
	dst = append(dst, ',')
	dst = jsonbody.AppendInt(dst, width)
	dst = append(dst, `],"datatype":"FP32","data":[`...)
	for i := range batch {
		var err error
		if dst, err = c.appendRow(dst, i, batch[i].Features, width); err != nil {
			return nil, err
		}
	}
	return append(append(dst, ']'), c.outputs...), nil
}

func appendID(dst []byte, id string) []byte {
	dst = append(dst, '{')
	if id != "" {
		dst = append(dst, `"id":`...)
		dst = jsonbody.AppendString(dst, []byte(id))
		dst = append(dst, ',')
	}
	return dst
}

// appendTensors appends the request of examples that are tensors.
func (c *client) appendTensors(dst []byte, id string, batch []generators.Example) ([]byte, error) {
	stacked, err := generators.StackTensors(c.cfg.Schema, batch)
	if err != nil {
		return nil, err
	}
	dst = append(appendID(dst, id), `"inputs":[`...)
	for i, t := range stacked {
		if i > 0 {
			dst = append(dst, `},`...)
		}
		dst = jsonbody.AppendString(append(dst, `{"name":`...), []byte(t.Name))
		dst = t.AppendShape(append(dst, `,"shape":`...))
		dst = append(append(dst, `,"datatype":"`...), t.Datatype.String()...)
		if dst, err = jsonbody.AppendElements(append(dst, `","data":[`...), t); err != nil {
			return nil, err
		}
		dst = append(dst, ']')
	}
	return append(dst, c.outputs...), nil
}

func (c *client) appendRow(dst []byte, row int, features []float32, width int) ([]byte, error) {
	if len(features) != width || width == 0 {
		return nil, fmt.Errorf("example %d has %d features, want %d", row, len(features), max(width, 1))
	}
	for i, f := range features {
		if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
			return nil, fmt.Errorf("example %d: feature %s is %g, which JSON cannot carry", row, c.featureName(i), f)
		}
		if row > 0 || i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonbody.AppendFloat(dst, f)
	}
	return dst, nil
}

func (c *client) featureName(i int) string {
	if i < len(c.cfg.Schema.Features) {
		return c.cfg.Schema.Features[i].Name
	}
	return fmt.Sprint(i)
}
