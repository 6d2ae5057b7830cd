package v2

import (
	"encoding/json"
	"net/http"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"
	"servebench/targets/protocol/tensors"
)

type serverDoc struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Extensions []string `json:"extensions"`
}

type modelDoc struct {
	Name       string            `json:"name"`
	Versions   []string          `json:"versions"`
	Platform   string            `json:"platform"`
	Inputs     []tensorDoc       `json:"inputs"`
	Outputs    []tensorDoc       `json:"outputs"`
	Parameters map[string]string `json:"parameters"`
}

type tensorDoc struct {
	Name     string  `json:"name"`
	Datatype string  `json:"datatype"`
	Shape    []int64 `json:"shape"`
}

func serverMetadata(s protocol.Service) []byte {
	doc := serverDoc{Name: s.Name, Version: s.Version, Extensions: []string{binaryExtension}}
	if s.Repository != nil {
		doc.Extensions = append(doc.Extensions, "model_repository")
	}
	return mustJSON(doc)
}

func (h *handler) serveIndex(w http.ResponseWriter, _ *http.Request) {
	names := []string{}
	for _, m := range h.service.Models.List() {
		names = append(names, m.Name)
	}
	reply(w, http.StatusOK, mustJSON(map[string][]string{"models": names}))
}

func modelMetadata(m protocol.Model, versions []string) []byte {
	return mustJSON(modelDoc{
		Name:     m.Name,
		Versions: versions,
		Platform: "servebench",
		Inputs:   documents(tensors.InputOf(m)),
		Outputs:  documents(tensors.OutputsOf(m)...),
		Parameters: map[string]string{
			"description": m.Doc,
			"features":    strings.Join(featureNames(m.Schema), ","),
			"classes":     strings.Join(m.Schema.Classes, ","),
		},
	})
}

func documents(all ...generators.Tensor) []tensorDoc {
	var docs []tensorDoc
	for _, t := range all {
		docs = append(docs, tensorDoc{t.Name, t.Datatype.String(), t.Shape})
	}
	return docs
}

func featureNames(s generators.Schema) []string {
	var names []string
	for _, feature := range s.Features {
		names = append(names, feature.Name)
	}
	return names
}

// mustJSON encodes a document made of strings and numbers alone, which cannot
// fail.
func mustJSON(doc any) []byte {
	text, err := json.Marshal(doc)
	if err != nil {
		panic("v2: " + err.Error())
	}
	return text
}

func serveDocument(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, body) }
}

func (h *handler) serveModel(w http.ResponseWriter, _ *http.Request, m *protocol.Served) {
	var versions []string
	for _, v := range h.service.Models.Versions(m.Name) {
		versions = append(versions, v.Version)
	}
	reply(w, http.StatusOK, modelMetadata(m.Model, versions))
}

func (h *handler) serveLive(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, h.health())
}

func (h *handler) serveReady(w http.ResponseWriter, _ *http.Request) {
	status := http.StatusOK
	if !h.ready() {
		status = http.StatusServiceUnavailable
	}
	reply(w, status, h.health())
}

func (h *handler) serveModelReady(w http.ResponseWriter, r *http.Request, _ *protocol.Served) {
	h.serveReady(w, r)
}

func (h *handler) ready() bool { return h.service.Ready == nil || h.service.Ready() }

// health has both keys everywhere: clients that read JSON want one or the
// other, and the rest read the status alone.
func (h *handler) health() []byte {
	if h.ready() {
		return []byte(`{"live":true,"ready":true}`)
	}
	return []byte(`{"live":true,"ready":false}`)
}

func reply(w http.ResponseWriter, status int, body []byte) {
	protocol.WriteAnswer(w, status, "application/json", body)
}

func refuse(w http.ResponseWriter, status int, problem string) {
	reply(w, status, mustJSON(map[string]string{"error": problem}))
}
