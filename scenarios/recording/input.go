package recording

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"servebench/reports/record/userfile"
	"servebench/scenarios/decode"
)

const (
	headLength  = 64 << 10 // that the format is found out from
	longestLine = 32 << 20
	longestBody = 64 << 20 // of a file
)

// input is a recording that is being read.
type input struct {
	path    string
	file    *os.File
	text    *bufio.Reader // decompressed, less an editor's mark
	options *Options
	bodies  *bodies
	left    *leftOut
	// cutOff says where the recording ended too early, "" where it did not.
	cutOff string
}

// openInput opens a recording, which may be compressed with gzip.
func openInput(path string, o *Options) (*input, error) {
	file, err := userfile.Open(path, userfile.NoLimit)
	if err != nil {
		return nil, err
	}
	in := &input{path: path, file: file, options: o, left: &leftOut{}, text: bufio.NewReaderSize(file, headLength)}
	if magic, _ := in.text.Peek(2); string(magic) == "\x1f\x8b" {
		plain, err := gzip.NewReader(in.text)
		if err != nil {
			file.Close()
			return nil, in.fault(0, "", "it begins as gzip does, but is not gzip", "")
		}
		in.text = bufio.NewReaderSize(plain, headLength)
	}
	if mark, _ := in.text.Peek(3); string(mark) == "\ufeff" {
		_, _ = in.text.Discard(len(mark)) // they are in the buffer
	}
	return in, nil
}

func (in *input) close() { in.file.Close() }

// fault is something wrong with the recording.
func (in *input) fault(line int, field, problem, want string) error {
	f := decode.Fault{File: in.path, Line: line, Column: 1, Field: field, Problem: problem, Want: want}
	if line == 0 {
		f.Problem = in.path + ": " + problem
	}
	return decode.Faults{f}
}

// leaveOut counts what is left out for a reason.
func (in *input) leaveOut(reason string, place int) { in.left.add(reason, place) }

// isCut reports whether reading failed because the recording ends too early, or is
// damaged from there on: what came before is kept.
func isCut(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	return corrupt || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader)
}

// lines hands each line with something on it to a function, with its number. last says
// that no newline ended it.
func (in *input) lines(each func(line []byte, number int, last bool) error) error {
	var long []byte // the beginning of a line that is longer than the buffer
	tooLong := false
	for number := 1; ; {
		line, err := in.text.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if tooLong = tooLong || len(long)+len(line) > longestLine; !tooLong {
				long = append(long, line...)
			}
			continue
		}
		if len(long) > 0 {
			line = append(long, line...)
		}
		if tooLong {
			in.leaveOut(fmt.Sprintf("lines of more than %d MiB", longestLine>>20), number)
		} else if line := bytes.TrimSpace(line); len(line) > 0 && (err == nil || err == io.EOF) {
			if err := each(line, number, err == io.EOF); err != nil {
				return err
			}
		}
		if err != nil {
			return in.end(err, fmt.Sprintf("line %d", number))
		}
		number++
		long, tooLong = long[:0], false
	}
}

// requests hands the request of each line to yield, or counts why it is left out, which
// parse says.
func (in *input) requests(yield func(*Request) error, parse func(line []byte, last bool) (r *Request, why string, err error)) error {
	return in.lines(func(line []byte, number int, last bool) error {
		r, why, err := parse(line, last)
		if err == nil && why != "" {
			in.leaveOut(why, number)
			return nil
		}
		if err != nil {
			return err
		}
		r.Place = number
		return yield(r)
	})
}

// end is how reading ended: an error that is none where the recording is over, or was
// cut off.
func (in *input) end(err error, where string) error {
	switch {
	case err == io.EOF:
		return nil
	case isCut(err):
		in.cutOff = where
		return nil
	}
	return fmt.Errorf("read %s: %w", in.path, userfile.Cause(err))
}

// bodies are lines of a file that requests without a body get one after the other.
type bodies struct {
	path string
	file *os.File
	text *bufio.Reader
	read int // since the beginning
}

func openBodies(path string) (*bodies, error) {
	if path == "" {
		return nil, nil
	}
	file, err := userfile.Open(path, userfile.NoLimit)
	if err != nil {
		return nil, err
	}
	return &bodies{path: path, file: file, text: bufio.NewReaderSize(file, headLength)}, nil
}

func (b *bodies) close() {
	if b != nil {
		b.file.Close()
	}
}

// next returns a line of the file, after the last one again the first.
func (b *bodies) next() ([]byte, error) {
	for {
		line, err := b.text.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			b.read++
			return line, nil
		}
		if err == io.EOF && b.read > 0 {
			b.read = 0
			b.text.Reset(b.file)
			_, err = b.file.Seek(0, io.SeekStart)
		} else if err == io.EOF {
			return nil, decode.Faults{{File: b.path, Problem: b.path + ": it is empty", Want: "one body on each line"}}
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", b.path, userfile.Cause(err))
		}
	}
}

// bodyFile reads the file of a body that a recording names, relative to the working
// folder or to that of the recording.
func (in *input) bodyFile(name string) ([]byte, error) {
	body, err := userfile.Read(name, longestBody)
	if err != nil && !filepath.IsAbs(name) {
		if beside, found := userfile.Read(filepath.Join(filepath.Dir(in.path), name), longestBody); found == nil {
			return beside, nil
		}
	}
	return body, err
}

// folderName is the name of the folder for what a recording becomes: that of its file,
// less what comes after a dot.
func folderName(path string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(filepath.Base(path), "."), ".")
	if name == "" || name == path {
		name += "-replay"
	}
	return name
}
