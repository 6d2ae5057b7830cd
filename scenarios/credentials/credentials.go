// Package credentials makes of what a scenario says in http.headers and http.auth what is
// put on its requests: header fields, tokens, passwords and signatures. It stands beside
// package scenarios; package trial hands what it makes to the targets, which ask whether
// a server is ready, and to the load engine.
package credentials

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"servebench/reports/record"
	"servebench/scenarios"
	"servebench/scenarios/secret"
	"servebench/targets"
)

// Open returns the credentials of a scenario's requests, and what the record may say of
// them. Secrets that no scenario holds, such as those of an AWS profile, are added to the
// keeper, also when they change later on. The error is a decode.Faults.
func Open(ctx context.Context, sc *scenarios.Scenario, secrets *secret.Keeper) (targets.Credentials, []record.Fact, error) {
	h := sc.HTTP
	if len(h.Headers) == 0 && h.Auth == nil {
		return targets.Credentials{}, nil, nil
	}
	var facts []record.Fact
	keys := secretKeys(h)
	if names := slices.Sorted(maps.Keys(h.Headers)); names != nil {
		facts = append(facts, record.Fact{Name: "header fields", Value: strings.Join(names, ", ")})
	}
	f := fields{header: h.Headers, authorization: h.Auth.Header()}
	var of string
	switch a := h.Auth; {
	case a == nil:
		return targets.Credentials{Authorize: f.authorize, Keys: keys}, facts, nil
	case a.AWS != nil:
		s, err := openSigner(ctx, sc, secrets)
		if err != nil {
			return targets.Credentials{}, nil, err
		}
		facts = append(facts, record.Fact{Name: "credentials", Value: s.String()})
		return targets.Credentials{Lifetime: lifetime, Keys: keys, Authorize: func(r *http.Request, body []byte) error {
			f.put(r)
			return s.sign(r, body)
		}}, facts, nil
	case a.Basic != nil:
		of = "user " + a.Basic.User + " with a password (Basic)"
	default:
		of = "a bearer token"
	}
	return targets.Credentials{Authorize: f.authorize, Keys: keys}, append(facts, record.Fact{Name: "credentials", Value: of}), nil
}

// secretKeys are the keys of a scenario that hold credentials.
func secretKeys(h scenarios.HTTP) (keys []string) {
	for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
		if secret.Named(name) {
			keys = append(keys, "http.headers."+name)
		}
	}
	switch a := h.Auth; {
	case a == nil:
	case a.AWS != nil:
		keys = append(keys, "http.auth.aws")
	case a.Basic != nil:
		keys = append(keys, "http.auth.basic")
	default:
		keys = append(keys, "http.auth.bearer")
	}
	return keys
}

// fields are header fields that are the same on every request.
type fields struct {
	header        scenarios.Headers
	authorization string // "": none
}

func (f fields) authorize(r *http.Request, _ []byte) error {
	f.put(r)
	return nil
}

func (f fields) put(r *http.Request) {
	for name, value := range f.header {
		if name == "Host" { // which net/http does not take from the header
			r.Host = value
			continue
		}
		r.Header[name] = []string{value}
	}
	if f.authorization != "" {
		r.Header["Authorization"] = []string{f.authorization}
	}
}
