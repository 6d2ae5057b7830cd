package v2

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
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
		config, file := "", (*protocol.ModelFile)(nil)
		if err == nil && load {
			config, file, err = readLoading(asked.Parameters)
		}
		if err == nil {
			err = h.service.Change(r.PathValue("model"), config, file, load)
		}
		if err != nil {
			refuseWith(w, err)
			return
		}
		reply(w, http.StatusOK, []byte("{}"))
	}
}

// filePrefix begins the names of parameters with the content of a file.
const filePrefix = "file:"

// readLoading reads what a load request brings: the model's configuration, "" where it brings
// none; and the file of the model, in Base64 under "file:VERSION/model.json", or what it is called.
func readLoading(parameters map[string]any) (config string, file *protocol.ModelFile, err error) {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		text, isText := parameters[name].(string)
		switch {
		case name == "config" && isText:
			config = text
		case name == "config":
			faults = append(faults, errors.New("parameters.config: want the configuration as a text of JSON"))
		case !strings.HasPrefix(name, filePrefix):
			faults = append(faults, fmt.Errorf("parameters: unknown parameter %.60q, want config, or file:VERSION/NAME with the content of a file in Base64", name))
		case file != nil:
			faults = append(faults, fmt.Errorf("parameters: %.60q is a second file, want one", name))
		default:
			var fault error
			if file, fault = readModelFile(name, text, isText); fault != nil {
				faults = append(faults, fmt.Errorf("parameters[%.60q]: %w", name, fault))
			}
		}
	}
	return config, file, errors.Join(faults...)
}

func readModelFile(name, text string, isText bool) (*protocol.ModelFile, error) {
	number, rest, _ := strings.Cut(strings.TrimPrefix(name, filePrefix), "/")
	version, err := strconv.Atoi(number)
	if err != nil || version < 1 || strconv.Itoa(version) != number || rest == "" || strings.Contains(rest, "/") {
		return nil, errors.New("want a version and the name of a file, such as file:2/model.json")
	}
	content, err := base64.StdEncoding.DecodeString(text)
	if !isText || err != nil || len(content) == 0 {
		return nil, errors.New("want the content of the file in Base64")
	}
	return &protocol.ModelFile{Version: version, Content: content}, nil
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
