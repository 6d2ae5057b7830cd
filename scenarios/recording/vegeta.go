package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// vegetaText is the format of vegeta's targets that people write by hand.
func vegetaText() Format {
	return Format{
		Name: "vegeta", Doc: "Targets of vegeta as text: method, URL, header fields, @FILE for the body.",
		unit: "line", hosts: true,
		starts: func(head []byte) bool {
			for line := range bytes.Lines(head) {
				if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
					return vegetaTarget.Match(line) && bytes.Contains(line, []byte("://"))
				}
			}
			return false
		},
		read: readVegetaText,
	}
}

// vegetaTarget is a line that begins a target; any other that follows belongs to it.
var vegetaTarget = regexp.MustCompile(`^([A-Z]+)\s+(\S.*)$`)

const (
	strayLine   = "lines that belong to no target"
	badField    = "lines that are not a header field (NAME: VALUE)"
	noBodyFile  = "targets whose body file cannot be read"
	unreadable  = "lines that cannot be read"
	withoutURL  = "targets without a method or a URL"
	cutOffEntry = "requests that the end of the recording cuts off"
)

func readVegetaText(in *input, yield func(*Request) error) error {
	v := vegetaReader{in: in, yield: yield}
	blank := 0 // the number of the last line that was handed on
	err := in.lines(func(line []byte, number int, _ bool) error {
		if number > blank+1 { // an empty one between ends a target
			if err := v.finish(); err != nil {
				return err
			}
		}
		blank = number
		return v.line(string(line), number)
	})
	if err != nil {
		return err
	}
	return v.finish()
}

type vegetaReader struct {
	in    *input
	yield func(*Request) error
	next  *Request // nil: between targets
}

func (v *vegetaReader) line(line string, number int) error {
	at := vegetaTarget.FindStringSubmatch(line)
	name, value, isField := strings.Cut(line, ":")
	switch {
	case strings.HasPrefix(line, "#"):
		return nil
	case at != nil:
		if err := v.finish(); err != nil {
			return err
		}
		r := &Request{Place: number, Method: at[1]}
		if why := r.setURL(at[2]); why != "" {
			v.in.leaveOut(why, number)
			r.Method = "" // with its fields
		}
		v.next = r
		return nil
	case v.next == nil:
		v.in.leaveOut(strayLine, number)
		return nil
	case strings.HasPrefix(line, "@"):
		body, err := v.in.bodyFile(line[1:])
		if err != nil {
			v.in.leaveOut(noBodyFile, number)
			v.next = nil
			return nil
		}
		v.next.Body = body
		return v.finish()
	case !isField || strings.TrimSpace(name) == "":
		v.in.leaveOut(badField, number)
		return nil
	}
	v.next.addHeader(name, value)
	return nil
}

func (v *vegetaReader) finish() error {
	r := v.next
	v.next = nil
	if r == nil || r.Method == "" {
		return nil
	}
	return v.yield(r)
}

// vegetaJSON is the format of vegeta's targets that programs write.
func vegetaJSON() Format {
	return Format{
		Name: "vegeta-json", Doc: "Targets of vegeta as JSON lines.",
		unit: "line", hosts: true,
		starts: func(head []byte) bool {
			keys := firstKeys(head)
			return keys["method"] && keys["url"]
		},
		read: readVegetaJSON,
	}
}

func readVegetaJSON(in *input, yield func(*Request) error) error {
	return in.requests(yield, func(line []byte, last bool) (*Request, string, error) {
		var target struct {
			Method string
			URL    string
			Body   []byte
			Header map[string][]string
		}
		if why := unmarshal(line, &target, last); why != "" {
			return nil, why, nil
		}
		if target.Method == "" || target.URL == "" {
			return nil, withoutURL, nil
		}
		r := &Request{Method: target.Method, Body: target.Body}
		for _, name := range slices.Sorted(maps.Keys(target.Header)) {
			for _, value := range target.Header[name] {
				r.addHeader(name, value)
			}
		}
		return r, r.setURL(target.URL), nil
	})
}

// unmarshal reads a line of JSON, or says why it is left out.
func unmarshal(line []byte, to any, last bool) (why string) {
	err := json.Unmarshal(line, to)
	syntax, isSyntax := errors.AsType[*json.SyntaxError](err)
	switch {
	case err == nil:
		return ""
	case last && isSyntax && syntax.Offset >= int64(len(line)):
		return cutOffEntry
	}
	return unreadable
}
