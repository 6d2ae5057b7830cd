package protocol

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Registry is the models that a service answers with, each in one or more versions side by
// side. They may change while requests are answered: who has got a *Served from it keeps
// that to the end of its request. It is safe for concurrent use, and looking up takes no
// lock.
type Registry struct {
	change sync.Mutex // held by who changes it
	now    atomic.Pointer[[]*deployment]
}

// Traffic is a version of a model with its share of the requests that name no version.
type Traffic struct {
	*Served
	Weight float64 // of the sum of the weights; 0: requests that name the version alone
}

// deployment is one model. It does not change.
type deployment struct {
	name     string
	versions []Traffic
	total    float64 // of the weights
	primary  *Served // the version that describes the model: that with the most weight
	drawn    *atomic.Uint64
}

// NewRegistry returns a registry of models in this order, each with one version.
func NewRegistry(models ...*Served) *Registry {
	r := &Registry{}
	r.now.Store(new([]*deployment))
	for _, m := range models {
		r.Set(m.Name, []Traffic{{m, 1}})
	}
	return r
}

// Set lets a model be answered by these versions, at least one, from now on. A name that is new
// becomes the last one.
func (r *Registry) Set(name string, versions []Traffic) {
	d := &deployment{name: name, versions: versions, primary: versions[0].Served, drawn: new(atomic.Uint64)}
	most := versions[0].Weight
	for _, v := range versions {
		d.total += v.Weight
		if v.Weight > most {
			d.primary, most = v.Served, v.Weight
		}
	}
	r.change.Lock()
	defer r.change.Unlock()
	all := slices.Clone(*r.now.Load())
	if i := slices.IndexFunc(all, func(d *deployment) bool { return d.name == name }); i >= 0 {
		all[i] = d
	} else {
		all = append(all, d)
	}
	r.now.Store(&all)
}

// Remove takes a model out. Requests that have begun are answered by it.
func (r *Registry) Remove(name string) {
	r.change.Lock()
	defer r.change.Unlock()
	all := slices.DeleteFunc(slices.Clone(*r.now.Load()), func(d *deployment) bool { return d.name == name })
	r.now.Store(&all)
}

// List returns the models, each in the version that has the most weight.
func (r *Registry) List() []*Served {
	var list []*Served
	for _, d := range *r.now.Load() {
		list = append(list, d.primary)
	}
	return list
}

// Versions returns the versions of a model; none of an unknown one.
func (r *Registry) Versions(name string) []Traffic {
	if d := r.deployment(name); d != nil {
		return d.versions
	}
	return nil
}

func (r *Registry) deployment(name string) *deployment {
	for _, d := range *r.now.Load() {
		if d.name == name {
			return d
		}
	}
	return nil
}

// Named returns a version of a model; of "" the one with the most weight. Its error says
// what there is, and is a *Refusal with status 404.
func (r *Registry) Named(name, version string) (*Served, error) {
	d := r.deployment(name)
	if d == nil {
		var names []string
		for _, d := range *r.now.Load() {
			names = append(names, d.name)
		}
		return nil, &Refusal{http.StatusNotFound, fmt.Sprintf("unknown model %q, want one of %s", name, strings.Join(names, ", "))}
	}
	if version == "" {
		return d.primary, nil
	}
	var there []string
	for _, v := range d.versions {
		if v.Version == version {
			return v.Served, nil
		}
		there = append(there, fmt.Sprintf("%q", v.Version))
	}
	return nil, &Refusal{http.StatusNotFound, fmt.Sprintf("unknown version %q of model %q, want %s", version, name, strings.Join(there, " or "))}
}

// Choose is Named for an inference request: one that names no version gets one by the
// weights. Which of them the n-th request gets depends on n alone.
func (r *Registry) Choose(name, version string) (*Served, error) {
	d := r.deployment(name)
	if d == nil || version != "" || len(d.versions) == 1 {
		return r.Named(name, version)
	}
	at := Drawn(d.drawn.Add(1)) * d.total
	for _, v := range d.versions {
		if at -= v.Weight; at < 0 {
			return v.Served, nil
		}
	}
	return d.primary, nil // the weights are all 0, or rounding
}

// Drawn turns a count into a number from 0 to 1 that looks drawn at random: SplitMix64 (Steele, Lea
// and Flood, Fast Splittable Pseudorandom Number Generators, 2014).
func Drawn(n uint64) float64 {
	z := n * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) / (1 << 53)
}

// Repository is where models come from, and by which they are changed from outside. It is
// safe for concurrent use. StatusOf says of its errors what they mean to a request.
type Repository interface {
	// Index lists the models that it has, loaded or not.
	Index() []ModelState
	// Load reads a model anew and lets it be served in place of what was; after an error
	// that goes on. config is what the request says of how to serve it, in JSON; "": as the
	// repository has it. file takes the place of what the repository has, until the next
	// Load; nil: there is none.
	Load(name, config string, file *ModelFile) error
	// Unload takes a model out of service.
	Unload(name string) error
}

// ModelFile is a model that comes with a request.
type ModelFile struct {
	Version int // from 1
	Content []byte
}

// ModelState is a version of a model in a repository.
type ModelState struct {
	Name    string `json:"name"`
	Version string `json:"version"` // "": not known
	State   string `json:"state"`
	Reason  string `json:"reason"` // why it is not ready
}

// The states.
const (
	StateReady       = "READY"
	StateUnavailable = "UNAVAILABLE"
)

// Index lists the models of the repository, or, where there is none, those that are
// served.
func (s Service) Index(readyOnly bool) []ModelState {
	list := []ModelState{}
	if s.Repository != nil {
		list = append(list, s.Repository.Index()...)
	}
	for _, m := range s.Models.List() {
		if !slices.ContainsFunc(list, func(l ModelState) bool { return l.Name == m.Name }) {
			for _, v := range s.Models.Versions(m.Name) {
				list = append(list, ModelState{Name: m.Name, Version: v.Version, State: StateReady})
			}
		}
	}
	if readyOnly {
		list = slices.DeleteFunc(list, func(l ModelState) bool { return l.State != StateReady })
	}
	return list
}

// Change loads a model of the repository, or unloads it. It is refused with 403 where
// there is none.
func (s Service) Change(name, config string, file *ModelFile, load bool) error {
	switch {
	case s.Repository == nil:
		return &Refusal{http.StatusForbidden, "models are not loaded and unloaded from outside here; the server's flag --model-control-mode explicit allows it"}
	case load:
		return s.Repository.Load(name, config, file)
	}
	return s.Repository.Unload(name)
}
