package recording

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// harFormat is what browsers and proxies save: the HTTP Archive 1.2
// (http://www.softwareishard.com/blog/har-12-spec).
func harFormat() Format {
	return Format{
		Name: "har", Doc: "An HTTP Archive (HAR 1.2), as browsers and proxies save it.",
		unit: "entry", hosts: true,
		starts: func(head []byte) bool { return firstKeys(head)["log"] },
		read:   readHAR,
	}
}

// harEntry is what is read of an entry; fields with an underscore are those of Chrome.
type harEntry struct {
	StartedDateTime string `json:"startedDateTime"`
	Request         struct {
		Method      string `json:"method"`
		URL         string `json:"url"`
		HTTPVersion string `json:"httpVersion"`
		Headers     []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"headers"`
		PostData *harBody `json:"postData"`
		BodySize int64    `json:"bodySize"`
	} `json:"request"`
	Response struct {
		Status  int `json:"status"`
		Content struct {
			Text     *string `json:"text"`
			Encoding string  `json:"encoding"`
		} `json:"content"`
	} `json:"response"`
	ResourceType      string `json:"_resourceType"`
	FromCache         string `json:"_fromCache"`
	WebSocketMessages []any  `json:"_webSocketMessages"`
}

type harBody struct {
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	Encoding string `json:"encoding"` // base64, of some proxies
	Params   []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"params"`
}

const (
	badEntry     = "entries that cannot be read"
	noTime       = "requests without the time when they were sent"
	fromCache    = "requests that the browser's cache answered"
	bodyMissing  = "requests whose body was not recorded"
	damagedBody  = "requests whose body was not recorded as it was"
	unreadBase64 = "requests whose body is not the Base64 that it says"
)

func readHAR(in *input, yield func(*Request) error) error {
	s := newStream(in)
	entries := 0
	found := false
	err := s.members("", func(name string) (bool, error) {
		if name != "log" {
			return false, nil
		}
		return true, s.members("log", func(name string) (bool, error) {
			if name != "entries" {
				return false, nil
			}
			found = true
			return true, s.elements("log.entries", func() error {
				text, err := s.ReadValue()
				if err != nil {
					return s.failed(err)
				}
				entries++
				var entry harEntry
				if json.Unmarshal(text, &entry, asWritten...) != nil {
					in.leaveOut(badEntry, entries)
					return nil
				}
				r, why := entry.request()
				if why != "" {
					in.leaveOut(why, entries)
					return nil
				}
				r.Place = entries
				return yield(r)
			})
		})
	})
	if err == nil && !found {
		return in.fault(0, "log.entries", "the archive has no list of entries", "one, as HAR 1.2 has it")
	}
	return s.finish(err, entries)
}

// request is the request of an entry, or why there is none to send again.
func (e *harEntry) request() (r *Request, why string) {
	r = &Request{Method: e.Request.Method, Status: max(e.Response.Status, 0)}
	if why := r.setURL(e.Request.URL); why != "" {
		return nil, why
	}
	var err error
	if r.At, err = time.Parse(time.RFC3339Nano, e.StartedDateTime); err != nil {
		r.At, err = time.Parse("2006-01-02T15:04:05Z0700", e.StartedDateTime) // of some proxies
	}
	switch {
	case e.ResourceType == "websocket" || e.Response.Status == 101 || len(e.WebSocketMessages) > 0:
		return nil, webSocket
	case e.FromCache != "":
		return nil, fromCache
	case err != nil && e.StartedDateTime != "":
		return nil, noTime
	}
	version := strings.ToLower(e.Request.HTTPVersion)
	r.HTTP2 = strings.HasPrefix(version, "h2") || strings.HasPrefix(version, "h3") || strings.HasPrefix(version, "http/2") || strings.HasPrefix(version, "http/3")
	for _, h := range e.Request.Headers {
		switch length, err := strconv.ParseInt(h.Value, 10, 64); {
		case strings.EqualFold(h.Name, "Content-Length") && err == nil:
			e.Request.BodySize = max(e.Request.BodySize, length)
		case h.Name != "" && !strings.EqualFold(h.Name, "Host"):
			r.addHeader(h.Name, h.Value)
		}
	}
	if why := e.body(r); why != "" {
		return nil, why
	}
	if text := e.Response.Content.Text; text != nil {
		r.Answer = []byte(*text)
		if e.Response.Content.Encoding == "base64" {
			if r.Answer, err = base64.StdEncoding.DecodeString(*text); err != nil {
				r.Answer = nil
			}
		}
	}
	return r, ""
}

// body sets the body of a request, or returns why it is not known.
func (e *harEntry) body(r *Request) (why string) {
	data := e.Request.PostData
	if data == nil {
		data = &harBody{}
	}
	if r.header("Content-Type") == "" && data.MimeType != "" && (data.Text != "" || len(data.Params) > 0) {
		r.addHeader("Content-Type", data.MimeType)
	}
	form := strings.HasPrefix(data.MimeType, "application/x-www-form-urlencoded")
	switch {
	case data.Text != "" && data.Encoding == "base64":
		body, err := base64.StdEncoding.DecodeString(data.Text)
		if err != nil {
			return unreadBase64
		}
		r.Body = body
	case strings.ContainsRune(data.Text, '\ufffd') && e.Request.BodySize > 0 && e.Request.BodySize != int64(len(data.Text)):
		return damagedBody // bytes that were taken for text
	case data.Text != "":
		r.Body = []byte(data.Text)
	case len(data.Params) > 0 && form:
		var pairs []string
		for _, p := range data.Params {
			pairs = append(pairs, formEscape(p.Name)+"="+formEscape(p.Value))
		}
		r.Body = []byte(strings.Join(pairs, "&"))
	case len(data.Params) > 0 || e.Request.BodySize > 0:
		return bodyMissing
	}
	return ""
}

// formEscape escapes a field of a form, which some programs have escaped already.
func formEscape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil && strings.Contains(text, "%") && plain != text {
		return text
	}
	return url.QueryEscape(text)
}
