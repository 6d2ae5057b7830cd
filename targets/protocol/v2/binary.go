package v2

import (
	"fmt"
	"net/http"
	"strconv"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/tensors"
)

// BinaryKind is the entry of the protocol with binary tensors in the list of protocols.
func BinaryKind() protocol.Kind {
	return protocol.Kind{
		Name:     "v2-binary",
		Doc:      "Open Inference Protocol V2 over REST with binary tensors, as in Triton and KServe.",
		Ready:    "/v2/health/ready",
		Discover: discoverBinary,
		Open: func(cfg protocol.Config) (protocol.Protocol, error) {
			plain, err := open(cfg)
			if err != nil {
				return nil, err
			}
			return &binaryClient{plain.(*client)}, nil
		},
	}
}

// binaryClient puts the data of tensors behind the JSON that describes them.
type binaryClient struct{ *client }

// Encode asks for the label and the probabilities of each example, in binary.
func (c *binaryClient) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	inputs, err := tensors.Inputs(c.cfg, batch)
	if err != nil {
		return protocol.Request{}, fmt.Errorf("encode: %w", err)
	}
	body := append(appendID(nil, id), `"inputs":[`...)
	for i, t := range inputs {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendBinaryHead(body, t)
	}
	body = append(body, ']')
	for i, name := range tensors.Wanted(c.cfg) {
		if i == 0 {
			body = append(body, `,"outputs":[`...)
		} else {
			body = append(body, ',')
		}
		body = jsonbody.AppendString(append(body, `{"name":`...), []byte(name))
		body = append(body, `,"parameters":{"binary_data":true}}`...)
	}
	if len(tensors.Wanted(c.cfg)) > 0 {
		body = append(body, "]}"...)
	} else {
		body = append(body, `,"parameters":{"binary_data_output":true}}`...)
	}
	head := len(body)
	for _, t := range inputs {
		body = append(body, t.Data...)
	}
	return protocol.Request{
		Method: http.MethodPost,
		Path:   c.path,
		Header: http.Header{"Content-Type": {"application/octet-stream"}, binaryHeader: {strconv.Itoa(head)}},
		Body:   body,
	}, nil
}

// ReadsHeaders returns the header field that says where the JSON ends.
func (*binaryClient) ReadsHeaders() []string { return []string{binaryHeader} }

// Decode reads the id and the outputs, those in binary and those in JSON.
func (c *binaryClient) Decode(resp protocol.Response) (protocol.Reply, error) {
	return decode(resp.Body, resp.Header.Get(binaryHeader), c.cfg)
}
