// Package corpus holds the requests of a run, each with the answers expected to it.
// It stands between the generators and protocols on one side and the attack on the
// other: building the requests ahead keeps encoding out of the measured time, and
// keeping the expectation beside each request lets every answer be checked against the
// very request it answers. All requests are made before the load starts, but for those
// of a large file, which are read and encoded shortly before they are sent (Reader).
package corpus

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math/rand/v2"
	"slices"

	"servebench/generators"
	"servebench/generators/datafile"
	"servebench/targets/protocol"
)

// Config says what a corpus is built from.
type Config struct {
	Generator generators.Generator
	// Records are the examples in the place of a Generator. InOrder says to send their
	// requests in the order of the file, from its beginning.
	Records *datafile.Examples
	InOrder bool
	// Identity is what the requests follow from beside the Records, for their hash.
	Identity string
	Protocol protocol.Protocol
	Size     int    // distinct requests, at least 1
	Batch    int    // examples per request, at least 1
	Seed     uint64 // the same seed gives the same bytes
	// Class is part of the requests' ids, which tell those of a Mix apart by it; "":
	// it is not.
	Class string
	// Model is the model under test, whose answers are those expected; one that cannot
	// predict is not known. What an example itself expects goes before it.
	Model protocol.Model
	// Tolerance is how far numbers may be from those expected; 0: see the constant.
	Tolerance float64
	// Unlabelled says that the model knows nothing of the examples' labels, so
	// that comparing its answers with them would tell nothing.
	Unlabelled bool
	// Monitored says to keep the Inputs of each request, and the Predictions of its answer.
	Monitored bool
}

// Corpus is a set of requests with the answers expected to them. It is safe for
// concurrent use; the Check of its requests is for one goroutine at a time.
type Corpus struct {
	protocol   protocol.Protocol
	failures   protocol.FailureReader // the protocol, where it is one
	headers    []string               // that the protocol reads
	schema     generators.Schema
	comparison comparison
	labels     *labels // nil: none are known
	size       int
	requests   []Request // nil where they are made as they are needed
	from       Config    // of those
	inOrder    bool
	monitored  bool
	model      string  // whose answers are expected; "": of none by its name
	classes    []class // of a Mix
	before     *Corpus // of a Drift; nil: there is none
	hash       string
}

func newCorpus(p protocol.Protocol, size int) *Corpus {
	c := &Corpus{protocol: p, size: size}
	c.failures, _ = p.(protocol.FailureReader)
	if reader, ok := p.(protocol.HeaderReader); ok {
		c.headers = reader.ReadsHeaders()
	}
	return c
}

// Request is one request, with the answers expected to it.
type Request struct {
	from   *Corpus // the one that it was made for, and is judged as one of
	number int     // in that one
	id     string
	wire   protocol.Request
	expect []expectation // one per example
	inputs [][]float32   // the rows of features, one per example; nil: there are none, or not Monitored
	memo   memo
	// predictions are those of the response that was judged last, of a Monitored corpus.
	predictions []Prediction
}

// Wire is what is sent. It must not be changed.
func (r *Request) Wire() protocol.Request { return r.wire }

// expectation is what is known of the answer to one example. A corpus has millions of
// them, and mostly they are classes.
type expectation struct {
	label, class  int32     // observed and expected; -1: none
	probabilities []float32 // of the classes, as expected
	other         *others   // what is no class; nil: nothing
}

type others struct{ label, want generators.Answer }

func newExpectation(label, want generators.Answer) expectation {
	e := expectation{label: -1, class: -1}
	if label.Kind == generators.Class {
		e.label, label = int32(label.Label), generators.Answer{}
	}
	if want.Kind == generators.Class {
		e.class, e.probabilities, want = int32(want.Label), want.Probabilities, generators.Answer{}
	}
	if label.Kind != generators.None || want.Kind != generators.None {
		e.other = &others{label, want}
	}
	return e
}

// observed is the example's label; wanted is what a right server answers.
func (x *expectation) observed() generators.Answer {
	switch {
	case x.label >= 0:
		return generators.Classified(int(x.label))
	case x.other != nil:
		return x.other.label
	}
	return generators.Answer{}
}

func (x *expectation) wanted() generators.Answer {
	switch {
	case x.class >= 0:
		return generators.Answer{Kind: generators.Class, Label: int(x.class), Probabilities: x.probabilities}
	case x.other != nil:
		return x.other.want
	}
	return generators.Answer{}
}

