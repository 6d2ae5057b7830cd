// Package lambda runs the server as the function of a local Lambda service: the
// server is a Lambda bootstrap, which asks the Runtime API for its work instead
// of listening, and every request goes to the function's URL. A scenario opens
// it through Kind.
//
// The service is a program of its own, cmd/locallambda, so that it runs on the
// target's CPUs and its cost is the target's. Package service says how it
// behaves. It is started before the start is timed: it stands for a cloud that
// is there already. What is timed is the first request, the readiness one, for
// which the first execution environment is started. Lambda replaces
// environments that end, so a deployment goes on when its server's process
// ends, and the request that it worked on fails.
package lambda

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"servebench/targets"
	"servebench/targets/lambda/service"
	"servebench/targets/local"
	"servebench/targets/oci"
)

// folderPrefix begins the name of every deployment's folder; its local.Maker
// follows.
const folderPrefix = "servebench-lambda-"

// Kind describes the target. program finds the program of the service.
func Kind(program func() (string, error)) targets.Kind {
	return targets.Kind{
		Name:    "lambda",
		Doc:     "The server as a function of a local Lambda service, one environment for each request at a time.",
		Options: options(),
		Check: func(_ context.Context, set map[string]string) error {
			return check(program, set)
		},
		Describe: describe,
		Open: func(cfg targets.Config) (targets.Target, error) {
			s, err := read(cfg.Options)
			if err != nil {
				return nil, fmt.Errorf("lambda: %w", err)
			}
			if err := check(program, cfg.Options); err != nil {
				return nil, fmt.Errorf("lambda: %w", err)
			}
			path, err := program()
			return target{program: path, settings: s, dir: cfg.Dir}, err
		},
		Leftovers: leftovers,
	}
}

// check reports whether the service's program is there, and the runtime where
// the options insist on containers.
func check(program func() (string, error), set map[string]string) error {
	s, err := read(set)
	if err != nil {
		return nil // open says what is wrong with the options
	}
	if _, err := program(); err != nil {
		return &targets.Unavailable{Why: err.Error(), Fix: "make build"}
	}
	if s.sandbox != service.Runc {
		return nil
	}
	if _, unavailable := oci.FindRuntime(); unavailable != nil {
		return unavailable
	}
	return nil
}

// describe says what environments would run in.
func describe(ctx context.Context, set map[string]string) ([]targets.Fact, error) {
	s, err := read(set)
	if err != nil {
		return nil, err
	}
	path, unavailable := oci.FindRuntime()
	if s.sandbox == service.Processes || unavailable != nil {
		plain := service.Plain{}
		if s.sandbox == service.Auto {
			plain.Why = unavailable.Why
		}
		return []targets.Fact{{Name: "sandbox", Value: plain.Name()}}, nil
	}
	runtime, err := oci.Ask(ctx, path)
	return []targets.Fact{{Name: "sandbox", Value: runtime.Version}}, err
}

// leftovers finds what killed servebenches left: cgroups with what runs in
// them, and folders.
func leftovers(ctx context.Context) ([]targets.Leftover, error) {
	found, err := local.Leftovers(ctx)
	if err != nil {
		return found, err
	}
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*"))
	if err != nil {
		return found, fmt.Errorf("look for abandoned folders: %w", err)
	}
	for _, dir := range folders {
		if local.AbandonedFolder(dir, folderPrefix) {
			remove := func(context.Context) error { return os.RemoveAll(dir) }
			found = append(found, targets.Leftover{What: "folder " + dir, Remove: remove})
		}
	}
	return found, nil
}
