package sagemaker

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"

	"servebench/targets/protocol"
	"servebench/targets/protocol/rows"
)

// Patterns are the runtime's paths, for http.ServeMux.
func Patterns() []string { return []string{"/endpoints/"} }

// Handler serves the runtime's contract: an endpoint for each model. A request at fault
// gets 424 with the error ModelError, as what a container refused does; an unknown
// endpoint 400 with ValidationError. Limiting and decompressing the body is up to the
// caller.
func Handler(s protocol.Service) http.Handler {
	inferences := protocol.Inferences{Decode: decode, Encode: encode, Refuse: refuseAsModel}
	mux := http.NewServeMux()
	mux.HandleFunc("/endpoints/{name}/invocations", protocol.AllowOnly(func(w http.ResponseWriter, r *http.Request) {
		m, err := s.Models.Choose(r.PathValue("name"), "")
		if err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		inferences.ServeModel(w, r, m)
	}, refuse, http.MethodPost))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusNotFound, fmt.Sprintf("no such path %q", r.URL.Path))
	})
	return mux
}

// decode reads JSON with instances, or CSV. b.State says that the answer is to be CSV.
func decode(r *http.Request, m *protocol.Served, b *protocol.Batch) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	accept, _, _ := mime.ParseMediaType(r.Header.Get("Accept"))
	b.State = accept == "text/csv" || kind == "text/csv" && accept != "application/json"
	if kind == "text/csv" {
		return rows.ReadCSV(m, b)
	}
	in := rows.NewReader(m, b)
	if in.Expect('{', -1, "body") {
		for key := range in.Object {
			if string(key) == "instances" {
				in.Rows("instances")
			} else {
				in.Skip()
			}
		}
	}
	return in.Finish(`"instances"`)
}

func encode(m *protocol.Served, b *protocol.Batch, _ http.Header) (contentType string) {
	if b.State == true {
		b.Answer = rows.AppendLines(b.Answer, m, b.Scores)
		return "text/csv; charset=utf-8"
	}
	b.Answer = append(b.Answer, `{"predictions":`...)
	b.Answer = append(rows.AppendLabelled(b.Answer, m, b.Scores, "predicted_label", "score"), '}')
	return "application/json"
}

// refuseAsModel answers as the runtime does when the container refused a request.
func refuseAsModel(w http.ResponseWriter, status int, problem string) {
	reply(w, http.StatusFailedDependency, "ModelError", modelError{status, "Received client error (" + fmt.Sprint(status) + ") from model: " + problem, problem})
}

type modelError struct {
	OriginalStatusCode int
	Message            string
	OriginalMessage    string
}

func refuse(w http.ResponseWriter, status int, problem string) {
	reply(w, status, "ValidationError", struct{ Message string }{problem})
}

func reply(w http.ResponseWriter, status int, kind string, document any) {
	w.Header().Set("X-Amzn-Errortype", kind)
	// Documents made of strings and numbers alone always encode.
	body, _ := json.Marshal(document)
	protocol.WriteAnswer(w, status, "application/json", body)
}
