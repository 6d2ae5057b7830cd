package attack

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"servebench/reports/record"
	"servebench/scenarios/corpus"
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
	var (
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		header      tls.RecordHeaderError
		alert       tls.AlertError
		authority   x509.UnknownAuthorityError
		timeout     net.Error
	)
	switch {
	case errors.Is(err, corpus.ErrTooLong):
		return corpus.TooLong
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return record.ErrorDescriptors
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return record.ErrorPorts
	case errors.As(err, &dns):
		return record.ErrorDNS
	case errors.As(err, &certificate), errors.As(err, &header), errors.As(err, &alert), errors.As(err, &authority):
		return record.ErrorTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return record.ErrorRefused
	case errors.Is(err, errTimeout), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return record.ErrorTimeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNABORTED), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		// net/http does not export this one.
		strings.Contains(err.Error(), "server closed idle connection"):
		return record.ErrorClosed
	}
	return record.ErrorOther
}

// ClassOf names the kind of failure that a request without an answer ended with, as the
// Class of a record.ErrorCount does.
func ClassOf(err error) string { return classify(err) }

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

// excerpt returns the beginning of a body, for an example text.
func excerpt(body []byte) string {
	const most = 200
	if len(body) > most {
		return strings.ToValidUTF8(string(body[:most]), "") + "…"
	}
	return string(body)
}
