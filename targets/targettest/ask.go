package targettest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"servebench/targets"
)

// ask sends one request to the deployment and decodes a JSON answer into out,
// unless that is nil.
func (p *subject) ask(d *targets.Deployment, method, path string, out any) error {
	req, err := http.NewRequestWithContext(p.Context(), method, d.Endpoint.URL+path, nil)
	if err != nil {
		return err
	}
	transport := d.Endpoint.Transport
	if transport == nil {
		own := &http.Transport{DisableKeepAlives: true}
		defer own.CloseIdleConnections()
		transport = own
	}
	resp, err := (&http.Client{Transport: transport, Timeout: patience}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s answered %s", method, path, resp.Status)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}

// must is ask for what has to succeed.
func (p *subject) must(d *targets.Deployment, method, path string, out any) {
	p.Helper()
	if err := p.ask(d, method, path, out); err != nil {
		p.Fatalf("%s %s: %v", method, path, err)
	}
}
