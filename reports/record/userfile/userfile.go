// Package userfile reads the files that a user names, and those that others may have
// laid in their place: only what is a file, and only up to a size. A device, a pipe or
// a socket in the place of a file is refused without being read, and never waited for.
// It stands below all other packages.
package userfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"syscall"
	"time"
)

// NoLimit is the limit of a file that is not held in memory.
const NoLimit = math.MaxInt64

// Read reads a file of at most so many bytes.
func Read(path string, limit int64) ([]byte, error) {
	file, err := Open(path, limit)
	if err != nil {
		return nil, err
	}
	return ReadAll(file, limit)
}

// ReadText reads a file of text, less the mark that an editor may have put before it.
func ReadText(path string, limit int64) ([]byte, error) {
	text, err := Read(path, limit)
	return WithoutMark(text), err
}

// ReadTextOnce is ReadText, and reads a pipe as well, such as that of a shell's <(…),
// until its end or until ctx ends. What a pipe holds can be read only once.
func ReadTextOnce(ctx context.Context, path string, limit int64) ([]byte, error) {
	if info, err := os.Stat(path); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return ReadText(path, limit)
	}
	pipe, err := openPipe(ctx, path)
	if err != nil {
		return nil, err
	}
	unblock := context.AfterFunc(ctx, func() { _ = pipe.SetReadDeadline(time.Now()) })
	defer unblock()
	text, err := ReadAll(pipe, limit)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("read %s: %w", path, ctx.Err())
	}
	return WithoutMark(text), err
}

// Open opens a file of at most so many bytes for reading.
func Open(path string, limit int64) (*os.File, error) {
	return open(path, limit, os.Stat, os.OpenFile)
}

// OpenIn is Open of a file below a root.
func OpenIn(root *os.Root, name string, limit int64) (*os.File, error) {
	return open(name, limit, root.Stat, root.OpenFile)
}

// open looks twice: opening a device may do something, and what is opened may be
// another file than the one that was looked at.
func open(name string, limit int64, stat func(string) (fs.FileInfo, error), openFile func(string, int, fs.FileMode) (*os.File, error)) (*os.File, error) {
	info, err := stat(name)
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		failed.Op = "open" // as far as anybody else is concerned
	}
	if err == nil {
		err = check(name, info, limit)
	}
	if err != nil {
		return nil, err
	}
	file, err := openFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err == nil {
		err = check(name, info, limit)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// check says that what has the name is no file, or too long a one.
func check(name string, info fs.FileInfo, limit int64) error {
	kind := ""
	switch mode := info.Mode(); {
	case mode.IsDir():
		kind = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case !mode.IsRegular():
		kind = "a device"
	case info.Size() > limit:
		return tooLong(name, limit)
	default:
		return nil
	}
	return fmt.Errorf("%s is %s, not a file", name, kind)
}

func tooLong(name string, limit int64) error {
	size := fmt.Sprintf("%d bytes", limit)
	for _, unit := range []string{"KiB", "MiB", "GiB"} {
		if limit%1024 != 0 {
			break
		}
		limit /= 1024
		size = fmt.Sprintf("%d %s", limit, unit)
	}
	return fmt.Errorf("%s is longer than %s", name, size)
}

// ReadAll reads an open file of at most so many bytes, and closes it. It may grow, and those of /proc
// are longer than they say.
func ReadAll(file *os.File, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, max(limit, limit+1)))
	err = errors.Join(err, file.Close())
	if err == nil && int64(len(text)) > limit {
		err = tooLong(file.Name(), limit)
	}
	if err != nil {
		return nil, err
	}
	return text, nil
}

// openPipe opens a pipe for reading, which waits for somebody who writes to it.
func openPipe(ctx context.Context, path string) (*os.File, error) {
	type result struct {
		pipe *os.File
		err  error
	}
	opened := make(chan result, 1)
	go func() {
		pipe, err := os.Open(path)
		opened <- result{pipe, err}
	}()
	select {
	case r := <-opened:
		return r.pipe, r.err
	case <-ctx.Done():
	}
	for {
		// A writer that comes and goes ends the wait, once that has begun.
		if writer, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			writer.Close()
		}
		select {
		case r := <-opened:
			if r.err == nil {
				r.pipe.Close()
			}
			return nil, fmt.Errorf("read %s: %w", path, ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// WithoutMark returns a text without the byte order mark that some editors put before
// UTF-8.
func WithoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// Cause is an error of the file system without the name that the system was given,
// which may be that of a temporary file, in a user's words.
func Cause(err error) error {
	for {
		if failed, ok := errors.AsType[*fs.PathError](err); ok {
			err = failed.Err
		} else if failed, ok := errors.AsType[*os.LinkError](err); ok {
			err = failed.Err
		} else {
			break
		}
	}
	if err != nil && err.Error() == "path escapes from parent" { // of an os.Root, which exports no such error
		return errors.New("a symbolic link leads out of the folder")
	}
	return err
}
