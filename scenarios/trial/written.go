package trial

import (
	"fmt"

	"servebench/reports/record/userfile"
	"servebench/scenarios"
	"servebench/scenarios/attack/transport"
	"servebench/scenarios/corpus"
	"servebench/scenarios/decode"
	"servebench/targets"
	"servebench/targets/protocol"
)

// maxBodyFile bounds the body of a request that is written out.
const maxBodyFile = 64 * targets.MiB

// written are the one request that the scenario writes out, whatever model a server
// may be started with.
func (s materials) written(proto protocol.Kind) (*requests, []*corpus.Corpus, error) {
	body, err := s.body()
	if err != nil {
		return nil, nil, err
	}
	client, err := proto.Open(protocol.Config{Template: s.scenario.Template.Request(body)})
	if err != nil {
		return nil, nil, fmt.Errorf("open protocol %s: %w", proto.Name, err)
	}
	c, err := corpus.Fixed(client)
	if err != nil {
		return nil, nil, err
	}
	r := &requests{first: c}
	for range s.scenario.Load {
		r.phases = append(r.phases, c)
	}
	if s.scenario.Secrets.Empty() {
		return r, []*corpus.Corpus{c}, nil
	}
	// The hash of a request with a short password in it would tell the password.
	client, err = proto.Open(protocol.Config{Template: s.scenario.Template.Request(body).Map(s.scenario.Secrets.Command)})
	if err != nil {
		return nil, nil, fmt.Errorf("open protocol %s: %w", proto.Name, err)
	}
	hidden, err := corpus.Fixed(client)
	return r, []*corpus.Corpus{hidden}, err
}

// body reads the body of the request that is written out.
func (s materials) body() ([]byte, error) {
	t := s.scenario.Template
	if t.BodyFile == "" {
		return []byte(t.Body), nil
	}
	body, err := userfile.Read(t.BodyFile, int64(maxBodyFile))
	if err != nil {
		return nil, decode.Faults{s.scenario.Source.Fault("template.body_file", err.Error(), fmt.Sprintf("a file of at most %v", maxBodyFile))}
	}
	return body, nil
}

// carriage says how requests are carried to the server.
func (s *session) carriage() transport.Options {
	h := s.scenario.HTTP
	o := transport.Options{
		Standard:           h.Client == scenarios.StandardClient,
		ConnectTimeout:     h.ConnectTimeout,
		FirstByteTimeout:   h.FirstByteTimeout,
		NoKeepAlive:        !h.KeepAlive,
		RetryNonIdempotent: h.RetryNonIdempotent,
	}
	if h.Version == scenarios.HTTP2 {
		o.Version = transport.HTTP2
	}
	return o
}