// Build makes a corpus. The i-th request carries the id "servebench-i", or
// "servebench-CLASS-i", which differs from that of every other request, so that a
// server that mixes requests up can be found out.
func Build(cfg Config) (*Corpus, error) {
	if cfg.Size < 1 {
		return nil, fmt.Errorf("build corpus: size: %d requests, want at least 1", cfg.Size)
	}
	if cfg.Batch < 1 {
		return nil, fmt.Errorf("build corpus: batch: %d examples, want at least 1", cfg.Batch)
	}
	c := newCorpus(cfg.Protocol, cfg.Size)
	c.inOrder, c.monitored, c.model = cfg.InOrder, cfg.Monitored, cfg.Model.Name
	if cfg.Records != nil {
		c.schema = cfg.Records.Schema()
		c.hash, c.comparison = cfg.hashRecords(), comparison{c.schema.Classes, cfg.Tolerance}
		c.labels = newLabels(c.comparison, cfg.Records)
		if c.from = cfg; cfg.isLarge() {
			return c, nil
		}
	} else {
		c.schema = cfg.Generator.Schema()
		c.comparison = comparison{c.schema.Classes, cfg.Tolerance}
	}
	sum := sha256.New()
	m := c.newMaker(cfg)
	c.requests = make([]Request, cfg.Size)
	for i := range c.requests {
		r, err := m.make(i)
		if err != nil {
			return nil, err
		}
		c.requests[i] = *r
		addRequest(sum, r.wire)
	}
	if cfg.Records == nil {
		c.hash = hex.EncodeToString(sum.Sum(nil))
	}
	return c, nil
}

// maker makes the requests of a corpus. It is for one goroutine.
type maker struct {
	corpus  *Corpus
	cfg     Config
	name    string
	example func(i int) (generators.Example, error)
	batch   []generators.Example
}

func (c *Corpus) newMaker(cfg Config) *maker {
	m := &maker{corpus: c, cfg: cfg, name: "servebench", batch: make([]generators.Example, cfg.Batch)}
	if cfg.Class != "" {
		m.name += "-" + cfg.Class
	}
	if cfg.Records != nil {
		m.example = cfg.Records.NewReader().Read
		return m
	}
	rng := rand.New(rand.NewPCG(cfg.Seed, 0))
	m.example = func(int) (generators.Example, error) { return cfg.Generator.Next(rng), nil }
	return m
}

// make makes the i-th request. Those of a generator are made one after the other.
func (m *maker) make(i int) (*Request, error) {
	for j := range m.batch {
		var err error
		if m.batch[j], err = m.example(i*len(m.batch) + j); err != nil {
			return nil, err
		}
	}
	id := fmt.Sprintf("%s-%d", m.name, i)
	wire, err := m.cfg.Protocol.Encode(id, m.batch)
	if err != nil {
		return nil, m.located(i, err)
	}
	r := &Request{from: m.corpus, number: i, id: id, wire: wire, expect: m.cfg.expectations(m.batch)}
	if m.cfg.Monitored {
		r.keepInputs(m.batch)
	}
	return r, nil
}

// located says which request cannot be made: "loans.csv, line 17: …".
func (m *maker) located(i int, err error) error {
	if m.cfg.Records == nil {
		return fmt.Errorf("build corpus: encode request %d: %w", i, err)
	}
	file := m.cfg.Records.File()
	return fmt.Errorf("%s, line %d: %w", file.Name(), file.Line(i*len(m.batch)), err)
}

func (cfg Config) expectations(batch []generators.Example) []expectation {
	expect := make([]expectation, len(batch))
	for i, example := range batch {
		label, want := example.Label, example.Expect
		if cfg.Unlabelled {
			label = generators.Answer{}
		}
		if want.Kind == generators.None && cfg.Model.Predict != nil {
			want = cfg.Model.Answer(example.Features)
		}
		expect[i] = newExpectation(label, want)
	}
	return expect
}

// addRequest adds every byte that distinguishes a request, each part led by its
// length, so that no two different corpora give the same stream.
func addRequest(sum hash.Hash, r protocol.Request) {
	add := func(part []byte) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		sum.Write(length[:])
		sum.Write(part)
	}
	add([]byte(r.Method))
	add([]byte(r.Path))
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			add([]byte(name))
			add([]byte(value))
		}
	}
	add(r.Body)
}

// Len returns the number of distinct requests.
func (c *Corpus) Len() int { return c.size }

// Request returns the i-th request, 0 ≤ i < Len, of a corpus that is not streamed.
func (c *Corpus) Request(i int) *Request { return &c.requests[i] }

// First returns the first request.
func (c *Corpus) First() (*Request, error) {
	if c.Streamed() {
		return c.newMaker(c.from).make(0)
	}
	return c.Request(0), nil
}

// Hash returns a SHA-256, in hexadecimal: over all requests, equal exactly when method,
// path, header and body of all of them are; of those from a file, over the file and the
// Config's Identity.
func (c *Corpus) Hash() string { return c.hash }

// Fixed makes a corpus of the one request of a Written protocol, which holds no
// examples and asks for no answers of a model.
func Fixed(p protocol.Protocol) (*Corpus, error) {
	request, err := p.Encode("", nil)
	if err != nil {
		return nil, fmt.Errorf("build corpus: %w", err)
	}
	sum := sha256.New()
	addRequest(sum, request)
	c := newCorpus(p, 1)
	c.hash = hex.EncodeToString(sum.Sum(nil))
	c.requests = []Request{{from: c, wire: request}}
	return c, nil
}

// Accepts reports whether an answer with this status may be right, and is to be
// judged by Check; one with another status has failed.
func (c *Corpus) Accepts(status int) bool {
	if c.failures != nil {
		return c.failures.Accepts(status)
	}
	return status/100 == 2
}
