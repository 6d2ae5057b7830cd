package attack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func TestRawStreamIsVegetas(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 3 {
			panic(http.ErrAbortHandler)
		}
		answer(t, w, r)
	})
	s.Config.ErrorLog = quiet()
	cfg, log := load(t, s.URL, 2*time.Millisecond, 30)
	var raw bytes.Buffer
	cfg.Raw = &raw
	cell := run(t, context.Background(), cfg, log)

	decode := vegeta.NewDecoder(&raw)
	var seqs []uint64
	failed := 0
	for {
		var r vegeta.Result
		if err := decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, r.Seq)
		if r.URL != s.URL+"/infer?v=1" || r.Method != http.MethodPost {
			t.Errorf("result of %s %s, want what was sent", r.Method, r.URL)
		}
		sent := cfg.Corpus.Request(order(cfg.Corpus.Order(cfg.OrderSeed)).at(r.Seq)).Wire().Body
		if r.BytesOut != uint64(len(sent)) {
			t.Errorf("result of %d bytes sent, want %d", r.BytesOut, len(sent))
		}
		if r.Error != "" {
			failed++
			if strings.Contains(r.Error, placeholderURL) {
				t.Errorf("error %q names the placeholder", r.Error)
			}
		}
	}
	slices.Sort(seqs)
	if len(seqs) != 30 || seqs[0] != 0 || seqs[29] != 29 || failed != int(cell.Ledger.Failed) {
		t.Errorf("%d results %v with %d errors, want 30 with %d", len(seqs), seqs, failed, cell.Ledger.Failed)
	}
}
