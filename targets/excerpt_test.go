package targets

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"
)

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.Bytes()
}

// TestAnswerIsText holds the words for an answer to what a terminal can print.
func TestAnswerIsText(t *testing.T) {
	encoded := func(by string) http.Header { return http.Header{"Content-Encoding": {by}} }
	for _, c := range []struct {
		name   string
		header http.Header
		body   []byte
		want   string
	}{
		{"nothing", nil, nil, "503 No"},
		{"text", nil, []byte("queue full\n"), `503 No, "queue full"`},
		{"JSON", nil, []byte("{\"detail\":\r\n\t\"Not \\\"Found\\\"\"}\n"), `503 No, {"detail": "Not \"Found\""}`},
		{"HTML", nil, []byte("\n<html>\n<body class=\"x\">"), `503 No, <html> <body class="x">`},
		{"quotes", nil, []byte(`no "model"`), `503 No, "no "model""`},
		{"white space", nil, []byte("\n"), `503 No, ""`},
		{"a turned direction", nil, []byte("{\u202e}"), `503 No, {\u202e}`},
		{"a redirect", http.Header{"Location": {"https://h/x"}}, nil, `503 No to "https://h/x", which is not followed`},
		{"gzip", encoded("gzip"), zipped("queue full"), `503 No, "queue full" (gzip)`},
		{"gzip cut off", encoded("x-gzip"), zipped("queue full")[:8], `503 No, 8 bytes of gzip`},
		{"no gzip at all", encoded("gzip"), []byte("plain"), "503 No, 5 bytes of gzip"},
		{"another encoding", encoded("br"), []byte("\x8b\x02"), "503 No, 2 bytes of br"},
		{"no encoding", encoded("identity"), []byte("plain"), `503 No, "plain"`},
		{"binary", nil, []byte("\x00\x01\x02"), "503 No, 3 bytes that are no text"},
		{"not UTF-8", nil, []byte("caf\xe9 au lait"), "503 No, 12 bytes that are no text"},
		{"an escape", nil, []byte("\x1b[2J"), "503 No, 4 bytes that are no text"},
	} {
		if got := Answer("503 No", c.header, c.body); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestExcerptIsShort(t *testing.T) {
	for _, before := range []string{"", "x"} { // with it the cut is inside a letter
		got := Excerpt(nil, []byte(before+strings.Repeat("é", 300)))
		if len(got) > 210 || !strings.HasSuffix(got, "é\"…") {
			t.Errorf("%s, want at most 200 bytes of whole letters", got)
		}
	}
}

func TestMismatchNamesTheEncoding(t *testing.T) {
	gzip := http.Header{"Content-Encoding": {"gzip"}}
	if got := Mismatch(gzip, "invalid character"); !strings.Contains(got, "Content-Encoding: gzip") {
		t.Errorf("%s, want that the body is compressed", got)
	}
	if got := Mismatch(gzip, "") + Mismatch(nil, "why"); got != "why" {
		t.Errorf("%s, want the reason as it is", got)
	}
}
