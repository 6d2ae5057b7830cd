package tfserving

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"servebench/targets/protocol"
	"servebench/targets/protocol/jsonbody"
	"servebench/targets/protocol/rows"
)

// Patterns are the protocol's paths, for http.ServeMux.
func Patterns() []string { return []string{"/v1/models", "/v1/models/"} }

type handler struct {
	service protocol.Service
	methods map[string]*protocol.Inferences
}

// Handler serves /v1/models and all below: the status and the metadata of models, and
// POST …:predict, …:classify, …:regress. Every refusal is {"error": "…"}: 400 for a
// request at fault, 404 for an unknown model, version, method or path, 503 while the
// server ends. Limiting and decompressing the body is up to the caller.
func Handler(s protocol.Service) http.Handler {
	h := &handler{service: s}
	h.methods = map[string]*protocol.Inferences{
		"predict":  {Decode: readPredict, Encode: writePredictions, Refuse: refuse},
		"classify": {Decode: readExamples, Encode: writeClasses, Refuse: refuse},
		"regress":  {Decode: readExamples, Encode: writeValues, Refuse: refuse},
	}
	return h
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.EscapedPath(), "/v1/models"), "/")
	if path == "" {
		protocol.AllowOnly(h.serveList, refuse, http.MethodGet, http.MethodHead)(w, r)
		return
	}
	path, method, _ := strings.Cut(path, ":")
	path, metadata := strings.CutSuffix(path, "/metadata")
	name, version, _ := strings.Cut(path, "/versions/")
	name, err := url.PathUnescape(name)
	find := h.service.Models.Named
	if method != "" {
		find = h.service.Models.Choose
	}
	m, unknown := find(name, version)
	switch inferences := h.methods[method]; {
	case errors.Join(err, unknown) != nil:
		refuse(w, http.StatusNotFound, errors.Join(err, unknown).Error())
	case method == "":
		protocol.AllowOnly(func(w http.ResponseWriter, _ *http.Request) { h.serveModel(w, m, version, metadata) }, refuse, http.MethodGet, http.MethodHead)(w, r)
	case inferences == nil || metadata:
		refuse(w, http.StatusNotFound, fmt.Sprintf("unknown method %.40q, want predict, classify or regress", method))
	default:
		protocol.AllowOnly(func(w http.ResponseWriter, r *http.Request) { inferences.ServeModel(w, r, m) }, refuse, http.MethodPost)(w, r)
	}
}

// serveList answers with every model, or 503 while the server ends.
func (h *handler) serveList(w http.ResponseWriter, _ *http.Request) {
	if h.service.Ready != nil && !h.service.Ready() {
		refuse(w, http.StatusServiceUnavailable, "the server is about to end")
		return
	}
	type model struct {
		Name string `json:"name"`
	}
	list := []model{}
	for _, m := range h.service.Models.List() {
		list = append(list, model{m.Name})
	}
	reply(w, http.StatusOK, map[string]any{"models": list})
}

// modelStatus holds what KServe's first protocol says at the same path, too.
type modelStatus struct {
	Versions []versionStatus `json:"model_version_status"`
	Name     string          `json:"name"`
	Ready    bool            `json:"ready"`
}

type versionStatus struct {
	Version string      `json:"version"`
	State   string      `json:"state"`
	Status  statusError `json:"status"`
}

type statusError struct {
	Code    string `json:"error_code"`
	Message string `json:"error_message"`
}

