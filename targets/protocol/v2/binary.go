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
			return &binaryClient{cfg, plain.(*client)}, nil
		},
	}
}

// binaryClient puts the data of tensors behind the JSON that describes them.
type binaryClient struct {
	protocol.Config
	plain *client
}

// Encode asks for the label and the probabilities of each example, in binary.
func (c *binaryClient) Encode(id string, batch []generators.Example) (protocol.Request, error) {
	inputs, err := tensors.Inputs(c.Config, batch)
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
	for i, name := range tensors.Wanted(c.Config) {
		if i == 0 {
			body = append(body, `,"outputs":[`...)
		} else {
			body = append(body, ',')
		}
		body = jsonbody.AppendString(append(body, `{"name":`...), []byte(name))
		body = append(body, `,"parameters":{"binary_data":true}}`...)
	}
	if len(tensors.Wanted(c.Config)) > 0 {
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
		Path:   c.plain.path,
		Header: http.Header{"Content-Type": {"application/octet-stream"}, binaryHeader: {strconv.Itoa(head)}},
		Body:   body,
	}, nil
}

// ReadsHeaders returns the header field that says where the JSON ends.
func (*binaryClient) ReadsHeaders() []string { return []string{binaryHeader} }

// Decode reads the outputs, those in binary and those in JSON.
func (c *binaryClient) Decode(resp protocol.Response) (protocol.Reply, error) {
	head := resp.Header.Get(binaryHeader)
	if head == "" {
		return c.plain.Decode(resp)
	}
	r, err := newReader(resp.Body, head)
	if err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	var reply protocol.Reply
	var outputs []generators.Tensor
	if r.Expect('{', -1, "body") {
		for key := range r.Object {
			switch string(key) {
			case "id":
				if r.Peek() == '"' {
					reply.ID = string(r.Text())
				} else {
					r.Skip() // null
				}
			case "outputs":
				outputs = r.outputs()
			default:
				r.Skip()
			}
		}
	}
	r.ExpectEnd()
	r.checkRest()
	if err = r.Problem(); err == nil {
		reply.Answers, err = tensors.Answers(outputs, c.Config)
	}
	if err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	return reply, nil
}

// outputs reads the list of outputs with their data.
func (r *reader) outputs() (all []generators.Tensor) {
	if r.List = "outputs"; !r.Expect('[', -1, "outputs") {
		return nil
	}
	for i := range r.Array {
		if !r.Expect('{', i, "") {
			continue
		}
		r.readTensor(&r.tensor, i)
		t := &r.tensor
		read := generators.Tensor{
			Name: string(t.name), Datatype: generators.DatatypeNamed(string(t.datatype)),
			Shape: append([]int64(nil), t.shape[:min(t.dims, maxDims)]...),
		}
		switch read.Data = r.takeBinary(t); {
		case !t.shaped || t.dims > maxDims || read.Len() < 0:
			r.Fault("outputs[%d].shape: want up to %d dimensions; %q is %s", i, maxDims, jsonbody.Shorten(t.name), t.shapeText())
		case read.Datatype == 0:
			r.Fault("outputs[%d].datatype: %q is none of the protocol", i, jsonbody.Shorten(t.datatype))
		case t.binary < 0 && t.data == nil:
			r.Fault("outputs[%d].data: missing", i)
		case t.binary < 0:
			r.ReadElements(&read, t.data, i)
		}
		all = append(all, read)
	}
	return all
}
