package v2

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"
)

// discover asks for the server's metadata, its models, and the metadata of each.
func discover(ctx context.Context, ask protocol.Ask, model string) (*protocol.Description, error) {
	var server struct{ Name, Version string }
	if err := ask.GetJSON(ctx, "/v2", &server); err != nil {
		return nil, err
	}
	if server.Name == "" {
		return nil, errors.New("GET /v2: the answer names no server")
	}
	d := &protocol.Description{Server: strings.TrimSpace(server.Name + " " + server.Version)}
	names, listed := list(ctx, ask)
	if d.Listed = listed; !listed && model != "" {
		names = []string{model}
	}
	names, d.Left = protocol.Choose(names, model)
	for _, name := range names {
		m := protocol.ModelDescription{Name: name}
		var doc struct {
			Versions        []string
			Inputs, Outputs []tensorDoc
		}
		if m.Problem = ask.GetJSON(ctx, "/v2/models/"+url.PathEscape(name), &doc); m.Problem == nil {
			m.Inputs, m.Outputs = schemas(doc.Inputs), schemas(doc.Outputs)
			if n := len(doc.Versions); n > 0 {
				m.Version = doc.Versions[n-1]
			}
		}
		d.Models = append(d.Models, m)
	}
	return d, nil
}

// list asks for the names of the models: as KServe lists them, then as Triton and MLServer
// do, whose repository has an index.
func list(ctx context.Context, ask protocol.Ask) (names []string, listed bool) {
	var kserve struct{ Models []string }
	if ask.GetJSON(ctx, "/v2/models", &kserve) == nil {
		return kserve.Models, true
	}
	var index []struct{ Name, State string }
	post := func(ctx context.Context, r protocol.Request) (protocol.Response, error) {
		r.Method, r.Body = http.MethodPost, []byte("{}")
		r.Header = http.Header{"Content-Type": {"application/json"}}
		return ask(ctx, r)
	}
	if protocol.Ask(post).GetJSON(ctx, "/v2/repository/index", &index) != nil {
		return nil, false
	}
	for _, m := range index {
		names = append(names, m.Name)
	}
	return names, true
}

func schemas(docs []tensorDoc) []generators.Tensor {
	var all []generators.Tensor
	for _, doc := range docs {
		all = append(all, generators.Tensor{Name: doc.Name, Datatype: generators.DatatypeNamed(doc.Datatype), Shape: doc.Shape})
	}
	return all
}

// discoverBinary is discover of a server that names the extension.
func discoverBinary(ctx context.Context, ask protocol.Ask, model string) (*protocol.Description, error) {
	var server struct{ Extensions []string }
	if err := ask.GetJSON(ctx, "/v2", &server); err != nil {
		return nil, err
	}
	if !slices.Contains(server.Extensions, binaryExtension) {
		return nil, errors.New("GET /v2: no extension " + binaryExtension)
	}
	return discover(ctx, ask, model)
}

const binaryExtension = "binary_tensor_data"
