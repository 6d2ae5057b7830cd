package requests

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/decode"
	"servebench/targets/protocol"
)

// openFile opens the scenario's file of data, and finds its columns.
func (m *Maker) openFile() error {
	data := m.Scenario.Data
	file, err := datafile.Open(data.File, data.Label, data.Expect)
	if err != nil {
		var faults decode.Faults
		for _, e := range separate(err) {
			faults = append(faults, m.Scenario.Source.FileFault("data.file", data.File, e, ""))
		}
		return faults
	}
	layout := datafile.Layout{
		Rows: !m.Protocol.Written && data.Tensors == nil, Features: data.Features, Fields: m.Protocol.Written,
		Variables: data.Variables, Label: data.Label, Expect: data.Expect, Classes: data.Classes,
	}
	if known, ok := scenarios.Named(m.Models, m.Scenario.Workload.Model, func(m Model) string { return m.Name }); ok && m.Scenario.Workload.Server == scenarios.ReferenceServer && !m.Protocol.Written && data.Classes == nil {
		layout.Classes = known.Schema.Classes
	}
	for _, column := range slices.Sorted(maps.Keys(data.Tensors)) {
		t, err := datafile.ParseTensorType(column, data.Tensors[column])
		if err != nil {
			return decode.Faults{m.Scenario.Source.Fault(decode.Member("data.tensors", column), err.Error(), "a shape such as FP32[3,224,224]")}
		}
		layout.Tensors = append(layout.Tensors, t)
	}
	if m.records, err = file.Examples(layout); err == nil {
		return nil
	}
	var faults decode.Faults
	for _, e := range separate(err) {
		wrong, ok := errors.AsType[*datafile.ColumnError](e)
		if !ok {
			return err
		}
		problem, want := wrong.Problem, wrong.Want
		if wrong.Unknown != "" {
			problem, want = problem+decode.Suggest(wrong.Unknown, names(file)), decode.OneOf(names(file))
		}
		faults = append(faults, m.Scenario.Source.Fault("data."+wrong.Key, problem, want))
	}
	if m.Protocol.Written { // whose faults are found in the same go
		if body, err := m.readBody(); err == nil {
			_, err = m.Protocol.Open(protocol.Config{Template: m.Scenario.Template.Request(body), Schema: generators.Schema{Fields: names(file)}})
			faults = append(faults, m.templateFaults(err)...)
		}
	}
	slices.SortStableFunc(faults, func(a, b decode.Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return faults
}

func (m *Maker) describeFile() *record.DataFile {
	data, f := m.Scenario.Data, m.records.File()
	return &record.DataFile{
		Name: f.Name(), SHA256: f.Hash(), Bytes: f.Size(), Records: f.Len(),
		InOrder: data.Order == scenarios.OrderOfFile, Label: data.Label, Expect: data.Expect,
	}
}

func names(f *datafile.File) (all []string) {
	for _, c := range f.Columns() {
		if c.Name != "" {
			all = append(all, c.Name)
		}
	}
	return all
}

// separate are the errors that one joins.
func separate(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// requestsIn is how many requests the file's records make.
func (m *Maker) requestsIn(batch int) (int, error) {
	file := m.records.File()
	n := file.Len() / batch
	if n == 0 {
		return 0, decode.Faults{m.Scenario.Source.Fault("data.batch", fmt.Sprintf("%s holds %d records", file.Name(), file.Len()), fmt.Sprintf("at most %d", file.Len()))}
	}
	if most := m.Scenario.Data.Corpus; most > 0 {
		if most > n {
			return 0, decode.Faults{m.Scenario.Source.Fault("data.corpus", fmt.Sprintf("%s holds %d records, for %d requests", file.Name(), file.Len(), n), fmt.Sprintf("at most %d", n))}
		}
		n = most
	}
	return n, nil
}

// checkColumns holds the file's columns to the features that a model of the reference
// server takes.
func (m *Maker) checkColumns(model Model) error {
	want, have := featureNames(model.Schema), featureNames(m.records.Schema())
	if len(want) == 0 || slices.Equal(want, have) || model.Unnamed && len(want) == len(have) {
		return nil
	}
	return decode.Faults{m.Scenario.Source.Fault("data.features", fmt.Sprintf("model %s does not take the columns %s", model.Name, strings.Join(have, ", ")), "["+strings.Join(want, ", ")+"]")}
}

// checkGenerator holds a generator's features to those that a model takes.
func (m *Maker) checkGenerator(model protocol.Model, schema generators.Schema) error {
	want, have := featureNames(model.Schema), featureNames(schema)
	if len(want) == 0 || len(want) == len(have) {
		return nil
	}
	return decode.Faults{m.Scenario.Source.Fault("data.generator", fmt.Sprintf("model %s takes %d features, and generator %s has %d", model.Name, len(want), m.Scenario.Data.Generator, len(have)),
		"it left out, or a file with the columns "+strings.Join(want, ", "))}
}

func featureNames(schema generators.Schema) (names []string) {
	for _, f := range schema.Features {
		names = append(names, f.Name)
	}
	return names
}

// templateFaults are what is wrong with the scenario's template, nil where nothing is.
func (m *Maker) templateFaults(err error) decode.Faults {
	if err == nil {
		return nil
	}
	var faults decode.Faults
	for _, e := range separate(err) {
		wrong, ok := errors.AsType[*protocol.TemplateError](e)
		if !ok {
			return nil
		}
		problem, want := wrong.Problem, wrong.Want
		if wrong.Unknown != "" {
			problem, want = problem+decode.Suggest(wrong.Unknown, wrong.Columns), decode.OneOf(wrong.Columns)
		}
		key := wrong.Key
		if key == "body" && m.Scenario.Template.BodyFile != "" {
			key = "body_file"
		}
		faults = append(faults, m.Scenario.Source.Fault("template."+key, problem, want))
	}
	return faults
}
