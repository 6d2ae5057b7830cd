package tfserving

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"servebench/generators"
	"servebench/targets/protocol"
)

// datatypes are the names of the Open Inference Protocol for those of TensorFlow.
var datatypes = map[string]generators.Datatype{
	"DT_FLOAT": generators.FP32, "DT_DOUBLE": generators.FP64, "DT_HALF": generators.FP16, "DT_BFLOAT16": generators.BF16,
	"DT_INT8": generators.INT8, "DT_INT16": generators.INT16, "DT_INT32": generators.INT32, "DT_INT64": generators.INT64,
	"DT_UINT8": generators.UINT8, "DT_UINT16": generators.UINT16, "DT_UINT32": generators.UINT32, "DT_UINT64": generators.UINT64,
	"DT_BOOL": generators.BOOL, "DT_STRING": generators.BYTES,
}

// discover asks for the metadata of a model. TensorFlow Serving has no list of models;
// the reference server and KServe do.
func discover(ctx context.Context, ask protocol.Ask, model string) (*protocol.Description, error) {
	d := &protocol.Description{}
	var list struct{ Models []struct{ Name string } }
	names := []string{model}
	switch err := ask.GetJSON(ctx, "/v1/models", &list); {
	case err == nil && list.Models != nil:
		names, d.Listed = nil, true
		for _, m := range list.Models {
			names = append(names, m.Name)
		}
	case model == "" && err != nil:
		return nil, fmt.Errorf("no list of models, and none was named: %w", err)
	case model == "":
		return nil, errors.New("GET /v1/models: no list of models, and none was named")
	}
	names, d.Left = protocol.Choose(names, model)
	var problem error
	described := false
	for _, name := range names {
		m := describe(ctx, ask, name)
		d.Models = append(d.Models, m)
		problem, described = cmp.Or(problem, m.Problem), described || m.Problem == nil
	}
	if !described && problem != nil {
		return nil, problem
	}
	return d, nil
}

type tensorInfo struct {
	Dtype string
	Shape struct {
		Dim []struct{ Size string }
	} `json:"tensor_shape"`
}

func describe(ctx context.Context, ask protocol.Ask, name string) protocol.ModelDescription {
	m := protocol.ModelDescription{Name: name}
	var doc struct {
		Spec     struct{ Version string } `json:"model_spec"`
		Metadata struct {
			Outer struct {
				Inner map[string]struct{ Inputs, Outputs map[string]tensorInfo } `json:"signature_def"`
			} `json:"signature_def"`
		}
	}
	if m.Problem = ask.GetJSON(ctx, "/v1/models/"+url.PathEscape(name)+"/metadata", &doc); m.Problem != nil {
		return m
	}
	signature, ok := doc.Metadata.Outer.Inner["serving_default"]
	if !ok {
		m.Problem = fmt.Errorf("GET /v1/models/%s/metadata: there is no signature serving_default", name)
		return m
	}
	m.Version, m.Inputs, m.Outputs = doc.Spec.Version, schemas(signature.Inputs), schemas(signature.Outputs)
	return m
}

func schemas(infos map[string]tensorInfo) []generators.Tensor {
	var all []generators.Tensor
	for _, name := range slices.Sorted(maps.Keys(infos)) {
		t := generators.Tensor{Name: name, Datatype: datatypes[infos[name].Dtype]}
		for _, dim := range infos[name].Shape.Dim {
			size, err := strconv.ParseInt(dim.Size, 10, 64)
			if err != nil {
				size = -1
			}
			t.Shape = append(t.Shape, size)
		}
		all = append(all, t)
	}
	return all
}