// serveModel answers with the status of the version asked for, of all where it is "", or with
// the metadata.
func (h *handler) serveModel(w http.ResponseWriter, m *protocol.Served, version string, metadata bool) {
	if !metadata {
		status := modelStatus{Name: m.Name, Ready: h.service.Ready == nil || h.service.Ready()}
		for _, v := range h.service.Models.Versions(m.Name) {
			if version == "" || version == v.Version {
				status.Versions = append(status.Versions, versionStatus{v.Version, "AVAILABLE", statusError{Code: "OK"}})
			}
		}
		reply(w, http.StatusOK, status)
		return
	}
	tensor := func(datatype string, sizes ...int) map[string]any {
		dims := []map[string]string{}
		for _, size := range sizes {
			dims = append(dims, map[string]string{"size": fmt.Sprint(size), "name": ""})
		}
		return map[string]any{"dtype": datatype, "tensor_shape": map[string]any{"dim": dims, "unknown_rank": false}}
	}
	width := len(m.Schema.Features)
	if width == 0 {
		width = -1
	}
	output := tensor("DT_FLOAT", -1)
	if len(m.Schema.Classes) > 0 {
		output = tensor("DT_FLOAT", -1, m.Scores())
	}
	signature := map[string]any{
		"inputs":  map[string]any{"features": tensor("DT_FLOAT", -1, width)},
		"outputs": map[string]any{"output": output}, "method_name": "tensorflow/serving/predict",
	}
	reply(w, http.StatusOK, map[string]any{
		"model_spec": map[string]string{"name": m.Name, "version": m.Version, "signature_name": ""},
		"metadata":   map[string]any{"signature_def": map[string]any{"signature_def": map[string]any{"serving_default": signature}}},
	})
}

// readPredict reads the row format, instances, or the column format, inputs. b.State says
// whether it was columns.
func readPredict(_ *http.Request, m *protocol.Served, b *protocol.Batch) error {
	r := rows.NewReader(m, b)
	b.State = false
	if r.Expect('{', -1, "body") {
		for key := range r.Object {
			switch string(key) {
			case "instances":
				r.Rows("instances")
			case "inputs":
				b.State = true
				r.Columns("inputs")
			default:
				r.Skip()
			}
		}
	}
	return r.Finish(`"instances" or "inputs"`)
}

// readExamples reads what classify and regress take: a list of objects by the features'
// names.
func readExamples(_ *http.Request, m *protocol.Served, b *protocol.Batch) error {
	r := rows.NewReader(m, b)
	if r.Expect('{', -1, "body") {
		for key := range r.Object {
			if string(key) == "examples" {
				r.Rows("examples")
			} else {
				r.Skip()
			}
		}
	}
	return r.Finish(`"examples"`)
}

func writePredictions(m *protocol.Served, b *protocol.Batch, _ http.Header) string {
	key := `{"predictions":`
	if b.State == true {
		key = `{"outputs":`
	}
	b.Answer = append(rows.AppendProbabilities(append(b.Answer, key...), m, b.Scores), '}')
	return "application/json"
}

// writeClasses writes for each row the list of its classes with their probabilities; of a
// regression, its value with an empty label.
func writeClasses(m *protocol.Served, b *protocol.Batch, _ http.Header) string {
	b.Answer = append(b.Answer, `{"results":[`...)
	i := 0
	for row := range slices.Chunk(b.Scores, m.Scores()) {
		if i > 0 {
			b.Answer = append(b.Answer, ',')
		}
		i++
		for j, p := range row {
			b.Answer = append(b.Answer, "[,"[min(j, 1)], '[')
			label := ""
			if len(m.Schema.Classes) > 0 {
				label = m.Schema.Classes[j]
			}
			b.Answer = append(jsonbody.AppendString(b.Answer, []byte(label)), ',')
			b.Answer = append(jsonbody.AppendFloat(b.Answer, p), ']')
		}
		b.Answer = append(b.Answer, ']')
	}
	b.Answer = append(b.Answer, "]}"...)
	return "application/json"
}

// writeValues writes one number for each row: that of a regression, or the probability of
// the last class.
func writeValues(m *protocol.Served, b *protocol.Batch, _ http.Header) string {
	b.Answer = append(b.Answer, `{"results":[`...)
	i := 0
	for row := range slices.Chunk(b.Scores, m.Scores()) {
		if i > 0 {
			b.Answer = append(b.Answer, ',')
		}
		i++
		b.Answer = jsonbody.AppendFloat(b.Answer, row[len(row)-1])
	}
	b.Answer = append(b.Answer, "]}"...)
	return "application/json"
}

func reply(w http.ResponseWriter, status int, document any) {
	// Documents made of strings and numbers alone always encode.
	body, _ := json.Marshal(document)
	protocol.WriteAnswer(w, status, "application/json", body)
}

func refuse(w http.ResponseWriter, status int, problem string) {
	reply(w, status, map[string]string{"error": problem})
}
