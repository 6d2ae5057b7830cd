package recording

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// TestLikeVegeta reads targets as vegeta itself does, in both of its formats.
func TestLikeVegeta(t *testing.T) {
	t.Chdir(t.TempDir()) // which paths of bodies are relative to
	if err := os.WriteFile("body.bin", []byte("\x00\xffbody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const text = `# all of the format
GET http://127.0.0.1:8080/a?b=c
GET http://127.0.0.1:8080/d

POST http://127.0.0.1:8080/e
Content-Type: application/json
X-Two:one
X-Two: two
# between
Host: other.example.com
@body.bin

PUT http://127.0.0.1:8080/f
@body.bin
DELETE http://127.0.0.1:8080/g
X-Last: z`
	targets, err := vegeta.ReadAllTargets(vegeta.NewHTTPTargeter(strings.NewReader(text), nil, nil))
	if err != nil || len(targets) != 5 {
		t.Fatal(len(targets), err)
	}
	var lines bytes.Buffer
	encode := vegeta.NewJSONTargetEncoder(&lines)
	for i := range targets {
		if err := encode(&targets[i]); err != nil {
			t.Fatal(err)
		}
	}
	for format, recording := range map[string]string{"vegeta": text, "vegeta-json": lines.String()} {
		path := filepath.Join(t.TempDir(), "targets")
		if err := os.WriteFile(path, []byte(recording), 0o600); err != nil {
			t.Fatal(err)
		}
		o := Options{Dir: t.TempDir()}
		if err := o.settle(path); err != nil || o.format.Name != format {
			t.Fatal(o.format, err)
		}
		var left leftOut
		i := 0
		_, err := o.readAll(path, &left, func(r *Request) error {
			want := targets[i]
			i++
			if r.Method != want.Method || r.Scheme+"://"+r.Host+r.Target != want.URL || !bytes.Equal(r.Body, want.Body) {
				t.Errorf("%s: %+v, want %+v", format, r, want)
			}
			if len(r.Header) != len(want.Header) {
				t.Errorf("%s: %v, want %v", format, r.Header, want.Header)
			}
			for _, f := range r.Header {
				if values := http.Header(want.Header).Values(f.Name); !slices.Equal(strings.Split(f.Value, ", "), values) {
					t.Errorf("%s: %s is %q, want %q", format, f.Name, f.Value, values)
				}
			}
			return nil
		})
		if err != nil || i != len(targets) || left.reasons != nil {
			t.Errorf("%s: %d targets, %v left out: %v", format, i, left, err)
		}
	}
}
