package artifact_test

import (
	"maps"
	"slices"
	"testing"

	"servebench/targets/container"
	"servebench/targets/lambda"
	"servebench/targets/physical"
	"servebench/targets/targettest"
	"servebench/targets/targettest/artifact"
	"servebench/targets/vm"
)

// everywhere runs a server on every target, under the target's name.
func everywhere(t *testing.T, server artifact.Server) {
	guest, programs := program(t, "guestinit"), lambda.Programs{Service: program(t, "locallambda"), Adapter: program(t, "lambdaadapter")}
	for _, target := range []struct {
		name  string
		suite targettest.Suite
	}{
		{"physical", targettest.Suite{Kind: physical.Kind()}},
		{"runc", targettest.Suite{Kind: container.Kind(), Options: map[string]string{"engine": "runc"}}},
		{"docker", targettest.Suite{Kind: container.Kind(), Options: map[string]string{"engine": "docker"}}},
		{"lambda", targettest.Suite{Kind: lambda.Kind(programs), Replaces: true}},
		{"vm", targettest.Suite{Kind: vm.Kind(guest), Guest: true}},
	} {
		t.Run(target.name, func(t *testing.T) { targettest.Serve(t, target.suite, server) })
	}
}

// program builds one of the programs that targets run beside the server.
func program(t *testing.T, name string) func() (string, error) {
	path := targettest.Program(t, name)
	return func() (string, error) { return path, nil }
}

func TestFastAPI(t *testing.T)  { artifact.Cache(t); everywhere(t, artifact.FastAPI(t)) }
func TestMLServer(t *testing.T) { artifact.Cache(t); everywhere(t, artifact.MLServer(t)) }
func TestNode(t *testing.T)     { artifact.Cache(t); everywhere(t, artifact.Node(t)) }

func TestStatic(t *testing.T) {
	artifact.Cache(t)
	everywhere(t, artifact.Static(t, targettest.Build(t)))
}

func TestOddImages(t *testing.T) {
	artifact.Cache(t)
	odd := artifact.Odd(t, targettest.Build(t))
	for _, name := range slices.Sorted(maps.Keys(odd)) {
		t.Run(name, func(t *testing.T) { everywhere(t, odd[name]) })
	}
}
