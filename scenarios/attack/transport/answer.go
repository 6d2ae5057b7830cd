package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

type answerBody struct {
	conn    *conn
	chunked bool
	left    int64 // of a body whose length is known; -1: it ends with the connection
	chunks  chunks
	err     error // why nothing more can be read
}

func (c *conn) openBody(m *Message) *answerBody {
	c.body = answerBody{conn: c, chunked: c.head.chunked, left: c.head.length}
	if c.head.isBodiless(m.Method) {
		c.body.chunked, c.body.left = false, 0
	}
	return &c.body
}

// Read implements io.Reader. It returns what has come as soon as something has,
// and io.EOF together with the last bytes where they come together.
func (a *answerBody) Read(p []byte) (n int, err error) {
	if a.err != nil || len(p) == 0 {
		return 0, a.err
	}
	switch {
	case a.chunked:
		n, a.err = a.chunks.read(a.conn, p)
	case a.left < 0:
		n, a.err = a.conn.readSome(p)
	default:
		n, a.err = a.readLeft(p)
	}
	return n, a.err
}

func (a *answerBody) readLeft(p []byte) (n int, err error) {
	if a.left > 0 {
		n, err = a.conn.readSome(p[:min(int64(len(p)), a.left)])
	}
	if a.left -= int64(n); a.left == 0 {
		return n, io.EOF
	}
	return n, asUnexpected(err)
}

// asUnexpected makes the connection's end within a body what it is.
func asUnexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readSome reads what was buffered, or else from the connection.
func (c *conn) readSome(p []byte) (int, error) {
	if c.r == c.w && len(p) < len(c.buf) {
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	if c.r < c.w {
		n := copy(p, c.buffered())
		c.r += n
		return n, nil
	}
	return c.Conn.Read(p)
}

const (
	// maxLine bounds the line before a chunk, and the trailer, in bytes.
	maxLine = 4 << 10
	// maxExcess bounds what a chunked body may spend on its chunks beyond 16 bytes
	// and twice the data of each.
	maxExcess = 16 << 10
)

// chunks reads a chunked body (RFC 9112, 7.1).
type chunks struct {
	part    part
	left    int64 // of the chunk's data
	excess  int64
	trailer http.Header // once the body has ended, if it had one
}

// part is what comes next in a chunked body.
type part int

const (
	chunkSize part = iota
	chunkData
	chunkEnd // of the line behind the data
	chunkTrailer
	chunksDone
)

// errMore says that more would have to be waited for.
var errMore = errors.New("more is to come")

// read reads data, as much as has come; it waits only for the first byte. The
// body's end is told together with the last bytes if it has come with them.
func (d *chunks) read(c *conn, p []byte) (n int, err error) {
	for err == nil && d.part != chunksDone {
		wait := n == 0
		switch {
		case d.part != chunkData:
			err = d.readFraming(c, wait)
		case n == len(p):
			return n, nil
		case !wait && c.r == c.w:
			err = errMore
		default:
			var m int
			m, err = d.readData(c, p[n:])
			n += m
		}
	}
	switch {
	case err == errMore:
		return n, nil
	case err != nil:
		return n, asUnexpected(err)
	}
	return n, io.EOF
}

func (d *chunks) readData(c *conn, p []byte) (int, error) {
	if int64(len(p)) > d.left {
		p = p[:d.left]
	}
	n, err := c.readSome(p)
	if d.left -= int64(n); d.left == 0 {
		d.part = chunkEnd
		return n, nil
	}
	return n, err
}

// readFraming reads what is not data. Unless it may wait, what has not come whole is left
// for the next time.
func (d *chunks) readFraming(c *conn, wait bool) error {
	if d.part == chunkTrailer {
		return d.readTrailer(c, wait)
	}
	line, err := c.readLine(wait)
	if err != nil {
		return err
	}
	if d.part == chunkSize {
		return d.beginChunk(line)
	}
	if len(line) > 0 {
		return malformedError{fmt.Errorf("chunk: %.20q behind its data, want the end of the line", line)}
	}
	d.part = chunkSize
	return nil
}

// beginChunk reads the line before a chunk: its size, and extensions, which mean nothing
// to us.
func (d *chunks) beginChunk(line []byte) (err error) {
	digits, _, _ := bytes.Cut(line, []byte(";"))
	if d.left, err = parseChunkSize(bytes.TrimRight(digits, " \t")); err != nil {
		return malformedError{err}
	}
	d.excess = max(0, d.excess+int64(len(line))+2-16-2*min(d.left, maxExcess))
	if d.excess > maxExcess {
		return malformedError{errors.New("chunks: more around the data than data")}
	}
	d.part = chunkData
	if d.left == 0 {
		d.part = chunkTrailer
	}
	return nil
}

func parseChunkSize(digits []byte) (int64, error) {
	if len(digits) == 0 || len(digits) > 16 {
		return 0, fmt.Errorf("chunk size %.20q: want 1 to 16 digits", digits)
	}
	n, err := strconv.ParseUint(string(digits), 16, 63)
	if err != nil {
		return 0, fmt.Errorf("chunk size %.20q: want a hexadecimal number", digits)
	}
	return int64(n), nil
}

// readTrailer reads the fields behind the last chunk, mostly none.
func (d *chunks) readTrailer(c *conn, wait bool) error {
	for {
		b := c.buffered()
		if bytes.HasPrefix(b, []byte("\r\n")) {
			c.r += 2
			d.part = chunksDone
			return nil
		}
		if n := endOfHead(b, 0); n > 0 && n <= maxLine {
			return d.parseTrailer(c, b[:n])
		}
		if len(b) > maxLine {
			return malformedError{fmt.Errorf("trailer: more than %d bytes", maxLine)}
		}
		if !wait {
			return errMore
		}
		if err := c.fill(); err != nil {
			return err
		}
	}
}

func (d *chunks) parseTrailer(c *conn, b []byte) (err error) {
	if !bytes.HasSuffix(b, []byte("\r\n\r\n")) {
		return malformedError{errors.New("trailer: want lines that end with CR LF")}
	}
	if d.trailer, err = parseFields(string(b)); err != nil {
		return malformedError{fmt.Errorf("trailer: %w", err)}
	}
	c.r += len(b)
	d.part = chunksDone
	return nil
}

// readLine returns the next line of a chunked body, without its CR LF; it stays valid
// until more is read.
func (c *conn) readLine(wait bool) ([]byte, error) {
	for {
		b := c.buffered()
		if i := bytes.IndexByte(b, '\n'); i >= 0 && i <= maxLine {
			line, ok := bytes.CutSuffix(b[:i], []byte("\r"))
			if !ok || bytes.IndexByte(line, '\r') >= 0 {
				return nil, malformedError{fmt.Errorf("chunk: line %.20q, want one that ends with CR LF", b[:i])}
			}
			c.r += i + 1
			return line, nil
		}
		if len(b) > maxLine {
			return nil, malformedError{fmt.Errorf("chunk: a line of more than %d bytes", maxLine)}
		}
		if !wait {
			return nil, errMore
		}
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}
