package scenarios

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/invopop/jsonschema"

	"servebench/targets/protocol"
)

// requestWanted is what the key template is for.
const requestWanted = "the request to send, such as {method: GET, path: /}"

// templateRow is the key that writes a request out; a scenario without it is
// written without it.
func templateRow() row[Scenario] {
	request := leftOut(pointed(mappings(requestWanted, templateRows())), isNoPointer)
	return may("template", request, none, func(s *Scenario) **Template { return &s.Template },
		"With protocol: template, the request to send, the same every time, and what is a right answer to it. A server that runs already is ready when it answers a GET of the path with a status below 500; with another path in workload.ready, when it answers that with 2xx.")
}

func templateRows() []row[Template] {
	methods := []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}
	return []row[Template]{
		may("method", choice("method", methods), http.MethodGet, func(t *Template) *string { return &t.Method },
			"The method of the request."),
		may("path", paths(), "/", func(t *Template) *string { return &t.Path },
			"The path of the request, with its query, behind that of the server's URL."),
		otherwise("headers", headers(), "no headers but Host, User-Agent and the body's length", func(t *Template) *map[string]string { return &t.Headers },
			"The header fields of the request, each with its value, such as {Authorization: Bearer ${TOKEN}}, where ${TOKEN} is a variable of servebench's environment, which is not recorded. Of a field whose name says that it is secret (Authorization, Cookie, X-Api-Key), a keyed hash is recorded."),
		otherwise("body", absent(anyTexts()), "no body", func(t *Template) *string { return &t.Body },
			"The body of the request. It is recorded, but for what comes from ${NAME}."),
		otherwise("body_file", absent(filePaths("the path of a file")), "no file", func(t *Template) *string { return &t.BodyFile },
			"The file that holds the body, of any bytes; its path is relative to the scenario file."),
		may("expect", mappings("the keys status and body", expectRows()), "{}", func(t *Template) *Expect { return &t.Expect },
			"What a right answer is like; any other has failed."),
	}
}

func expectRows() []row[Expect] {
	return []row[Expect]{
		may("status", oneOrMore(statuses()), "2xx", func(e *Expect) *[]protocol.Statuses { return &e.Status },
			"The status of a right answer, such as 204 or 2xx, or a list of them."),
		otherwise("body", given(anyTexts()), "any body", func(e *Expect) **string { return &e.Body },
			"The body of a right answer, compared byte for byte."),
	}
}

func httpRows() []row[HTTP] {
	return []row[HTTP]{
		may("version", versions(), HTTP1, func(h *HTTP) *string { return &h.Version },
			"The version of HTTP. 2 is negotiated with a server at an https URL, and spoken from the first byte (h2c) to one at an http URL."),
		otherwise("client", absent(choice("client", []string{OwnClient, StandardClient})), OwnClient+" for HTTP/1.1, "+StandardClient+" for HTTP/2",
			func(h *HTTP) *string { return &h.Client },
			"What carries the requests: servebench's own client, made for load, or that of Go's standard library, to compare with."),
		may("connect_timeout", orNone(durations()), none, func(h *HTTP) *time.Duration { return &h.ConnectTimeout },
			"How long a connection may take to be opened, TLS included, within timeout."),
		may("first_byte_timeout", orNone(durations()), none, func(h *HTTP) *time.Duration { return &h.FirstByteTimeout },
			"How long the first byte of an answer may take from the request's being sent, within timeout."),
		may("keep_alive", booleans(), "true", func(h *HTTP) *bool { return &h.KeepAlive },
			"Whether a connection carries one request after the other. With false every request opens a connection, asks the server to close it (Connection: close), and its latency includes the opening. For HTTP/1.1."),
		may("retry_non_idempotent", booleans(), "false", func(h *HTTP) *bool { return &h.RetryNonIdempotent },
			"Whether a request that is not idempotent, such as POST, is sent again when the server closed an idle connection before the request reached it. GET, HEAD, OPTIONS, TRACE, PUT and DELETE always are. A request that the server received and did not answer has failed, whatever its method (class closed)."),
	}
}

// versions are those of HTTP, with quotes or without.
func versions() kind[string] {
	k := choice("version", []string{HTTP1, HTTP2})
	k.schema = func() *jsonschema.Schema {
		return &jsonschema.Schema{Enum: []any{HTTP1, HTTP2, json.Number(HTTP1), json.Number(HTTP2)}}
	}
	return k
}
