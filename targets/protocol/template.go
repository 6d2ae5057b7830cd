package protocol

import "net/http"

// Template is one request written out by the user, which is sent again and again,
// and what answers it rightly.
type Template struct {
	Method string
	Path   string // with a leading slash, query included
	Header http.Header
	Body   []byte
	Expect Expect
}

// Map returns the template with every text of its request changed by a function.
func (t Template) Map(change func(string) string) Template {
	t.Path, t.Body = change(t.Path), []byte(change(string(t.Body)))
	header := http.Header{}
	for name, values := range t.Header {
		for _, value := range values {
			header.Add(name, change(value))
		}
	}
	t.Header = header
	return t
}

// Expect says which answers are right.
type Expect struct {
	Statuses []Statuses // any of them; none: 2xx
	// Body, when not nil, is what the answer's body has to be, byte for byte.
	Body *string
}

// Statuses is a range of HTTP statuses, both ends in it.
type Statuses struct{ First, Last int }

// Accepts reports whether a status is one of a right answer.
func (e Expect) Accepts(status int) bool {
	if len(e.Statuses) == 0 {
		return status/100 == 2
	}
	for _, s := range e.Statuses {
		if s.First <= status && status <= s.Last {
			return true
		}
	}
	return false
}

// StatusAccepter is a Protocol that has its own mind about which statuses a right
// answer may have; to all others 2xx are right.
type StatusAccepter interface {
	Accepts(status int) bool
}

// BodyLimiter is a Protocol whose Decode looks at the beginning of a body alone. To
// others the whole body is needed, which is bounded therefore.
type BodyLimiter interface {
	// BodyLimit is how many bytes it looks at, at most.
	BodyLimit() int
}

// WrongAnswerError says that a response is of the protocol's form, and not the
// answer that was expected.
type WrongAnswerError struct{ Text string }

func (e *WrongAnswerError) Error() string { return e.Text }
