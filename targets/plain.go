package targets

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// PlainTransport carries single requests beside the load to the endpoint, such as
// those for readiness: by net/http's client, each over a connection of its own. It
// leaves the endpoint's own Transport out. http2 is as of a Workload.
func (e Endpoint) PlainTransport(http2 bool) *http.Transport {
	t := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: e.Roots}}
	if e.Socket != "" {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", e.Socket)
		}
	}
	if http2 {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetHTTP2(true)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	return t
}
