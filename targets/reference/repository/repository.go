// Package repository is where the models of the reference server come from: files, a folder
// of models in versions, and what is built in. It reads them when the server starts, and
// anew while it serves, by the repository API of the Open Inference Protocol. What it has
// read goes into a protocol.Registry, from which requests are answered.
package repository

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"servebench/targets/protocol"
)

// Digest tells the contents of models apart.
type Digest [sha256.Size]byte

// Source is one model that a repository has outside its folder.
type Source struct {
	Name string
	// Read reads the model. The version that it says is replaced by a count: 1 for what is
	// read first, and one more for each contents that differ from the ones before.
	Read func() (protocol.Model, Digest, error)
}

// Config is what a repository has. A nil or empty field is not there.
type Config struct {
	Sources []Source
	// Dir is a folder with a folder for each model, in which the folder of each version, a
	// number, holds one file whose name begins with "model.", and config.json the Settings.
	// Where a source has the same name, the folder's model takes its place.
	Dir string
	// Read reads a model of Dir.
	Read func(name, path string) (protocol.Model, Digest, error)
	// Parse reads a model that came with a request.
	Parse func(name string, content []byte) (protocol.Model, Digest, error)
	// Reserved are names that models must not have.
	Reserved []string
	// Serve makes of versions of a model, in ascending order, what requests are answered with.
	Serve func([]protocol.Model, Settings) []*protocol.Served
	// Changed, where it is not nil, is told when a model was loaded or unloaded after Open.
	Changed func(name string, served []protocol.Traffic)
	// Registry gets the models.
	Registry *protocol.Registry
}

// Repository implements protocol.Repository.
type Repository struct {
	config Config

	mu    sync.Mutex // one change at a time
	known []*entry   // in the order of the first loading
}

// entry is a model that was loaded at some time.
type entry struct {
	name   string
	loaded []version // by number, ascending; none: unloaded
	counts counts
	failed string // why it could not be loaded the last time; "": it could
}

// version is a model that is served.
type version struct {
	number int
	model  protocol.Model
	digest Digest
	lent   bool // it came with a request, and the repository does not have it
}

// counts is the last contents read of a source, and how many differed from the ones before.
type counts struct {
	number int
	digest Digest
}

// Open loads every model of a repository. Its error names all that could not be.
func Open(config Config) (*Repository, error) {
	changed := config.Changed
	config.Changed = nil
	r := &Repository{config: config}
	names, err := r.names()
	faults := []error{err}
	for _, name := range names {
		if err := r.Load(name, "", nil); err != nil {
			faults = append(faults, err)
		}
	}
	r.config.Changed = changed
	return r, errors.Join(faults...)
}

// names are those of the sources, and those of the folder's models.
func (r *Repository) names() ([]string, error) {
	var names []string
	for _, s := range r.config.Sources {
		names = append(names, s.Name)
	}
	inDir, err := modelsIn(r.config.Dir)
	for _, name := range inDir {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, err
}

// Load implements protocol.Repository.
func (r *Repository) Load(name, override string, file *protocol.ModelFile) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.known, func(e *entry) bool { return e.name == name })
	e := &entry{name: name}
	if i >= 0 {
		e = r.known[i]
	}
	found, err := r.find(e, file)
	if protocol.StatusOf(err) == http.StatusNotFound {
		return err
	}
	if i < 0 {
		r.known = append(r.known, e)
	}
	if err == nil {
		err = r.load(e, found, override)
	}
	e.failed = ""
	if err != nil {
		e.failed = err.Error()
	}
	return err
}

func (r *Repository) load(e *entry, found candidates, override string) error {
	settings, err := found.settings(override)
	if err != nil {
		return err
	}
	numbers, weights := settings.versions(found.numbers)
	for i, number := range numbers {
		if h := settings.Shadow; h != nil && h.Version == strconv.Itoa(number) && weights[i] > 0 {
			return fmt.Errorf("shadow.version: %s is the only version of model %q, want another one that it is the shadow of", h.Version, e.name)
		}
	}
	var versions []version
	var faults []error
	for _, number := range numbers {
		v, err := found.read(number)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		versions = append(versions, v)
	}
	if len(faults) == 0 {
		faults = append(faults, sameShape(versions))
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	models := make([]protocol.Model, len(versions))
	for i, v := range versions {
		models[i] = v.model
	}
	served := make([]protocol.Traffic, len(versions))
	for i, m := range r.config.Serve(models, settings) {
		served[i] = protocol.Traffic{Served: m, Weight: weights[i]}
	}
	e.loaded, e.counts = versions, found.counts
	r.config.Registry.Set(e.name, served)
	r.changed(e.name, served)
	return nil
}

// sameShape refuses versions side by side that do not take the same features, or do not
// tell the same classes apart.
func sameShape(versions []version) error {
	for _, v := range versions[1:] {
		first := versions[0]
		if !slices.Equal(featureNames(v.model), featureNames(first.model)) || !slices.Equal(v.model.Schema.Classes, first.model.Schema.Classes) {
			return fmt.Errorf("versions %d and %d take different features or have different classes; versions side by side must be asked alike", first.number, v.number)
		}
	}
	return nil
}

func featureNames(m protocol.Model) []string {
	var names []string
	for _, f := range m.Schema.Features {
		names = append(names, f.Name)
	}
	return names
}

func (r *Repository) changed(name string, served []protocol.Traffic) {
	if r.config.Changed != nil {
		r.config.Changed(name, served)
	}
}

// Unload implements protocol.Repository.
func (r *Repository) Unload(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.known {
		if e.name == name {
			e.loaded, e.failed = nil, ""
			r.config.Registry.Remove(name)
			r.changed(name, nil)
			return nil
		}
	}
	return r.unknown(name)
}

func (r *Repository) unknown(name string) error {
	names, err := r.names()
	if err != nil {
		return err
	}
	return &protocol.Refusal{Status: http.StatusNotFound, Text: fmt.Sprintf("model %q is not in the repository, want one of %s", name, strings.Join(names, ", "))}
}

// Index implements protocol.Repository.
func (r *Repository) Index() []protocol.ModelState {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []protocol.ModelState
	for _, e := range r.known {
		for _, v := range e.loaded {
			list = append(list, protocol.ModelState{Name: e.name, Version: strconv.Itoa(v.number), State: protocol.StateReady})
		}
		switch {
		case e.failed != "":
			list = append(list, protocol.ModelState{Name: e.name, State: protocol.StateUnavailable, Reason: e.failed})
		case len(e.loaded) == 0:
			list = append(list, protocol.ModelState{Name: e.name, State: protocol.StateUnavailable, Reason: "unloaded"})
		}
	}
	names, err := modelsIn(r.config.Dir)
	if err != nil {
		return list // what is loaded is known all the same
	}
	for _, name := range names {
		if !slices.ContainsFunc(r.known, func(e *entry) bool { return e.name == name }) {
			list = append(list, protocol.ModelState{Name: name, State: protocol.StateUnavailable, Reason: "not loaded yet"})
		}
	}
	return list
}
