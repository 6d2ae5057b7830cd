package recording

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// What is counted by name is bounded, since others choose the names.
const (
	mostHosts  = 10_000
	mostFields = 200
)

// survey is what the first reading finds out.
type survey struct {
	hosts  map[string]*hostSurvey
	others int // requests to hosts beyond mostHosts
}

// hostSurvey is what is known of the requests to one host.
type hostSurvey struct {
	requests    int
	schemes     map[string]int
	methods     map[string]int
	statuses    map[int]int
	http2       int
	bodies      int // requests that have one
	timed       int
	first, last time.Time
	whole       bool           // all times are whole seconds
	signedFor   map[string]int // signatures of AWS, by what they are for
	fields      map[string]*fieldUse
	targets     fieldUse
	answers     int
	jsonAnswers int
	outputs     map[string]int // tensors of right answers, by name
	tensors     map[string]*tensorUse
}

// fieldUse is how requests use something that they may share.
type fieldUse struct {
	count  int
	value  string // of the first
	varies bool
}

func (f *fieldUse) add(value string) {
	if f.count++; f.count == 1 && len(value) <= 4096 {
		f.value = value
	} else if value != f.value {
		f.varies = true
	}
}

type secretKey struct{ where, name string }

// tensorUse is what is known of a tensor that requests have.
type tensorUse struct {
	count  int
	kinds  map[byte]int
	ranks  map[int]int     // how many have so many dimensions; -1: no shape
	shapes map[int][]int64 // by the number of dimensions; -1 where a size varies
}

func (t *tensorUse) add(x Tensor) {
	t.count++
	t.kinds[x.kind]++
	rank := x.rank()
	if t.ranks[rank]++; t.ranks[rank] == 1 {
		t.shapes[rank] = slices.Clone(x.Shape)
	}
	for i, size := range x.Shape {
		if t.shapes[rank][i] != size {
			t.shapes[rank][i] = -1
		}
	}
}

// kind is what most of the tensors hold; fractions if any of those does.
func (t *tensorUse) kind() byte {
	if kind := most(t.kinds); kind != 'i' || t.kinds['f'] == 0 {
		return kind
	}
	return 'f'
}

// rank is the number of dimensions, -1 where there is no shape.
func (t Tensor) rank() int {
	if t.Shape == nil {
		return -1
	}
	return len(t.Shape)
}

func (s *survey) add(r *Request) {
	h := s.hosts[r.Host]
	if h == nil {
		if len(s.hosts) == mostHosts {
			s.others++
			return
		}
		h = &hostSurvey{
			schemes: map[string]int{}, methods: map[string]int{}, statuses: map[int]int{}, whole: true, signedFor: map[string]int{},
			fields: map[string]*fieldUse{}, outputs: map[string]int{}, tensors: map[string]*tensorUse{},
		}
		s.hosts[r.Host] = h
	}
	h.add(r)
}

func (h *hostSurvey) add(r *Request) {
	h.requests++
	h.schemes[r.Scheme]++
	h.methods[r.Method]++
	h.targets.add(r.Target)
	if r.Status > 0 {
		h.statuses[r.Status]++
	}
	if r.signedFor != "" && len(h.signedFor) < mostFields {
		h.signedFor[r.signedFor]++
	}
	if r.HTTP2 {
		h.http2++
	}
	if len(r.Body) > 0 {
		h.bodies++
	}
	if !r.At.IsZero() {
		h.addTime(r.At)
	}
	for _, f := range r.Header {
		use := h.fields[f.Name]
		if use == nil && len(h.fields) < mostFields {
			use = &fieldUse{}
			h.fields[f.Name] = use
		}
		if use != nil {
			use.add(f.Value)
		}
	}
	if r.Answer != nil {
		h.answers++
		if jsontext.Value(bytes.TrimSpace(r.Answer)).IsValid(asWritten...) {
			h.jsonAnswers++
		}
	}
	for _, t := range r.Outputs {
		h.outputs[t.Name]++
	}
	for _, t := range r.Inputs {
		use := h.tensors[t.Name]
		if use == nil {
			use = &tensorUse{kinds: map[byte]int{}, ranks: map[int]int{}, shapes: map[int][]int64{}}
			h.tensors[t.Name] = use
		}
		use.add(t)
	}
}

func (h *hostSurvey) addTime(at time.Time) {
	if h.timed == 0 || at.Before(h.first) {
		h.first = at
	}
	if h.timed == 0 || at.After(h.last) {
		h.last = at
	}
	h.timed++
	h.whole = h.whole && at.Nanosecond() == 0
}

// hostsByUse are the hosts, the most frequent first.
func (s *survey) hostsByUse() []string {
	counts := map[string]int{}
	for name, h := range s.hosts {
		counts[name] = h.requests
	}
	return byCount(counts)
}

// byCount are the keys, the most frequent first and those alike in their order.
func byCount[K cmp.Ordered](counts map[K]int) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
}

// most is the key that is counted most often, the first of those; zero where there is none.
func most[K cmp.Ordered](counts map[K]int) (best K) {
	if keys := byCount(counts); len(keys) > 0 {
		best = keys[0]
	}
	return best
}
