package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// outputFolder holds what the servers wrote.
const outputFolder = "server"

// What is kept of a server's output, in bytes: its beginning, which says why a start
// failed, and its end, which says why a server died.
const (
	outputHead = 256 << 10
	outputTail = 1 << 20
)

// Output keeps what the server of one deployment writes: all of it in a file, or of
// more than some 1.25 MiB the beginning and the end, with a line between them that says
// how much is left out. The beginning is on disk as soon as it is written, the end when
// Output is closed. It is safe for concurrent use.
type Output struct {
	folder *Folder
	name   string

	mu   sync.Mutex
	file *os.File // nil: nothing was written yet
	room int      // bytes that the beginning still takes
	tail []byte   // what came after it, as a ring once it is full
	next int      // where the ring is written
	left int64    // bytes that it has lost
	err  error    // the first one, after which nothing more is kept
}

// Output begins to keep the output of the server of a trial. The caller closes it.
func (w *Writer) Output(v Trial) *Output {
	return &Output{folder: w.Folder, name: outputFolder + "/" + trialName(v), room: outputHead}
}

// Write never fails: a server does not suffer from a disk that is full. Close tells.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil || len(p) == 0 {
		return len(p), nil
	}
	if o.file == nil {
		if o.err = o.create(); o.err != nil {
			return len(p), nil
		}
	}
	head := p[:min(len(p), o.room)]
	o.room -= len(head)
	if _, o.err = o.file.Write(head); o.err == nil {
		o.keep(p[len(head):])
	}
	return len(p), nil
}

// create makes the file. A trial that an interruption cut off is made again.
func (o *Output) create() (err error) {
	base := o.name
	for again := 1; ; again++ {
		o.name = base + ".log"
		if again > 1 {
			o.name = fmt.Sprintf("%s_%d.log", base, again)
		}
		if o.file, err = o.folder.Create(o.name); !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// keep puts into the ring what comes after the beginning.
func (o *Output) keep(p []byte) {
	if free := outputTail - len(o.tail); free > 0 {
		more := p[:min(len(p), free)]
		o.tail, p = append(o.tail, more...), p[len(more):]
	}
	o.left += int64(len(p))
	if skip := len(p) - outputTail; skip > 0 {
		p = p[skip:]
		o.next = (o.next + skip) % outputTail
	}
	for len(p) > 0 {
		n := copy(o.tail[o.next:], p)
		p, o.next = p[n:], (o.next+n)%outputTail
	}
}

// Name is the file, relative to the run's folder; "" when nothing was written.
func (o *Output) Name() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.file == nil {
		return ""
	}
	return o.name
}

// Close writes the end of the output and closes the file. Nothing is kept after it.
func (o *Output) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := o.err
	if o.file == nil {
		o.err = errClosed
		return err
	}
	if err == nil && o.left > 0 {
		_, err = fmt.Fprintf(o.file, "\n[servebench: %d bytes of output are left out here]\n", o.left)
	}
	for _, part := range [][]byte{o.tail[o.next:], o.tail[:o.next]} {
		if err == nil {
			_, err = o.file.Write(part)
		}
	}
	if err = errors.Join(err, o.file.Close()); err != nil {
		err = o.folder.failed("keep the server's output in", o.name, err)
	}
	o.err, o.tail = errClosed, nil
	return err
}

var errClosed = errors.New("the output is closed")
