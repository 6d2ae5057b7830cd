package v2

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"servebench/targets/protocol"
)

// This file is the extension for model repositories, in Triton's form: index, load and
// unload.

// indexRequest is the body of an index request, which may be empty.
type indexRequest struct {
	Ready bool `json:"ready"`
}

// changeRequest is the body of a load or unload request, which may be empty.
type changeRequest struct {
	Parameters map[string]any `json:"parameters"`
}

func (h *handler) serveRepositoryIndex(w http.ResponseWriter, r *http.Request) {
	var asked indexRequest
	if err := readDocument(r, &asked); err != nil {
		refuseWith(w, err)
		return
	}
	reply(w, http.StatusOK, mustJSON(h.service.Index(asked.Ready)))
}

func (h *handler) serveChange(load bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var asked changeRequest
		err := readDocument(r, &asked)
		config := ""
		if err == nil && load {
			config, err = loadConfig(asked.Parameters)
		}
		if err == nil {
			err = h.service.Change(r.PathValue("model"), config, load)
		}
		if err != nil {
			refuseWith(w, err)
			return
		}
		reply(w, http.StatusOK, []byte("{}"))
	}
}

// loadConfig is the model's configuration that a load request brings; "" where it brings none.
func loadConfig(parameters map[string]any) (string, error) {
	config := ""
	var faults []error
	for name, value := range parameters {
		text, isText := value.(string)
		switch {
		case name != "config":
			faults = append(faults, fmt.Errorf("parameters: unknown parameter %.60q, want config; models are loaded from the server's own files", name))
		case !isText:
			faults = append(faults, errors.New("parameters.config: want the configuration as a text of JSON"))
		default:
			config = text
		}
	}
	return config, errors.Join(faults...)
}

// readDocument reads a JSON body, which may be empty.
func readDocument(r *http.Request, document any) error {
	body, err := protocol.ReadBody(r)
	if err != nil || strings.TrimSpace(string(body)) == "" {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	err = decoder.Decode(document)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("body.%s: a JSON %s does not belong there", wrong.Field, wrong.Value)
	}
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("body: want one JSON object and nothing after it")
	}
	return nil
}

// refuseWith answers with an error: that of a *protocol.Refusal with its status, others with
// 400.
func refuseWith(w http.ResponseWriter, err error) {
	refuse(w, protocol.StatusOf(err), err.Error())
}
