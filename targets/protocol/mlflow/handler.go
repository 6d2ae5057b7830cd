package mlflow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"

	"servebench/targets/protocol"
	"servebench/targets/protocol/rows"
)

// Patterns are the protocol's paths, for http.ServeMux.
func Patterns() []string { return []string{"/invocations", "/ping", "/health", "/version"} }

// Handler serves MLflow's paths, of which /ping and /invocations are the contract of a
// SageMaker container as well. A request that names no model by the header X-Model, or
// X-Amzn-SageMaker-Target-Model, gets the first one. Bodies are JSON with exactly one of dataframe_split, dataframe_records,
// instances and inputs, or CSV with a line of column names. A request at fault gets 400
// with error_code BAD_REQUEST, another type of body 415, an unknown model 404. Limiting and
// decompressing the body is up to the caller.
func Handler(s protocol.Service) http.Handler {
	inferences := protocol.Inferences{Decode: decode, Encode: encode, Refuse: refuse}
	invoke := func(w http.ResponseWriter, r *http.Request) {
		name := cmp.Or(r.Header.Get(modelHeader), r.Header.Get("X-Amzn-Sagemaker-Target-Model"))
		if list := s.Models.List(); name == "" && len(list) > 0 {
			name = list[0].Name
		}
		m, err := s.Models.Choose(name, "")
		if err != nil {
			refuse(w, http.StatusNotFound, err.Error())
			return
		}
		inferences.ServeModel(w, r, m)
	}
	ping := func(w http.ResponseWriter, _ *http.Request) {
		status := http.StatusOK
		if s.Ready != nil && !s.Ready() {
			status = http.StatusServiceUnavailable
		}
		protocol.WriteAnswer(w, status, "application/json", []byte("\n"))
	}
	version := func(w http.ResponseWriter, _ *http.Request) {
		protocol.WriteAnswer(w, http.StatusOK, "text/plain; charset=utf-8", []byte(s.Version))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/invocations", protocol.AllowOnly(invoke, refuse, http.MethodPost))
	for path, serve := range map[string]http.HandlerFunc{"/ping": ping, "/health": ping, "/version": version} {
		mux.HandleFunc(path, protocol.AllowOnly(serve, refuse, http.MethodGet, http.MethodHead))
	}
	return mux
}

func decode(r *http.Request, m *protocol.Served, b *protocol.Batch) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case kind == "text/csv":
		return rows.ReadCSV(m, b)
	case kind != "application/json" && kind != "", err != nil && r.Header.Get("Content-Type") != "":
		return &protocol.Refusal{Status: http.StatusUnsupportedMediaType, Text: fmt.Sprintf("Content-Type %.60q is not supported, want application/json or text/csv", r.Header.Get("Content-Type"))}
	}
	in := rows.NewReader(m, b)
	if in.Expect('{', -1, "body") {
		for key := range in.Object {
			switch name := string(key); name {
			case "dataframe_split":
				in.Split(name)
			case "dataframe_records", "instances":
				in.Rows(name)
			case "inputs":
				in.Columns(name)
			case "params":
				in.Skip()
			default:
				in.Fault("body: unknown key %.40q, want one of dataframe_split, dataframe_records, instances, inputs", name)
				in.Skip()
			}
		}
	}
	return in.Finish("one of dataframe_split, dataframe_records, instances, inputs")
}

func encode(m *protocol.Served, b *protocol.Batch, _ http.Header) (contentType string) {
	b.Answer = append(b.Answer, `{"predictions":`...)
	b.Answer = append(rows.AppendLabelled(b.Answer, m, b.Scores, "label", "probabilities"), '}')
	return "application/json"
}

// refuse names the fault as MLflow's server does.
func refuse(w http.ResponseWriter, status int, problem string) {
	code := "BAD_REQUEST"
	switch status {
	case http.StatusNotFound:
		code = "RESOURCE_DOES_NOT_EXIST"
	case http.StatusTooManyRequests:
		code = "REQUEST_LIMIT_EXCEEDED"
	case http.StatusGatewayTimeout:
		code = "DEADLINE_EXCEEDED"
	case http.StatusInternalServerError:
		code = "INTERNAL_ERROR"
	}
	// A struct of two strings always encodes.
	body, _ := json.Marshal(struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}{code, problem})
	protocol.WriteAnswer(w, status, "application/json", body)
}
