package protocoltest

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"

	"servebench/generators"
)

func testKind(t *testing.T, s Subject) {
	if s.Kind.Name == "" || strings.ContainsAny(s.Kind.Name, " /,=") {
		t.Errorf("name %q: want a word that a scenario and a command line can hold", s.Kind.Name)
	}
	if !strings.HasSuffix(s.Kind.Doc, ".") {
		t.Errorf("doc %q: want one sentence", s.Kind.Doc)
	}
	if !strings.HasPrefix(s.Kind.Ready, "/") {
		t.Errorf("ready %q: want a path with a leading slash", s.Kind.Ready)
	}
}

func testEncodePure(t *testing.T, s Subject) {
	examples := batch(1, 3)
	first := encode(t, open(t, s), "id-1", examples)
	if again := encode(t, open(t, s), "id-1", examples); !reflect.DeepEqual(first, again) {
		t.Errorf("the same input gave\n%s\nand\n%s", first.Body, again.Body)
	}
	if !reflect.DeepEqual(examples, batch(1, 3)) {
		t.Error("encoding changed the examples")
	}
	if other := encode(t, open(t, s), "id-1", batch(2, 3)); bytes.Equal(first.Body, other.Body) {
		t.Error("different examples gave the same body")
	}
}

func testEncodeRequest(t *testing.T, s Subject) {
	p := open(t, s)
	req := encode(t, p, "", batch(1, 1))
	if req.Method == "" || !strings.HasPrefix(req.Path, "/") || len(req.Body) == 0 {
		t.Errorf("got method %q, path %q and a body of %d bytes", req.Method, req.Path, len(req.Body))
	}
	if req.Header.Get("Content-Type") == "" {
		t.Error("the request has no Content-Type")
	}
	body := bytes.Clone(req.Body)
	req.Header.Set("Content-Type", "changed")
	next := encode(t, p, "", batch(2, 9))
	if !bytes.Equal(body, req.Body) {
		t.Error("a later request wrote into the body of an earlier one")
	}
	if next.Header.Get("Content-Type") == "changed" {
		t.Error("two requests share their header")
	}
}

func testEncodeRefuses(t *testing.T, s Subject) {
	short := batch(1, 2)
	short[1].Features = short[1].Features[:2]
	infinite := batch(1, 2)
	infinite[1].Features[0] = float32(math.Inf(1))
	for name, examples := range map[string][]generators.Example{
		"an empty batch":    nil,
		"a feature missing": short,
		"an infinity":       infinite,
	} {
		if req, err := open(t, s).Encode("", examples); err == nil {
			t.Errorf("%s was encoded as %s", name, req.Body)
		}
	}
}

func testEncodeConcurrent(t *testing.T, s Subject) {
	p := open(t, s)
	want := make([]string, 8)
	for i := range want {
		want[i] = string(encode(t, p, "id", batch(uint64(i), i+1)).Body)
	}
	var group sync.WaitGroup
	for i := range want {
		group.Go(func() {
			for range 50 {
				req, err := p.Encode("id", batch(uint64(i), i+1))
				if err != nil || string(req.Body) != want[i] {
					t.Errorf("batch %d became %s, %v", i, req.Body, err)
					return
				}
			}
		})
	}
	group.Wait()
}
