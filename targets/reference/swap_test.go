package reference

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"servebench/targets/protocol"
	"servebench/targets/reference/repository"
)

// counting is a source of a model that says another version of itself each time that it is
// read: version n answers 1/n.
func counting(name string) repository.Source {
	var read atomic.Int32
	return repository.Source{Name: name, Read: func() (protocol.Model, repository.Digest, error) {
		n := read.Add(1)
		m := half()
		m.Name, m.Predict = name, protocol.Binary(func([]float32) float32 { return 1 / float32(n) })
		return m, repository.Digest{byte(n), byte(n >> 8)}, nil
	}}
}

// post sends a body, and returns the status and the body of the answer.
func post(t *testing.T, client *http.Client, url, body string) (int, string) {
	t.Helper()
	resp, err := client.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(text)
}

// TestSwapUnderLoad has eight callers ask while the model is loaded anew 200 times, with one
// version and with two side by side. No request fails, and each answer is that of the
// version that it names.
func TestSwapUnderLoad(t *testing.T) {
	url := serveLoopback(t, newServer(t, Config{Repository: &repository.Config{Sources: []repository.Source{counting("m")}}, AllowLoading: true}))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	t.Cleanup(client.CloseIdleConnections)
	right := map[string]string{} // by version
	for n := 1; n <= 201; n++ {
		right[fmt.Sprint(n)] = fmt.Sprintf(`"data":[%v]`, 1/float32(n))
	}
	var ask sync.WaitGroup
	var asked atomic.Int64
	stop := make(chan struct{})
	for range 8 {
		ask.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				status, body := post(t, client, url+"/v2/models/m/infer", strings.Replace(oneRow, "}]}", `}],"outputs":[{"name":"probability"}]}`, 1))
				_, rest, _ := strings.Cut(body, `"model_version":"`)
				version, _, _ := strings.Cut(rest, `"`)
				if want := right[version]; status != 200 || want == "" || !strings.Contains(body, want) {
					t.Errorf("got %d %s, want %s of version %s", status, body, want, version)
					return
				}
				asked.Add(1)
			}
		})
	}
	for n := 2; n <= 201; n++ {
		config := "{}"
		if n%2 == 0 {
			config = fmt.Sprintf(`{"parameters":{"config":"{\"traffic\":{\"%d\":1,\"%d\":3}}"}}`, n-1, n)
		}
		if status, body := post(t, client, url+"/v2/repository/models/m/load", config); status != 200 {
			t.Fatalf("load %d: %d %s", n, status, body)
		}
	}
	for before := asked.Load(); asked.Load() < before+100; { // after the last swap as well
		if t.Failed() {
			break
		}
	}
	close(stop)
	ask.Wait()
	t.Logf("%d requests were answered", asked.Load())
}

// TestOldVersionsAreForgotten: the metrics of those served lately stay.
func TestOldVersionsAreForgotten(t *testing.T) {
	s := newServer(t, Config{Repository: &repository.Config{Sources: []repository.Source{counting("m")}}, AllowLoading: true})
	for range 30 {
		infer(s, "m", strings.NewReader(oneRow))
		load(t, s, "m")
	}
	page := get(s, "/metrics").Body.String()
	for version, want := range map[string]bool{"1": false, "14": false, "15": true, "30": true} {
		for _, name := range []string{"nv_inference_request_success{", `refserver_inference_requests_total{code="200",`} {
			line := fmt.Sprintf("\n%smodel=\"m\",version=%q} 1\n", name, version)
			if strings.Contains(page, line) != want {
				t.Errorf("/metrics has %q: %t, want %t", line, !want, want)
			}
		}
	}
}

func load(t *testing.T, s *Server, model string) {
	t.Helper()
	w := postTo(s, "/v2/repository/models/"+model+"/load", "")
	if w.Code != http.StatusOK {
		t.Fatalf("load %s: %d %s", model, w.Code, w.Body)
	}
}

func TestLoadingIsOff(t *testing.T) {
	s := newServer(t, Config{Repository: &repository.Config{Sources: []repository.Source{counting("m")}}})
	if w := postTo(s, "/v2/repository/models/m/load", ""); w.Code != http.StatusForbidden || !bytes.Contains(w.Body.Bytes(), []byte("--model-control-mode explicit")) {
		t.Errorf("load: %d %s", w.Code, w.Body)
	}
}
