package transport

import "os"

// errFirstByte ends a request whose answer did not begin in time.
var errFirstByte error = timeoutError("no byte of the answer within the first-byte timeout")

// timeoutError is a net.Error that tells of a timeout.
type timeoutError string

func (e timeoutError) Error() string   { return string(e) }
func (e timeoutError) Timeout() bool   { return true }
func (e timeoutError) Temporary() bool { return true }

// Is makes it os.ErrDeadlineExceeded.
func (e timeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// malformedError is an answer that is not HTTP/1.1.
type malformedError struct{ error }

func (e malformedError) Error() string { return "malformed answer: " + e.error.Error() }
func (e malformedError) Unwrap() error { return e.error }
