package protocol

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A body far larger than announced or than the kept buffer is read whole.
func TestLongBodiesAreReadWhole(t *testing.T) {
	var got string
	i := Inferences{
		Decode: func(_ *http.Request, _ *Served, b *Batch) error {
			got = string(b.Body)
			return &Refusal{http.StatusTeapot, "read"}
		},
		Refuse: func(w http.ResponseWriter, status int, problem string) { http.Error(w, problem, status) },
	}
	for _, size := range []int{0, 1, 511, 512, 513, keepBytes, keepBytes + 1, 3 * keepBytes} {
		for _, announced := range []int64{-1, 0, int64(size), 1 << 60} {
			text := strings.Repeat("x", size)
			r, w := httptest.NewRequest("POST", "/", strings.NewReader(text)), httptest.NewRecorder()
			r.ContentLength = announced
			i.ServeModel(w, r, &Served{})
			if got != text || w.Code != http.StatusTeapot {
				t.Errorf("size %d, announced %d: got %d bytes, status %d", size, announced, len(got), w.Code)
			}
		}
	}
}

func TestFaultOfBatches(t *testing.T) {
	m := Served{MaxBatch: 3}
	for _, c := range []struct {
		rows, width int64
		want        string
	}{
		{3, 7, ""}, {4, 7, "a batch of 4 rows is over the limit of 3"}, {0, 7, "want at least 1 row and 1 feature, got [0,7]"}, {1, 0, "want at least 1 row and 1 feature, got [1,0]"},
	} {
		if got := m.Fault(c.rows, c.width); got != c.want {
			t.Errorf("%d rows of %d: %q, want %q", c.rows, c.width, got, c.want)
		}
	}
}
