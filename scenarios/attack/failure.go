package attack

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"servebench/reports/record"
	"servebench/scenarios/corpus"
	"servebench/targets"
)

var (
	// errTimeout ends the context of a request that took too long.
	errTimeout = errors.New("no complete answer within the timeout")
	// errGivenUp ends the contexts of all requests when nobody waits for them any more.
	errGivenUp = errors.New("given up before the timeout, because the run was ended")
)

// classify names the kind of a request's failure. A server that dies or drops a
// request shows as a connection that is reset, closed while an answer was due, or
// closed in the middle of one.
func classify(err error) string {
	var dns *net.DNSError
	switch {
	case errors.Is(err, corpus.ErrTooLong):
		return corpus.TooLong
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return record.ErrorDescriptors
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return record.ErrorPorts
	case errors.As(err, &dns):
		return record.ErrorDNS
	case targets.HandshakeFailed(err):
		return record.ErrorTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return record.ErrorRefused
	case errors.Is(err, errTimeout), targets.TimedOut(err):
		return record.ErrorTimeout
	case targets.Closed(err):
		return record.ErrorClosed
	}
	return record.ErrorOther
}

// failures counts failures by class, with one example of each. The classes are
// few, so its memory is bounded whatever the errors' texts are.
type failures map[string]*record.ErrorCount

func (fs failures) add(class, example string) {
	f, ok := fs[class]
	if !ok {
		f = &record.ErrorCount{Class: class, Example: example}
		fs[class] = f
	}
	f.Count++
}

// sorted returns the classes, the most frequent first.
func (fs failures) sorted() []record.ErrorCount {
	var counts []record.ErrorCount
	for _, f := range fs {
		counts = append(counts, *f)
	}
	record.SortErrors(counts)
	return counts
}

// statuses names the classes of HTTP statuses.
type statuses map[int]string

func (s statuses) class(status int) string {
	name, ok := s[status]
	if !ok {
		name = fmt.Sprintf("status %d", status)
		s[status] = name
	}
	return name
}
