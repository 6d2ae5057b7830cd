package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// received is what a server saw of one request.
type received struct {
	ID     string
	Header http.Header
	Body   string
}

// record1by1 runs a load of one request at a time and returns what the server
// received, in order.
func record1by1(t *testing.T, seed uint64) []received {
	// One at a time, but ordered by the network alone.
	var mu sync.Mutex
	var got []received
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var a ask
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &a)
		}
		if err != nil {
			t.Error(err)
		}
		if r.URL.RequestURI() != "/infer?v=1" || r.Method != http.MethodPost {
			t.Errorf("server received %s %s, want POST /infer?v=1", r.Method, r.URL.RequestURI())
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, received{ID: a.ID, Header: r.Header, Body: string(body)})
		fmt.Fprint(w, a.X)
	})
	cfg, log := load(t, s.URL, time.Millisecond, 50)
	cfg.MaxInFlight = 1
	cfg.OrderSeed = seed
	run(t, context.Background(), cfg, log)
	mu.Lock()
	defer mu.Unlock()
	return got
}

// TestSameSeedSameRequests compares what the server sees, headers included.
func TestSameSeedSameRequests(t *testing.T) {
	a, b := record1by1(t, 7), record1by1(t, 7)
	if fmt.Sprint(a) != fmt.Sprint(b) || len(a) != 50 {
		t.Errorf("two runs of one seed sent\n%v\nand\n%v", a, b)
	}
	for name := range a[0].Header {
		if strings.HasPrefix(name, "X-Vegeta") {
			t.Errorf("header %s reached the server", name)
		}
	}
	if other := record1by1(t, 8); fmt.Sprint(a) == fmt.Sprint(other) {
		t.Error("another seed sent the same requests in the same order")
	}
}

// TestRequestFollowsOrder checks that the k-th request carries the entry of the
// corpus that the order gives it.
func TestRequestFollowsOrder(t *testing.T) {
	o := order(newCorpus(t, 20).Order(7))
	for k, r := range record1by1(t, 7) {
		if want := fmt.Sprintf("servebench-%d", o.at(uint64(k))); r.ID != want {
			t.Fatalf("request %d has the id %s, want %s", k, r.ID, want)
		}
	}
}
