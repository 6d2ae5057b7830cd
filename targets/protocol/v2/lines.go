package v2

import (
	"io"
	"strconv"

	"servebench/generators"
	"servebench/generators/export"
	"servebench/targets/protocol"
)

// Lines writes each example as the body of an Open Inference Protocol V2
// request, one a line: ready to be sent by any HTTP client.
func Lines() export.Format {
	return export.Format{
		Name: "v2",
		Doc:  "one Open Inference Protocol V2 request body per line",
		New: func(w io.Writer, schema generators.Schema) export.Writer {
			client, err := Kind().Open(protocol.Config{Model: "credit", Schema: schema})
			return &lineWriter{w: w, client: client, err: err}
		},
	}
}

// lineWriter is an export.Writer over the encoder of this package.
type lineWriter struct {
	w      io.Writer
	client protocol.Protocol
	err    error // sticky
	buf    []byte
	n      int64
}

// pieceSize is how many bytes are gathered before they are written.
const pieceSize = 64 << 10

func (v *lineWriter) Write(e generators.Example) error {
	if v.err != nil {
		return v.err
	}
	request, err := v.client.Encode(strconv.FormatInt(v.n, 10), []generators.Example{e})
	if err != nil {
		v.err = err
		return err
	}
	v.n++
	v.buf = append(append(v.buf, request.Body...), '\n')
	if len(v.buf) < pieceSize {
		return nil
	}
	return v.Close()
}

func (v *lineWriter) Close() error {
	if v.err == nil {
		_, v.err = v.w.Write(v.buf)
		v.buf = v.buf[:0]
	}
	return v.err
}
