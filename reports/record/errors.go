package record

import (
	"cmp"
	"slices"
)

// The classes of failed requests, beside "status NNN" for an answer with an
// HTTP status other than 2xx, "too long" for one beyond what is checked, and "decode" and
// "wrong answer" for one that could not be read or that differs from the model's
// prediction.
const (
	ErrorTimeout = "timeout" // no complete answer within the timeout
	ErrorRefused = "refused" // the connection
	ErrorClosed  = "closed"  // the connection was closed or reset by the server, with an answer due
	ErrorDNS     = "dns"
	ErrorTLS     = "tls"
	ErrorOther   = "other"

	// The generator's own: the server never saw the request.
	ErrorDescriptors = "descriptors"
	ErrorPorts       = "ports"
)

// SortErrors puts the most frequent class first, and those of the same count in
// the order of their names.
func SortErrors(all []ErrorCount) {
	slices.SortFunc(all, func(a, b ErrorCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class))
	})
}
