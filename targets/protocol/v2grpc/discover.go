package v2grpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"servebench/generators"
	"servebench/targets/protocol"
)

// discover calls ServerMetadata, RepositoryIndex where there is one, and ModelMetadata.
func discover(ctx context.Context, ask protocol.Ask, model string) (*protocol.Description, error) {
	server, err := call(ctx, ask, "ServerMetadata", nil)
	if err != nil {
		return nil, err
	}
	name, version := "", ""
	err = fields(server, func(f field) error {
		switch f.number {
		case 1:
			return f.text(&name)
		case 2:
			return f.text(&version)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ServerMetadata: %w", err)
	}
	d := &protocol.Description{Server: strings.TrimSpace(name + " " + version)}
	names, err := index(ctx, ask)
	if d.Listed = err == nil; !d.Listed && model != "" {
		names = []string{model}
	}
	names, d.Left = protocol.Choose(names, model)
	for _, name := range names {
		d.Models = append(d.Models, describe(ctx, ask, name))
	}
	return d, nil
}

// call makes a unary call.
func call(ctx context.Context, ask protocol.Ask, method string, message []byte) ([]byte, error) {
	resp, err := ask(ctx, protocol.Request{
		Method: http.MethodPost, Path: "/" + service + "/" + method,
		Header: http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}},
		Body:   frame(append(make([]byte, framePrefix), message...)),
	})
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/grpc") {
		return nil, errors.New(method + ": the answer is not a gRPC response")
	}
	if f := (client{}).Failure(resp); f.Class != "" {
		return nil, fmt.Errorf("%s: %s: %s", method, f.Class, f.Text)
	}
	return unframe(resp.Body)
}

// index lists the models of a RepositoryIndexResponse.
func index(ctx context.Context, ask protocol.Ask) (names []string, err error) {
	reply, err := call(ctx, ask, "RepositoryIndex", appendTrue(nil, 2, true)) // those that are ready
	if err != nil {
		return nil, err
	}
	return names, fields(reply, func(f field) error {
		if f.number != 1 {
			return nil
		}
		return fields(f.bytes, func(f field) error {
			if f.number != 1 {
				return nil
			}
			name := ""
			err := f.text(&name)
			if !slices.Contains(names, name) { // each version is an entry
				names = append(names, name)
			}
			return err
		})
	})
}

func describe(ctx context.Context, ask protocol.Ask, name string) protocol.ModelDescription {
	m := protocol.ModelDescription{Name: name}
	reply, err := call(ctx, ask, "ModelMetadata", appendText(nil, 1, name))
	if err != nil {
		m.Problem = err
		return m
	}
	tensor := func(list *[]generators.Tensor, message []byte) error {
		t, err := readTensor(message)
		*list = append(*list, t)
		return err
	}
	// What stands before a fault is taken as it is.
	_ = fields(reply, func(f field) error {
		switch f.number {
		case 2:
			return f.text(&m.Version)
		case 4:
			return tensor(&m.Inputs, f.bytes)
		case 5:
			return tensor(&m.Outputs, f.bytes)
		}
		return nil
	})
	return m
}
