// Package profiles reads what detectors of drift compare with from the files of users: a profile as it
// is written down, or the records that a model was trained with.
package profiles

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/generators/drift"
	"servebench/reports/record/userfile"
)

// mostProfile bounds a profile, in bytes.
const mostProfile = 256 << 20

// Answer is what a model says to a row of features.
type Answer func(features []float32) generators.Answer

// Open reads what windows of the schema are compared with: a profile (.json), or a file of
// records that has the features as columns, to which the model answers; nil: nothing is known of its
// answers. Beside an error it says what would be right; "" where the error does.
func Open(path string, schema generators.Schema, answer Answer) (profile *drift.Profile, want string, err error) {
	if filepath.Ext(path) != ".json" {
		return profileRecords(path, schema, answer)
	}
	text, err := userfile.Read(path, mostProfile)
	if err != nil {
		return nil, "", err
	}
	if profile, err = drift.ParseProfile(text); err == nil {
		err = profile.Check(schema)
	}
	if err != nil {
		return nil, "a profile of these features and their predictions", err
	}
	return profile, "", nil
}

// profileRecords is the profile of the features of a file's records, and of the answers to them.
func profileRecords(path string, schema generators.Schema, answer Answer) (*drift.Profile, string, error) {
	var names []string
	for _, f := range schema.Features {
		names = append(names, f.Name)
	}
	if names == nil {
		return nil, "first_phase, or data of rows of features", errors.New("the requests hold no rows of features that could be compared with the file")
	}
	file, err := datafile.Open(path)
	if err != nil {
		return nil, "", err
	}
	records, err := file.Examples(datafile.Layout{Fields: true})
	if err != nil {
		return nil, "", err
	}
	columns, err := columnsOf(records.Schema().Fields, names)
	if err != nil {
		return nil, "a file that has the features as columns: " + strings.Join(names, ", "), err
	}
	sample, reader := drift.NewSample(schema), records.NewReader()
	row := make([]float32, len(names))
	for i := range file.Len() {
		record, err := reader.Read(i)
		if err != nil {
			return nil, "", err
		}
		for j, f := range schema.Features {
			if row[j], err = f.Parse(record.Fields[columns[j]].Text); err != nil {
				return nil, "", fmt.Errorf("record %d: %w", i+1, err)
			}
		}
		var said generators.Answer
		if answer != nil {
			said = answer(row)
		}
		sample.Add(row, said)
	}
	profile, err := drift.NewProfile(sample)
	if err != nil {
		return nil, "", err
	}
	if answer == nil {
		profile.Columns = profile.Columns[:len(names)]
	}
	return profile, "", nil
}

// columnsOf finds the columns of features, by their names.
func columnsOf(have, names []string) ([]int, error) {
	var columns []int
	var missing []string
	for _, name := range names {
		i := slices.Index(have, name)
		if columns = append(columns, i); i < 0 {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return nil, fmt.Errorf("the file has no column %s", strings.Join(missing, ", "))
	}
	return columns, nil
}
