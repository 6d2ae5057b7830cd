package v2

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"sync"

	"servebench/generators"
	"servebench/targets/protocol"
)

// client is the protocol seen from the client, for one model.
type client struct {
	path    string
	schema  generators.Schema
	buffers sync.Pool // *[]byte, in which bodies are built
}

func open(cfg protocol.Config) (protocol.Protocol, error) {
	if cfg.Model == "" {
		return nil, errors.New("open protocol v2: the model has no name")
	}
	return &client{
		path:    "/v2/models/" + url.PathEscape(cfg.Model) + "/infer",
		schema:  cfg.Schema,
		buffers: sync.Pool{New: func() any { return new([]byte) }},
	}, nil
}

// Encode asks for the label and the probability of each example.
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
	width := len(batch[0].Features)
	if len(c.schema.Features) > 0 {
		width = len(c.schema.Features)
	}
	dst = append(dst, '{')
	if id != "" {
		dst = append(dst, `"id":`...)
		dst = appendString(dst, []byte(id))
		dst = append(dst, ',')
	}
	dst = append(dst, `"inputs":[{"name":"features","shape":[`...)
	dst = appendInt(dst, len(batch))
	dst = append(dst, ',')
	dst = appendInt(dst, width)
	dst = append(dst, `],"datatype":"FP32","data":[`...)
	for i := range batch {
		var err error
		if dst, err = c.appendRow(dst, i, batch[i].Features, width); err != nil {
			return nil, err
		}
	}
	return append(dst, `]}],"outputs":[{"name":"label"},{"name":"probability"}]}`...), nil
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
		dst = appendFloat(dst, f)
	}
	return dst, nil
}

func (c *client) featureName(i int) string {
	if i < len(c.schema.Features) {
		return c.schema.Features[i].Name
	}
	return fmt.Sprint(i)
}
