package v2

import (
	"fmt"
	"slices"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/tensors"
)

// Decode reads the id and the outputs; what those mean, tensors.Answers says.
func (c *client) Decode(resp protocol.Response) (protocol.Reply, error) {
	if resp.Header.Get(binaryHeader) != "" {
		return protocol.Reply{}, fmt.Errorf("decode: header %s: the answer holds binary tensors, want JSON", binaryHeader)
	}
	return decode(resp.Body, "", c.cfg)
}

// decode reads an answer in JSON, with binary tensors behind it where head says how long
// the JSON is.
func decode(body []byte, head string, cfg protocol.Config) (protocol.Reply, error) {
	reply, err := decodeAnswer(body, head, cfg)
	if err != nil {
		return protocol.Reply{}, fmt.Errorf("decode: %w", err)
	}
	return reply, nil
}

func decodeAnswer(body []byte, head string, cfg protocol.Config) (reply protocol.Reply, err error) {
	r, err := newReader(body, head)
	if err != nil {
		return reply, err
	}
	var outputs []generators.Tensor
	if r.Expect('{', -1, "body") {
		for key := range r.Object {
			switch string(key) {
			case "id":
				reply.ID = r.readID()
			case "outputs":
				outputs = r.readOutputs(cfg.Output)
			default:
				r.Skip()
			}
		}
	}
	r.ExpectEnd()
	r.checkRest()
	if err = r.Problem(); err == nil {
		reply.Answers, err = tensors.Answers(outputs, cfg)
	}
	return reply, err
}

// readID reads the id, which a server may leave out or, having got none, send as
// null.
func (r *reader) readID() string {
	if r.Peek() == 'n' {
		r.Skip()
	} else if r.Expect('"', -1, "id") {
		return string(r.Text())
	}
	return ""
}

// readOutputs reads the list of outputs with their data, but for those that have another
// name than the one wanted, if one is.
func (r *reader) readOutputs(wanted string) (all []generators.Tensor) {
	if r.List = "outputs"; !r.Expect('[', -1, "outputs") {
		return nil
	}
	all = make([]generators.Tensor, 0, 2) // as many as are asked for, mostly
	for i := range r.Array {
		if !r.Expect('{', i, "") {
			continue
		}
		t := &r.tensor
		r.readTensor(t, i)
		data := r.takeBinary(t)
		if wanted == "" || string(t.name) == wanted {
			all = append(all, r.readOutput(t, data))
		}
	}
	return all
}

// readOutput reads the data of an output: binary, or in JSON.
func (r *reader) readOutput(t *tensor, binary []byte) generators.Tensor {
	read := generators.Tensor{Name: string(t.name), Datatype: generators.DatatypeNamed(string(t.datatype)), Data: binary}
	read.Shape = slices.Clone(t.shape[:min(t.dims, maxDims)])
	inJSON := t.binary < 0
	if inJSON && t.dims == 0 { // that of one value
		read.Shape = []int64{1}
	}
	switch {
	case read.Datatype == 0, inJSON && read.Datatype != generators.BYTES && !jsonbody.IsNumeric(read.Datatype):
		r.Fault("outputs[%d].datatype: %q is not one of %s, BYTES", t.index, jsonbody.Shorten(t.datatype), jsonbody.NumericNames())
	case !t.shaped:
		r.Fault("outputs[%d].shape: missing", t.index)
	case t.dims > maxDims, read.Len() < 0:
		r.Fault("outputs[%d].shape: want up to %d dimensions from 0 on; %q is %s", t.index, maxDims, jsonbody.Shorten(t.name), t.shapeText())
	case inJSON && t.data == nil:
		r.Fault("outputs[%d].data: missing", t.index)
	case inJSON:
		r.ReadElements(&read, t.data, t.index)
	}
	return read
}
