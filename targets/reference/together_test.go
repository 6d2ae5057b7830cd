package reference_test

import (
	"net/http"
	"testing"

	"servebench/targets/protocol"
	"servebench/targets/protocol/protocoltest"
	"servebench/targets/protocol/v2"
	"servebench/targets/reference"
)

// TestProtocolsTogether asks the server by the client of every protocol that it speaks.
func TestProtocolsTogether(t *testing.T) {
	handler := func(s protocol.Service) http.Handler {
		server, err := reference.New(reference.Config{Models: s.Models})
		if err != nil {
			t.Fatal(err)
		}
		return server.Handler()
	}
	protocoltest.RunTogether(t, handler,
		protocoltest.Subject{Kind: v2.Kind()},
	)
}
