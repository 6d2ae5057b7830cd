package scenarios

import (
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/invopop/jsonschema"

	"servebench/targets/protocol"
)

// given makes a kind of values that may be missing, where every text is one.
func given[V any](k kind[V]) kind[*V] {
	p := pointed(k)
	p.write = func(v *V) any {
		if v == nil {
			return nil
		}
		return k.write(*v)
	}
	return p
}

// oneOrMore takes a single value for a list of one.
func oneOrMore[V any](item kind[V]) kind[[]V] {
	many := list(item.label+", or a list", item.want+", or a list", 1, item)
	k := many
	k.read = func(d *decoder, n *node, path string) ([]V, bool) {
		if n.shape == listShape {
			return many.read(d, n, path)
		}
		v, ok := item.read(d, n, path)
		return []V{v}, ok
	}
	k.write = func(values []V) any {
		if len(values) == 1 {
			return item.write(values[0])
		}
		return many.write(values)
	}
	k.schema = func() *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{item.schema(), many.schema()}}
	}
	return k
}

// statuses are single statuses of HTTP or a hundred of them: 404, 2xx.
func statuses() kind[protocol.Statuses] {
	read := func(n *node) (protocol.Statuses, *flaw) {
		wrong := &flaw{problem: n.String() + " is not a status of HTTP"}
		digits, hundred := strings.CutSuffix(n.text, "xx")
		status, err := strconv.ParseUint(digits, 10, 16)
		switch {
		case err != nil:
			return protocol.Statuses{}, wrong
		case hundred && 2 <= status && status <= 5:
			return protocol.Statuses{First: 100 * int(status), Last: 100*int(status) + 99}, nil
		case !hundred && 200 <= status && status <= 599:
			return protocol.Statuses{First: int(status), Last: int(status)}, nil
		}
		return protocol.Statuses{}, wrong
	}
	write := func(s protocol.Statuses) any {
		if s.First != s.Last {
			return fmt.Sprintf("%dxx", s.First/100)
		}
		return s.First
	}
	return scalar("status", "a status from 200 to 599, or 2xx, 3xx, 4xx or 5xx", read, write, func() *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
			{Type: "integer", Minimum: "200", Maximum: "599"},
			{Type: "string", Pattern: "^([2-5]xx|0*[2-5][0-9][0-9])$"},
		}}
	})
}

// headers are mappings from the names of header fields to their values.
func headers() kind[map[string]string] {
	const want = "a mapping of header fields, such as {Accept: text/plain}"
	value := anyTexts()
	return kind[map[string]string]{
		label: "mapping",
		want:  want,
		read: func(d *decoder, n *node, path string) (map[string]string, bool) {
			if n.shape != mappingShape {
				d.add(n.at, path, mismatch(n, "a mapping"), want)
				return nil, false
			}
			return readHeaders(d, n, path), true
		},
		write: func(v map[string]string) any {
			if len(v) == 0 {
				return nil
			}
			var all yaml.MapSlice
			for _, name := range slices.Sorted(maps.Keys(v)) {
				all = append(all, yaml.MapItem{Key: name, Value: value.write(v[name])})
			}
			return all
		},
		schema: func() *jsonschema.Schema {
			return &jsonschema.Schema{Type: "object", AdditionalProperties: value.schema()}
		},
	}
}

// readHeaders reads header fields under their canonical names.
func readHeaders(d *decoder, n *node, path string) map[string]string {
	fields := map[string]string{}
	for _, p := range n.pairs {
		field := member(path, p.key)
		name := textproto.CanonicalMIMEHeaderKey(p.key)
		_, twice := fields[name]
		switch {
		case !isField(name):
			d.add(p.at, field, fmt.Sprintf("%q is not the name of a header field", name), "a letter, and then letters, digits, - and _, such as Content-Type")
		case slices.Contains(ownHeaders(), name):
			d.add(p.at, field, "the client itself sets this header field", "other fields")
		case twice:
			d.add(p.at, field, "given twice, in one spelling or another", "it once")
		}
		text, _ := headerValue().read(d, p.value, field)
		if written := d.written[field]; written != "" {
			delete(d.written, field)
			d.keep(member(path, name), written)
		}
		fields[name] = text
	}
	return fields
}

// headerValue is text on one line.
func headerValue() kind[string] {
	read := func(n *node) (string, *flaw) {
		if !visible(n.text, "\t") {
			return "", &flaw{problem: n.String() + " holds control characters"}
		}
		return strings.TrimSpace(n.text), nil
	}
	return inText(scalar("text", "text on one line", read, writeText, anyTextSchema))
}

// ownHeaders are the header fields that belong to the connection and the length of
// the body.
func ownHeaders() []string {
	return []string{"Connection", "Content-Length", "Expect", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}
}

// isField reports whether a text is the name of a header field. RFC 9110, 5.1, also
// has marks that nobody uses, and that mean something else in YAML.
func isField(name string) bool {
	letter := strings.ContainsAny(name[:min(1, len(name))], "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	return letter && !strings.ContainsFunc(name, func(c rune) bool {
		alphanumeric := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		return !alphanumeric && c != '-' && c != '_'
	})
}
