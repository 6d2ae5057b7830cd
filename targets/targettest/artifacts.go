package targettest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"servebench/targets"
	"servebench/targets/targettest/artifact"
)

// artifactPatience bounds a deployment of a server that imports half of Python, in a guest
// whose processor is emulated.
const artifactPatience = 15 * time.Minute

// Serve deploys a server of package artifact on the target, as a scenario would and with
// nothing that is particular to the target. Every answer has to be the expected one, the
// stages of the start complete, what its processes use counted whole, or it has to be
// refused with a reason; and nothing may be left.
func Serve(t *testing.T, s Suite, server artifact.Server) {
	if err := s.Kind.Check(t.Context(), s.Options); err != nil {
		t.Skipf("%s cannot run here: %v", s.Kind.Name, err)
	}
	p := newSubject(t, s, "")
	w := server.Workload
	w.Env, w.StartTimeout = append(slices.Clone(w.Env), p.mark), artifactPatience
	if len(server.Refused) > 0 {
		ctx, cancel := context.WithTimeout(t.Context(), artifactPatience)
		defer cancel()
		t.Log(p.refuse(ctx, w, server.Refused...))
		return
	}
	d := p.deployWithin(artifactPatience, w)
	t.Logf("prepared in %s; %v", d.Preparation, d.Stages)
	wrong := 0
	for _, row := range server.Rows {
		if label := p.predict(d, server, row.Features); label != row.Label {
			wrong++
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d answers are not what the model says", wrong, len(server.Rows))
	}
	if !server.V2 {
		p.burnt(d)
	}
	t.Logf("it used %s of CPU time", p.spent(d, time.Time{}, time.Now()).CPU.Round(time.Millisecond))
	if server.Sees != nil {
		var seen artifact.Surroundings
		p.exchange(d, "GET", "/report", nil, &seen)
		server.Sees(t, seen)
	}
	p.close(d)
}

// predict asks for one row's label.
func (p *subject) predict(d *targets.Deployment, server artifact.Server, features []float64) int {
	p.Helper()
	if !server.V2 {
		var answer struct{ Label int }
		p.exchange(d, "POST", "/predict", map[string]any{"features": features}, &answer)
		return answer.Label
	}
	input := map[string]any{"name": "predict", "shape": []int{1, len(features)}, "datatype": "FP32", "data": features}
	var answer struct{ Outputs []struct{ Data []int } }
	p.exchange(d, "POST", "/v2/models/"+server.Model+"/infer", map[string]any{"inputs": []any{input}}, &answer)
	if len(answer.Outputs) != 1 || len(answer.Outputs[0].Data) != 1 {
		p.Fatalf("answer %+v, want one label", answer)
	}
	return answer.Outputs[0].Data[0]
}

// burnt makes the server work, several times, for it may have several processes: the
// target has to show it.
func (p *subject) burnt(d *targets.Deployment) {
	p.Helper()
	const times, each = 4, 250 * time.Millisecond
	began := time.Now()
	p.spent(d, time.Time{}, began)
	for range times {
		p.exchange(d, "POST", fmt.Sprintf("/burn?ms=%d", each.Milliseconds()), nil, nil)
	}
	used := p.spent(d, began, time.Now())
	// A guest's clock goes on while this machine runs something else.
	for more := 0; p.Guest && used.CPU < times*each && more < 20; more++ {
		p.exchange(d, "POST", "/burn?ms=250", nil, nil)
		used = p.spent(d, began, time.Now())
	}
	if least := times * each * 3 / 4; used.CPU < least {
		p.Errorf("usage shows %s of CPU time, of %s that the server used", used.CPU, times*each)
	}
}

// exchange sends one request with a body of JSON, unless that is nil, and decodes the
// answer, unless nobody wants it.
func (p *subject) exchange(d *targets.Deployment, method, path string, body, answer any) {
	p.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		p.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.Context(), method, d.Endpoint.URL+path, bytes.NewReader(text))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: d.Endpoint.Transport, Timeout: patience}
	if client.Transport == nil {
		own := &http.Transport{DisableKeepAlives: true}
		defer own.CloseIdleConnections()
		client.Transport = own
	}
	response, err := client.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		p.Fatalf("%s %s: %s, %v\n%s", method, path, response.Status, err, all)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(all, answer); err != nil {
		p.Fatalf("%s %s: %v\n%s", method, path, err, strings.TrimSpace(string(all)))
	}
}
