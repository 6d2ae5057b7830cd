package recording

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

// accessLog is the common or the combined log of Apache httpd and nginx, and what other
// servers write like it; a virtual host may precede it.
func accessLog() Format {
	return Format{
		Name: "access-log", Doc: "An access log in the common or the combined format of Apache and nginx.",
		unit: "line", hosts: true,
		starts: func(head []byte) bool {
			for i, line := range slices.Collect(bytes.Lines(head)) { // the first ones may be damaged
				if _, ok := parseAccess(string(bytes.TrimSpace(line))); ok && i < 20 {
					return true
				}
			}
			return false
		},
		read: readAccessLog,
	}
}

const notHTTP = "lines whose request is not HTTP"

func readAccessLog(in *input, yield func(*Request) error) error {
	return in.requests(yield, func(line []byte, last bool) (*Request, string, error) {
		entry, ok := parseAccess(string(line))
		if !ok && last {
			return nil, cutOffEntry, nil
		}
		if !ok {
			return nil, unreadable, nil
		}
		r := &Request{At: entry.at, Status: entry.status}
		if why := entry.setRequest(r); why != "" {
			return nil, why, nil
		}
		for name, value := range map[string]string{"Referer": entry.referer, "User-Agent": entry.agent} {
			if value != "-" {
				r.addHeader(name, value)
			}
		}
		if !slices.Contains([]string{"POST", "PUT", "PATCH"}, r.Method) {
			return r, "", nil
		}
		if in.bodies == nil {
			return nil, bodyMissing, nil
		}
		var err error
		if r.Body, err = in.bodies.next(); err == nil && (r.Body[0] == '{' || r.Body[0] == '[') {
			r.addHeader("Content-Type", "application/json")
		}
		return r, "", err
	})
}

// access is one line of a log.
type access struct {
	host           string
	at             time.Time
	request        string // "GET / HTTP/1.1"
	status         int
	referer, agent string
}

// parseAccess reads a line: [HOST] CLIENT IDENT USER [TIME] "REQUEST" STATUS BYTES
// ["REFERER" "USER-AGENT" …]. A user may have spaces in it.
func parseAccess(line string) (access, bool) {
	before, rest, hasTime := strings.Cut(line, " [")
	stamp, rest, hasEnd := strings.Cut(rest, "] \"")
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", stamp)
	lead := strings.Fields(before)
	if !hasTime || !hasEnd || err != nil || len(lead) < 3 {
		return access{}, false
	}
	a := access{at: at}
	if len(lead) > 3 && lead[1] != "-" && lead[2] == "-" {
		a.host = strings.ToLower(lead[0])
	}
	a.request, rest = cutQuoted(rest)
	figures := strings.Fields(rest)
	if len(figures) == 0 {
		return access{}, false
	}
	if a.status, err = strconv.Atoi(figures[0]); err != nil || a.status < 100 || a.status > 999 {
		return access{}, false
	}
	if _, rest, hasMore := strings.Cut(rest, "\""); hasMore {
		a.referer, rest = cutQuoted(rest)
		_, rest, _ = strings.Cut(rest, "\"")
		a.agent, _ = cutQuoted(rest)
	}
	return a, true
}

// cutQuoted returns what comes before the quote that ends a text, without its escapes,
// and what comes after it.
func cutQuoted(text string) (quoted, rest string) {
	end := strings.IndexByte(text, '"')
	if end < 0 {
		return text, ""
	}
	if strings.IndexByte(text[:end], '\\') < 0 {
		return text[:end], text[end+1:]
	}
	var b []byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '"':
			return string(b), text[i+1:]
		case c == '\\' && i+3 < len(text) && text[i+1] == 'x':
			if n, err := strconv.ParseUint(text[i+2:i+4], 16, 8); err == nil {
				b = append(b, byte(n))
				i += 3
				continue
			}
		case c == '\\' && i+1 < len(text):
			i++
			c = text[i]
		}
		b = append(b, c)
	}
	return string(b), ""
}

// setRequest sets what the line of a request says, or returns why it says nothing.
func (a access) setRequest(r *Request) (why string) {
	words := strings.Split(a.request, " ")
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/") || words[0] == "" || strings.ToUpper(words[0]) != words[0] {
		return notHTTP
	}
	r.Method, r.HTTP2 = words[0], words[2] >= "HTTP/2"
	switch target := words[1]; {
	case strings.HasPrefix(target, "/"):
		r.Host = strings.TrimSuffix(strings.TrimSuffix(a.host, ":80"), ":443")
		if strings.HasSuffix(a.host, ":443") {
			r.Scheme = "https"
		} else if r.Host != "" {
			r.Scheme = "http"
		}
		r.setTarget(target)
	case strings.Contains(target, "://"): // of a proxy
		return r.setURL(target)
	default:
		return notHTTP // such as CONNECT
	}
	return ""
}
