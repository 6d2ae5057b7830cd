package v2grpc

import (
	"fmt"
	"net/http"

	"servebench/targets/protocol"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// This file is Triton's extension for model repositories: RepositoryIndex,
// RepositoryModelLoad and RepositoryModelUnload.

// index lists the models, all or those that are ready.
func (h *handler) index(request []byte) (list []byte, err error) {
	ready := false
	err = fields(request, func(f field) error {
		return f.only(2, func(f field) error { return f.varints(func(v uint64) { ready = v != 0 }) })
	})
	if err != nil {
		return nil, callError(err)
	}
	for _, m := range h.service.Index(ready) {
		entry := appendText(appendText(nil, 1, m.Name), 2, m.Version)
		list = appendMessage(list, 1, appendText(appendText(entry, 3, m.State), 4, m.Reason))
	}
	return list, nil
}

// change loads or unloads the model that the request names.
func (h *handler) change(request []byte, load bool) ([]byte, error) {
	name, config, err := readChange(request)
	if err == nil {
		if !load {
			config = ""
		}
		err = h.service.Change(name, config, nil, load)
	}
	return nil, callError(err)
}

// readChange reads a RepositoryModelLoadRequest or a RepositoryModelUnloadRequest: the model, and
// the parameter config.
func readChange(message []byte) (name, config string, err error) {
	err = fields(message, func(f field) error {
		switch f.number {
		case 2:
			return f.text(&name)
		case 3:
			return readParameter(f.bytes, &config)
		}
		return nil
	})
	return name, config, err
}

// readParameter reads an entry of the map of parameters: a name, and a value in one of the
// fields of ModelRepositoryParameter. Those of unloading mean nothing here.
func readParameter(entry []byte, config *string) error {
	var key, text string
	isText := false
	err := fields(entry, func(f field) error {
		if f.number == 1 {
			return f.text(&key)
		}
		return f.only(2, func(f field) error {
			return fields(f.bytes, func(f field) error {
				return f.only(3, func(f field) error {
					isText = true
					return f.text(&text)
				})
			})
		})
	})
	switch {
	case err != nil:
		return err
	case key == "unload_dependents":
		return nil
	case key != "config":
		return fmt.Errorf("parameters: unknown parameter %.60q, want config; a file of a model goes by REST", key)
	case !isText:
		return fmt.Errorf("parameters[config]: want string_param, the configuration in JSON")
	}
	*config = text
	return nil
}

// only calls read where the field has that number.
func (f field) only(number int32, read func(field) error) error {
	if int32(f.number) != number {
		return nil
	}
	return read(f)
}

// callError is an error as the protocol tells it: the status of gRPC that means what the HTTP
// status of a *protocol.Refusal does, or INVALID_ARGUMENT.
func callError(err error) error {
	if err == nil {
		return nil
	}
	code, known := map[int]codes.Code{
		http.StatusForbidden:           codes.PermissionDenied,
		http.StatusNotFound:            codes.NotFound,
		http.StatusTooManyRequests:     codes.ResourceExhausted,
		http.StatusInternalServerError: codes.Internal,
		http.StatusServiceUnavailable:  codes.Unavailable,
		http.StatusGatewayTimeout:      codes.DeadlineExceeded,
	}[protocol.StatusOf(err)]
	if !known {
		code = codes.InvalidArgument
	}
	return status.Error(code, err.Error())
}
