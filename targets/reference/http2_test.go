package reference

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"servebench/targets/protocol"
)

// TestHTTP2 asks over HTTP/2 without TLS, on the port of HTTP/1.1, and drains with the
// request in flight.
func TestHTTP2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := newServer(t, Config{Models: models(blocking(release))})
		l, stop, ended := start(t, s)
		client := &http.Transport{
			Protocols:   new(http.Protocols),
			DialContext: func(context.Context, string, string) (net.Conn, error) { return l.dial() },
		}
		client.Protocols.SetUnencryptedHTTP2(true)
		defer client.CloseIdleConnections()
		body := `{"inputs":[{"name":"features","shape":[1,1],"datatype":"FP32","data":[1]}]}`
		answered := make(chan *http.Response)
		go func() {
			r, err := http.NewRequestWithContext(t.Context(), "POST", "http://x/v2/models/blocking/infer", strings.NewReader(body))
			if err != nil {
				t.Error(err)
			}
			resp, err := client.RoundTrip(r)
			if err != nil {
				t.Error(err)
			}
			answered <- resp
		}()
		synctest.Wait()
		stop()
		synctest.Wait()
		close(release)
		if resp := <-answered; resp != nil {
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != 200 || resp.ProtoMajor != 2 || !strings.Contains(string(text), `"data":[0.5]`) {
				t.Errorf("%s %s %s, %v", resp.Proto, resp.Status, text, err)
			}
			if resp.Header.Get(protocol.InstanceIDHeader) != s.Instance() {
				t.Error("the answer does not say which instance it is from")
			}
		}
		if err := <-ended; err != nil {
			t.Errorf("a clean drain ended with %v", err)
		}
	})
}
