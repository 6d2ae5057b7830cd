package corpus

import (
	"math"
	"slices"
	"sync"
	"time"

	"servebench/generators"
	"servebench/targets/protocol"
)

// Serving knows which models answered for one that is swapped while load is sent, and when, so that
// each answer is compared with what a model says that may have given it. Times are counted as the
// load's are. It is safe for concurrent use.
type Serving struct {
	name string // of the model

	mu     sync.Mutex
	models []*served // in the order of the swaps; the first one is what requests were made for
}

// served is a model that answered from some time on.
type served struct {
	asked   time.Duration // the first may have been answered by it
	swapped time.Duration // the models before it answered no request that was sent later
	// predict says what it answers; nil: as the requests expect. unknown: nobody can say.
	predict func(features []float32) generators.Answer
	unknown bool
}

const (
	always = time.Duration(math.MinInt64)
	never  = time.Duration(math.MaxInt64)
)

// NewServing is of a model of that name which was not swapped yet.
func NewServing(name string) *Serving {
	return &Serving{name: name, models: []*served{{asked: always, swapped: always}}}
}

// Begin says that from a moment on the server may answer with another model. One that cannot predict
// is not known here: what it answers is compared with nothing.
func (s *Serving) Begin(at time.Duration, m protocol.Model) {
	next := &served{asked: at, swapped: never, unknown: m.Predict == nil}
	if !next.unknown {
		next.predict = m.Answer
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.models = append(slices.Clone(s.models), next)
}

// Done says that requests sent from a moment on are answered by the model that was begun last.
func (s *Serving) Done(at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := *s.models[len(s.models)-1]
	last.swapped = at
	s.models = append(slices.Clone(s.models[:len(s.models)-1]), &last)
}

// Refuse says that the server did not take the model that was begun last.
func (s *Serving) Refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.models = slices.Clone(s.models[:len(s.models)-1])
}

// Next is the Serving of the load that follows, on the same server.
func (s *Serving) Next() *Serving {
	next := &Serving{name: s.name}
	for _, m := range s.between(never-1, never) {
		m := *m
		m.asked = always
		if m.swapped != never {
			m.swapped = always
		}
		next.models = append(next.models, &m)
	}
	return next
}

// between are the models that may have answered a request, by when it was sent and done.
func (s *Serving) between(sent, done time.Duration) []*served {
	s.mu.Lock()
	models := s.models // which is replaced, not changed
	s.mu.Unlock()
	end := len(models)
	for end > 1 && models[end-1].asked > done {
		end--
	}
	first := end - 1
	for first > 0 && models[first].swapped > sent {
		first--
	}
	return models[first:end]
}

// standIns are the models that a request is judged by; nil: by what it expects alone.
func (s *Serving) standIns(r *Request, sent, done time.Duration) []*served {
	if s == nil || r.from.model != "" && r.from.model != s.name {
		return nil
	}
	models := s.between(sent, done)
	if len(models) == 1 && models[0].predict == nil && !models[0].unknown {
		return nil
	}
	return models
}

// wants is what the model is to answer to an example of a request.
func (m *served) wants(r *Request, j int) generators.Answer {
	switch {
	case m == nil || m.predict == nil && !m.unknown:
		return r.expect[j].wanted()
	case m.unknown || r.inputs == nil:
		return generators.Answer{}
	}
	return m.predict(r.inputs[j])
}
