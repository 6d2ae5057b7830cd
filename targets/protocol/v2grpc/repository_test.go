package v2grpc

import (
	"net/http"
	"testing"

	"servebench/targets/protocol"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// changing is a load or unload request with one parameter, whose value stands in a field.
func changing(model, parameter string, field protowire.Number, value string) []byte {
	entry := appendText(nil, 1, parameter)
	entry = appendMessage(entry, 2, appendText(nil, field, value))
	return appendMessage(appendText(nil, 2, model), 3, entry)
}

// shelf is a repository that has one model, m, and remembers its configuration.
type shelf struct{ config string }

func (s *shelf) Index() []protocol.ModelState {
	return []protocol.ModelState{{Name: "m", State: protocol.StateUnavailable, Reason: "unloaded"}}
}

func (s *shelf) Load(name, config string, file *protocol.ModelFile) error {
	if name != "m" {
		return &protocol.Refusal{Status: http.StatusNotFound, Text: "not there"}
	}
	s.config = config
	return nil
}

func (s *shelf) Unload(string) error { return nil }

func TestRepository(t *testing.T) {
	s := &shelf{}
	h := &handler{service: protocol.Service{Models: protocol.NewRegistry(), Repository: s}}
	for _, c := range []struct {
		name    string
		request []byte
		code    codes.Code
		config  string
	}{
		{"load", appendText(nil, 2, "m"), codes.OK, ""},
		{"with a configuration", changing("m", "config", 3, "{}"), codes.OK, "{}"},
		{"another parameter", changing("m", "file:1/model.json", 4, "x"), codes.InvalidArgument, ""},
		{"a configuration in bytes", changing("m", "config", 4, "{}"), codes.InvalidArgument, ""},
		{"another model", appendText(nil, 2, "n"), codes.NotFound, ""},
		{"no message", []byte{0xff}, codes.InvalidArgument, ""},
	} {
		s.config = ""
		if _, err := h.change(c.request, true); status.Code(err) != c.code || s.config != c.config {
			t.Errorf("%s: %v with configuration %q, want %s with %q", c.name, err, s.config, c.code, c.config)
		}
	}
	if _, err := h.change(changing("m", "unload_dependents", 1, ""), false); err != nil {
		t.Errorf("unload: %v", err)
	}
	h.service.Repository = nil
	if _, err := h.change(appendText(nil, 2, "m"), true); status.Code(err) != codes.PermissionDenied {
		t.Errorf("load where it is off: %v", err)
	}
}

func TestIndexOfReadyModels(t *testing.T) {
	h := &handler{service: protocol.Service{Models: protocol.NewRegistry(&protocol.Served{Model: protocol.Model{Name: "served", Version: "4"}}), Repository: &shelf{}}}
	served := appendMessage(nil, 1, appendText(appendText(appendText(nil, 1, "served"), 2, "4"), 3, "READY"))
	unloaded := appendMessage(nil, 1, appendText(appendText(appendText(nil, 1, "m"), 3, "UNAVAILABLE"), 4, "unloaded"))
	for _, c := range []struct{ request, want []byte }{
		{nil, append(unloaded, served...)},
		{appendTrue(nil, 2, true), served},
	} {
		if got, err := h.index(c.request); err != nil || string(got) != string(c.want) {
			t.Errorf("asked %v: got %q, %v; want %q", c.request, got, err, c.want)
		}
	}
	if _, err := h.index([]byte{0xff}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("no message: %v", err)
	}
}

func FuzzChange(f *testing.F) {
	f.Add(appendText(nil, 2, "m"))
	f.Add(changing("m", "config", 3, "{}"))
	f.Add(changing("m", "unload_dependents", 1, ""))
	f.Add([]byte{0x1a, 0x02, 0x12, 0x01})
	f.Fuzz(func(t *testing.T, message []byte) {
		name, config, err := readChange(message)
		if err == nil && len(name)+len(config) > len(message) {
			t.Fatalf("read %q and %q from %d bytes", name, config, len(message))
		}
		h := &handler{service: protocol.Service{Models: protocol.NewRegistry(), Repository: &shelf{}}}
		_, _ = h.index(message)
	})
}
